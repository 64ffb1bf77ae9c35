package layers

import (
	"math"
	"strconv"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
)

// Pooling has the options of the layers that take the largest value or the average of a sliding window, separately for each
// channel. An option with a number per axis also accepts one number for all axes.
type Pooling struct {
	PoolSize      []int   // nil: 2
	Strides       []int   // nil: as PoolSize
	Padding       Padding // Valid or Same; values beyond an edge do not count
	ChannelsFirst bool    // [batch channels space…] instead of [batch space… channels]
	Name          string  // for error messages
}

// MaxPooling1D is keras.layers.MaxPooling1D. Its fields are those of [Pooling].
type MaxPooling1D Pooling

// MaxPooling2D is keras.layers.MaxPooling2D. Its fields are those of [Pooling].
type MaxPooling2D Pooling

// MaxPooling3D is keras.layers.MaxPooling3D. Its fields are those of [Pooling].
type MaxPooling3D Pooling

// AveragePooling1D is keras.layers.AveragePooling1D. Its fields are those of [Pooling].
type AveragePooling1D Pooling

// AveragePooling2D is keras.layers.AveragePooling2D. Its fields are those of [Pooling].
type AveragePooling2D Pooling

// AveragePooling3D is keras.layers.AveragePooling3D. Its fields are those of [Pooling].
type AveragePooling3D Pooling

// Call returns the largest value of each window of x, of shape [batch steps channels].
func (p *MaxPooling1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the largest value of each window of x, of shape [batch rows columns channels].
func (p *MaxPooling2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the largest value of each window of x, of shape [batch planes rows columns channels].
func (p *MaxPooling3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each window of x, of shape [batch steps channels].
func (p *AveragePooling1D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each window of x, of shape [batch rows columns channels].
func (p *AveragePooling2D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Call returns the average of each window of x, of shape [batch planes rows columns channels].
func (p *AveragePooling3D) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Forward is Call with a [Context].
func (p *MaxPooling1D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Pooling)(p).forward(c, x, 1, largest)
}

// Forward is Call with a [Context].
func (p *MaxPooling2D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Pooling)(p).forward(c, x, 2, largest)
}

// Forward is Call with a [Context].
func (p *MaxPooling3D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Pooling)(p).forward(c, x, 3, largest)
}

// Forward is Call with a [Context].
func (p *AveragePooling1D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Pooling)(p).forward(c, x, 1, average)
}

// Forward is Call with a [Context].
func (p *AveragePooling2D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Pooling)(p).forward(c, x, 2, average)
}

// Forward is Call with a [Context].
func (p *AveragePooling3D) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return (*Pooling)(p).forward(c, x, 3, average)
}

// A reduction is the result of pooling for a window.
type reduction uint8

const (
	largest reduction = iota
	average
)

// id returns the id of a pooling layer. Its kind begins with prefix.
func (r reduction) id(prefix string, rank int, name string) id {
	kind := "max"
	if r == average {
		kind = "average"
	}
	return id{prefix + kind + "_pooling" + strconv.Itoa(rank) + "d", name}
}

func (p *Pooling) forward(c *Context, x *Tensor, rank int, r reduction) (*Tensor, error) {
	who := r.id("", rank, p.Name)
	if err := checkInput(who, x, rank+2, rank+2); err != nil {
		return nil, err
	}
	l, err := newLayout(who, x.Shape(), rank, p.ChannelsFirst)
	if err != nil {
		return nil, err
	}
	size, err := perAxis(who, "pool size", p.PoolSize, rank, 2)
	if err != nil {
		return nil, err
	}
	strides := size
	if p.Strides != nil {
		if strides, err = perAxis(who, "strides", p.Strides, rank, 0); err != nil {
			return nil, err
		}
	}
	if p.Padding > Same {
		return nil, errorf(who, "this layer does not support padding %v", p.Padding)
	}
	axes, out, err := slides(who, l, size, strides, triple{1, 1, 1}, p.Padding)
	if err != nil {
		return nil, err
	}
	likeCuboids(&axes, rank, p.Padding)
	y, err := c.newOutput(who, l.shape(out, l.channels)...)
	if err != nil {
		return nil, err
	}
	pool(y.Data(), x.Data(), l, out, r, func(axis, t int) (lo, hi int) {
		lo = t*axes[axis].stride - axes[axis].before
		return max(lo, 0), min(lo+axes[axis].size, axes[axis].in)
	})
	return y, nil
}

