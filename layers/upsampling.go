package layers

import (
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// UpSampling1D is keras.layers.UpSampling1D.
type UpSampling1D struct {
	Size int    // 0: 2
	Name string // for error messages
}

// UpSampling2D is keras.layers.UpSampling2D.
type UpSampling2D struct {
	Size          []int // for each axis or once for all; nil: 2
	ChannelsFirst bool  // [batch channels rows columns] instead of [batch rows columns channels]
	Interpolation Interpolation
	Name          string // for error messages
}

// UpSampling3D is keras.layers.UpSampling3D.
type UpSampling3D struct {
	Size          []int  // for each axis or once for all; nil: 2
	ChannelsFirst bool   // [batch channels planes rows columns] instead of [batch planes rows columns channels]
	Name          string // for error messages
}

// Call returns x, of shape [batch steps channels], with each step repeated Size times.
func (u *UpSampling1D) Call(x *Tensor) (*Tensor, error) { return u.Forward(nil, x) }

// Call returns x, of shape [batch rows columns channels], as images enlarged Size times.
func (u *UpSampling2D) Call(x *Tensor) (*Tensor, error) { return u.Forward(nil, x) }

// Call returns x, of shape [batch planes rows columns channels], with each voxel repeated Size times along each axis.
func (u *UpSampling3D) Call(x *Tensor) (*Tensor, error) { return u.Forward(nil, x) }

// Forward is Call with a [Context].
func (u *UpSampling1D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	size := []int{2}
	if u.Size != 0 {
		size[0] = u.Size
	}
	return upsample(id{"up_sampling1d", u.Name}, c, x, 1, size, false, Nearest)
}

// Forward is Call with a [Context].
func (u *UpSampling2D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return upsample(id{"up_sampling2d", u.Name}, c, x, 2, u.Size, u.ChannelsFirst, u.Interpolation)
}

// Forward is Call with a [Context].
func (u *UpSampling3D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return upsample(id{"up_sampling3d", u.Name}, c, x, 3, u.Size, u.ChannelsFirst, Nearest)
}

func upsample(who id, c *Context, x *Tensor, rank int, size []int, channelsFirst bool, how Interpolation) (*Tensor, error) {
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, err := newLayout(who, x.Shape(), rank, channelsFirst)
	if err != nil {
		return nil, err
	}
	factor, err := perAxis(who, "size", size, rank, 2)
	if err != nil {
		return nil, err
	}
	if err := how.check(who); err != nil {
		return nil, err
	}
	out := triple{l.size[0] * factor[0], l.size[1] * factor[1], l.size[2] * factor[2]}
	y, err := newGrown(who, x.Len(), l.shape(out, l.channels)...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	l = l.perChannel()
	if how == Nearest || how == Area { // a pixel of the output lies within one of the input
		l.repeat(y.Data(), x.Data(), factor)
	} else {
		l.resample(c.workspace(), y.Data(), x.Data(), out, how, false)
	}
	return y, nil
}

// repeat copies x, of layout l with channels last, to y and repeats each element along each axis as factor says.
func (l layout) repeat(y, x []float32, factor triple) {
	line := l.size[2] * l.channels
	long := line * factor[2]
	rows := l.size[1] * factor[1]
	kernel.Parallel(l.batch*l.size[0]*factor[0]*rows, long, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			from := (i/rows/factor[0]*l.size[1] + i%rows/factor[1]) * line
			to := y[i*long : (i+1)*long]
			for at := from; at < from+line; at += l.channels {
				n := l.channels * factor[2]
				fillRows(to[:n], x[at:at+l.channels])
				to = to[n:]
			}
		}
	})
}

func upsamplingMaker(class string) config.Maker {
	switch class {
	case "UpSampling1D":
		return func(c *config.Config) any { return &UpSampling1D{Size: c.Int("size", 2), Name: c.Name()} }
	case "UpSampling2D":
		return func(c *config.Config) any {
			return &UpSampling2D{Size: c.Ints("size"), ChannelsFirst: c.ChannelsFirst(), Interpolation: interpolationOption(c, Nearest), Name: c.Name()}
		}
	case "UpSampling3D":
		return func(c *config.Config) any {
			return &UpSampling3D{Size: c.Ints("size"), ChannelsFirst: c.ChannelsFirst(), Name: c.Name()}
		}
	}
	return nil
}
