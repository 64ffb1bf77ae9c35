package layers

import (
	"strconv"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// ZeroPadding has the options of the layers that put zeros around each channel of the input.
type ZeroPadding struct {
	Padding       [][2]int // before and after, for each axis or once for all; nil: 1 and 1
	ChannelsFirst bool     // [batch channels space…] instead of [batch space… channels]
	Name          string   // for error messages
}

// ZeroPadding1D is keras.layers.ZeroPadding1D. Its fields are those of [ZeroPadding].
type ZeroPadding1D ZeroPadding

// ZeroPadding2D is keras.layers.ZeroPadding2D. Its fields are those of [ZeroPadding].
type ZeroPadding2D ZeroPadding

// ZeroPadding3D is keras.layers.ZeroPadding3D. Its fields are those of [ZeroPadding].
type ZeroPadding3D ZeroPadding

// Cropping has the options of the layers that remove the edges of each channel of the input.
type Cropping struct {
	Cropping      [][2]int // before and after, for each axis or once for all; nil: 1 and 1, but 0 and 0 for images
	ChannelsFirst bool     // [batch channels space…] instead of [batch space… channels]
	Name          string   // for error messages
}

// Cropping1D is keras.layers.Cropping1D. Its fields are those of [Cropping].
type Cropping1D Cropping

// Cropping2D is keras.layers.Cropping2D. Its fields are those of [Cropping].
type Cropping2D Cropping

// Cropping3D is keras.layers.Cropping3D. Its fields are those of [Cropping].
type Cropping3D Cropping

// Call returns x, of shape [batch steps channels], with zeros before and after its steps.
func (p *ZeroPadding1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns x, of shape [batch rows columns channels], with zeros around it.
func (p *ZeroPadding2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns x, of shape [batch planes rows columns channels], with zeros around it.
func (p *ZeroPadding3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns x, of shape [batch steps channels], without its first and last steps.
func (p *Cropping1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns x, of shape [batch rows columns channels], without its edges.
func (p *Cropping2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns x, of shape [batch planes rows columns channels], without its edges.
func (p *Cropping3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Forward is Call with a [Context].
func (p *ZeroPadding1D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*ZeroPadding)(p).forward(c, x, 1)
}

// Forward is Call with a [Context].
func (p *ZeroPadding2D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*ZeroPadding)(p).forward(c, x, 2)
}

// Forward is Call with a [Context].
func (p *ZeroPadding3D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*ZeroPadding)(p).forward(c, x, 3)
}

// Forward is Call with a [Context].
func (p *Cropping1D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Cropping)(p).forward(c, x, 1)
}

// Forward is Call with a [Context].
func (p *Cropping2D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Cropping)(p).forward(c, x, 2)
}

// Forward is Call with a [Context].
func (p *Cropping3D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Cropping)(p).forward(c, x, 3)
}

func (p *ZeroPadding) forward(c *Context, x *Tensor, rank int) (*Tensor, error) {
	who := id{"zero_padding" + strconv.Itoa(rank) + "d", p.Name}
	return reframe(c, who, x, rank, p.ChannelsFirst, "padding", p.Padding, 1, 1)
}

func (p *Cropping) forward(c *Context, x *Tensor, rank int) (*Tensor, error) {
	who := id{"cropping" + strconv.Itoa(rank) + "d", p.Name}
	usual := 1
	if rank == 2 {
		usual = 0
	}
	return reframe(c, who, x, rank, p.ChannelsFirst, "cropping", p.Cropping, usual, -1)
}

// reframe returns x with its spatial axes longer, or, if sign is -1, shorter by the pairs of an option. usual is the default for
// each side.
func reframe(c *Context, who id, x *Tensor, rank int, channelsFirst bool, option string, pairs [][2]int, usual, sign int) (*Tensor, error) {
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, err := newLayout(who, x.Shape(), rank, channelsFirst)
	if err != nil {
		return nil, err
	}
	if n := len(pairs); n > 1 && n != rank {
		return nil, errorf(who, "%s %v: want %d pairs, one for each axis", option, pairs, rank)
	}
	out, shift := l.size, triple{}
	for i := range rank {
		pair := [2]int{usual, usual}
		switch len(pairs) {
		case 0:
		case 1:
			pair = pairs[0]
		default:
			pair = pairs[i]
		}
		if min(pair[0], pair[1]) < 0 || max(pair[0], pair[1]) > maxOption {
			return nil, errorf(who, "%s %v: want 0 or more", option, pairs)
		}
		at := 3 - rank + i
		out[at] += sign * (pair[0] + pair[1])
		shift[at] = sign * pair[0]
		if sign < 0 && out[at] <= 0 {
			return nil, shapeErrorf(who, "input", x.Shape(), "longer axes than the part that %s removes", croppingText(pair))
		}
	}
	shape := l.shape(out, l.channels)
	if err := kernel.CheckGrowth(x.Len(), shape); err != nil {
		return nil, errorf(who, "output %w", err)
	}
	if joined := c.joined(); joined != nil { // a convolution that pads by itself
		c.padded, c.padding = shape, shift
		return joined.Forward(c, x)
	}
	y, err := c.newZeros(who, shape...)
	if err != nil {
		return nil, err
	}
	l = l.perChannel()
	l.shift(y.Data(), x.Data(), out, shift)
	return y, nil
}

func croppingText(pair [2]int) string {
	return strconv.Itoa(pair[0]) + "+" + strconv.Itoa(pair[1])
}

// shift copies x, of layout l with channels last, to y with the spatial axes out: element p moves to p + by, unless that is
// outside.
func (l layout) shift(y, x []float32, out, by triple) {
	if len(y) == 0 || len(x) == 0 {
		return
	}
	var from, n triple // which of x, and how many
	for i := range n {
		from[i] = max(-by[i], 0)
		n[i] = min(l.size[i], out[i]-by[i]) - from[i]
	}
	run := n[2] * l.channels
	kernel.Parallel(l.batch*n[0], n[1]*run, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			b, d := i/n[0], from[0]+i%n[0]
			for h := from[1]; h < from[1]+n[1]; h++ {
				source := ((b*l.size[0]+d)*l.size[1]+h)*l.size[2] + from[2]
				target := ((b*out[0]+d+by[0])*out[1]+h+by[1])*out[2] + from[2] + by[2]
				copy(y[target*l.channels:][:run], x[source*l.channels:][:run])
			}
		}
	})
}

func paddingMaker(class string) config.Maker {
	padding := func(c *config.Config, rank int) *ZeroPadding {
		return &ZeroPadding{Padding: c.Pairs("padding", rank), ChannelsFirst: c.ChannelsFirst(), Name: c.Name()}
	}
	cropping := func(c *config.Config, rank int) *Cropping {
		return &Cropping{Cropping: c.Pairs("cropping", rank), ChannelsFirst: c.ChannelsFirst(), Name: c.Name()}
	}
	switch class {
	case "ZeroPadding1D":
		return func(c *config.Config) any { return (*ZeroPadding1D)(padding(c, 1)) }
	case "ZeroPadding2D":
		return func(c *config.Config) any { return (*ZeroPadding2D)(padding(c, 2)) }
	case "ZeroPadding3D":
		return func(c *config.Config) any { return (*ZeroPadding3D)(padding(c, 3)) }
	case "Cropping1D":
		return func(c *config.Config) any { return (*Cropping1D)(cropping(c, 1)) }
	case "Cropping2D":
		return func(c *config.Config) any { return (*Cropping2D)(cropping(c, 2)) }
	case "Cropping3D":
		return func(c *config.Config) any { return (*Cropping3D)(cropping(c, 3)) }
	}
	return nil
}