// pool reduces x, of layout l, to y with the spatial axes out. The value at position t is computed from the elements lo to hi-1
// along each axis, at least one, which bounds returns.
func pool(y, x []float32, l layout, out triple, r reduction, bounds func(axis, t int) (lo, hi int)) {
	if len(y) == 0 {
		return
	}
	l = l.perChannel()
	blocks := (l.channels + reduceBlock - 1) / reduceBlock
	positions := out.len()
	image := l.size.len() * l.channels
	elements := (l.size.len() + positions - 1) / positions // approximately, for a window
	if r == largest && l.channels >= reduceBlock/2 {
		largestLines(y, x, l, out, bounds)
		return
	}
	kernel.Parallel(l.batch*positions*blocks, 4*elements*min(l.channels, reduceBlock), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			at := i / blocks % positions
			var b box
			b[0][0], b[0][1] = bounds(0, at/(out[1]*out[2]))
			b[1][0], b[1][1] = bounds(1, at/out[2]%out[1])
			b[2][0], b[2][1] = bounds(2, at%out[2])
			from := i % blocks * reduceBlock
			to := min(from+reduceBlock, l.channels)
			row := y[i/blocks*l.channels:][from:to]
			b.reduce(row, x[i/blocks/positions*image:][:image], l, from, r)
		}
	})
}

// largestLines is pool for largest, line by line of y.
func largestLines(y, x []float32, l layout, out triple, bounds func(axis, t int) (lo, hi int)) {
	image, width := l.size.len()*l.channels, out[2]*l.channels
	kernel.Parallel(l.batch*out[0]*out[1], image/max(out[0]*out[1], 1), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			var b box
			b[0][0], b[0][1] = bounds(0, i/out[1]%out[0])
			b[1][0], b[1][1] = bounds(1, i%out[1])
			b.largestLine(y[i*width:(i+1)*width], x[i/(out[0]*out[1])*image:][:image], l, out[2], bounds)
		}
	})
}

// largestLine sets y to the largest values of the windows of a line. b has the positions of the windows along the other axes.
func (b *box) largestLine(y, image []float32, l layout, positions int, bounds func(axis, t int) (lo, hi int)) {
	var memory [32]vmath.Tap
	for first := 0; first < positions; {
		// Windows of the same width at regular steps.
		from, to := bounds(2, first)
		n, step, before := 1, 0, from
		for first+n < positions {
			lo, hi := bounds(2, first+n)
			if n == 1 {
				step = lo - from
			}
			if hi-lo != to-from || lo-before != step {
				break
			}
			before = lo
			n++
		}
		taps := memory[:0]
		for d := b[0][0]; d < b[0][1]; d++ {
			for h := b[1][0]; h < b[1][1]; h++ {
				for w := range to - from {
					taps = append(taps, vmath.Tap{X: ((d*l.size[1]+h)*l.size[2] + w) * l.channels})
				}
			}
		}
		line := vmath.Line{
			Y: y[first*l.channels:], YStep: l.channels, X: image[from*l.channels:], XStep: step * l.channels, Count: n, Channels: l.channels,
		}
		line.Largest(taps)
		first += n
	}
}

// reduceBlock is the number of channels of a window that are reduced at a time: a line of the cache.
const reduceBlock = 16

// A box has the elements under a window: along each axis, those from the first number to before the second.
type box [3][2]int

// reduce sets y to the reduction r of each channel of image, starting with number from, over the elements of b.
func (b *box) reduce(y, image []float32, l layout, from int, r reduction) {
	if r == largest {
		for i := range y {
			y[i] = float32(math.Inf(-1))
		}
		b.eachLine(image, l, from, func(line []float32) {
			for ; len(line) > 0; line = line[min(l.channels, len(line)):] {
				for i, v := range line[:len(y)] {
					y[i] = max(y[i], v)
				}
			}
		})
		return
	}
	var sums [reduceBlock]float64
	b.eachLine(image, l, from, func(line []float32) {
		for ; len(line) > 0; line = line[min(l.channels, len(line)):] {
			for i, v := range line[:len(y)] {
				sums[i] += float64(v)
			}
		}
	})
	n := float64((b[0][1] - b[0][0]) * (b[1][1] - b[1][0]) * (b[2][1] - b[2][0]))
	for i := range y {
		y[i] = float32(sums[i] / n)
	}
}

// eachLine calls f for each run of adjacent elements, with the values from channel number from of the first element to the end of
// the last.
func (b *box) eachLine(image []float32, l layout, from int, f func(line []float32)) {
	for d := b[0][0]; d < b[0][1]; d++ {
		for h := b[1][0]; h < b[1][1]; h++ {
			at := (d*l.size[1] + h) * l.size[2]
			f(image[(at+b[2][0])*l.channels+from : (at+b[2][1])*l.channels])
		}
	}
}
