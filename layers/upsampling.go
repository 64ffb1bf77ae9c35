package layers

import (
	"math"
	"strconv"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// Interpolation is how [UpSampling2D] finds the values between pixels.
type Interpolation uint8

// The interpolations of Keras. All but Nearest see pixels as points in the middle of their squares.
const (
	Nearest  Interpolation = iota // the pixel itself, again and again
	Bilinear                      // between the nearest two along each axis
	Bicubic                       // a cubic through the nearest four
	Lanczos3                      // a windowed sinc over the nearest six
	Lanczos5                      // a windowed sinc over the nearest ten
)

var interpolations = [...]string{"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"}

// String returns Keras's name for i.
func (i Interpolation) String() string {
	if int(i) < len(interpolations) {
		return interpolations[i]
	}
	return "Interpolation(" + strconv.Itoa(int(i)) + ")"
}

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

// Call returns x, of shape [batch steps channels], with each step Size times.
func (u *UpSampling1D) Call(x *Tensor) (*Tensor, error) { return u.Forward(nil, x) }

// Call returns x, of shape [batch rows columns channels], as images that are Size times as large.
func (u *UpSampling2D) Call(x *Tensor) (*Tensor, error) { return u.Forward(nil, x) }

// Call returns x, of shape [batch planes rows columns channels], with each voxel Size times along each axis.
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
	if how > Lanczos5 {
		return nil, errorf(who, "this layer does not have interpolation %v", how)
	}
	out := triple{l.size[0] * factor[0], l.size[1] * factor[1], l.size[2] * factor[2]}
	y, err := newGrown(who, x.Len(), l.shape(out, l.channels)...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	l = l.perChannel()
	if how == Nearest {
		l.repeat(y.Data(), x.Data(), factor)
	} else {
		l.interpolate(c.workspace(), y.Data(), x.Data(), out, how)
	}
	return y, nil
}

// repeat copies x, of layout l with channels last, to y with each element as often along each axis as factor says.
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

// interpolate copies the images x, of layout l with channels last, to y, whose size is out: first along columns, to one line of
// x's width, and then along that.
func (l layout) interpolate(w *kernel.Scratch, y, x []float32, out triple, how Interpolation) {
	defer w.Release(w.Mark())
	line, long := l.size[2]*l.channels, out[2]*l.channels
	columns := newSampling(l.size[2], out[2], how)
	rows := newSampling(l.size[1], out[1], how)
	weights := w.Floats(out[2] * columns.taps)
	for t := range out[2] {
		columns.at(t, weights[t*columns.taps:][:columns.taps])
	}
	cost := rows.taps*line + columns.taps*long
	lines := w.Floats(kernel.Ranges(l.batch*out[1], cost) * line)
	kernel.Parallel(l.batch*out[1], cost, func(run, lo, hi int) {
		sum := lines[run*line:][:line]
		var vertical [10]float32
		for i := lo; i < hi; i++ {
			image := x[i/out[1]*l.size[1]*line:][:l.size[1]*line]
			n, first := rows.at(i%out[1], vertical[:])
			clear(sum)
			for k, v := range vertical[:n] {
				addScaled(sum, image[(first+k)*line:][:line], v)
			}
			to := y[i*long : (i+1)*long]
			clear(to)
			for t := range out[2] {
				n, first := columns.span(t)
				for k, v := range weights[t*columns.taps:][:n] {
					addScaled(to[t*l.channels:(t+1)*l.channels], sum[(first+k)*l.channels:][:l.channels], v)
				}
			}
		}
	})
}

// addScaled adds v times x to y.
func addScaled(y, x []float32, v float32) {
	x = x[:len(y)]
	for i := range y {
		y[i] += v * x[i]
	}
}

// A sampling is how values at out places are made of in elements that lie evenly behind each other. It rounds as
// TensorFlow does, where that shows.
type sampling struct {
	in    int
	how   Interpolation
	scale float32 // elements from one place to the next
	taps  int     // the most elements that a place is made of
}

func newSampling(in, out int, how Interpolation) sampling {
	taps := [...]int{1, 2, 4, 6, 10}
	return sampling{in, how, float32(in) / float32(out), taps[how]}
}

// place returns where, counted in elements, place t is: that of the first element is 0.
func (s *sampling) place(t int) float32 {
	middle := float32(float32(t)+0.5) * s.scale
	return float32(middle) - 0.5
}

// span returns how many elements place t is made of, and the first of them.
func (s *sampling) span(t int) (n, first int) {
	before := s.taps/2 - 1
	first = int(math.Floor(float64(s.place(t)))) - before
	end := min(first+s.taps, s.in)
	first = max(first, 0)
	return end - first, first
}

// at is span, and sets weights to the elements' weights, which add up to 1.
func (s *sampling) at(t int, weights []float32) (n, first int) {
	place := s.place(t)
	n, first = s.span(t)
	sum := float32(0)
	for k := range n {
		weights[k] = s.weight(float32(first+k) - place)
		sum += weights[k]
	}
	for k := range n {
		weights[k] /= sum
	}
	return n, first
}

// weight returns the weight, before all are made to add up to 1, of an element that is d away.
func (s *sampling) weight(d float32) float32 {
	x := math.Abs(float64(d))
	switch s.how {
	case Bilinear:
		return float32(max(1-x, 0))
	case Bicubic: // tensorflow/core/kernels/image/resize_bicubic_op.cc, GetWeightsAndIndices: 1024 steps from element to element
		return float32(keysCubic(math.RoundToEven(x*1024) / 1024))
	}
	// tensorflow/core/kernels/image/sampling_kernels.h, LanczosKernelFunc
	radius := float64(s.taps / 2)
	switch {
	case x > radius:
		return 0
	case x <= 1e-3:
		return 1
	}
	return float32(radius * math.Sin(math.Pi*x) * math.Sin(math.Pi*x/radius) / (math.Pi * math.Pi * x * x))
}

// keysCubic is the cubic convolution kernel of Keys with a = -1/2.
func keysCubic(x float64) float64 {
	const a = -0.5
	switch {
	case x <= 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x <= 2:
		return ((a*x-5*a)*x+8*a)*x - 4*a
	}
	return 0
}

func upsamplingMaker(class string) config.Maker {
	switch class {
	case "UpSampling1D":
		return func(c *config.Config) any { return &UpSampling1D{Size: c.Int("size", 2), Name: c.Name()} }
	case "UpSampling2D":
		return func(c *config.Config) any {
			return &UpSampling2D{Size: c.Ints("size"), ChannelsFirst: c.ChannelsFirst(), Interpolation: interpolationOption(c), Name: c.Name()}
		}
	case "UpSampling3D":
		return func(c *config.Config) any {
			return &UpSampling3D{Size: c.Ints("size"), ChannelsFirst: c.ChannelsFirst(), Name: c.Name()}
		}
	}
	return nil
}

// interpolation returns the option of that name.
func interpolationOption(c *config.Config) Interpolation {
	text := c.Text("interpolation", "nearest")
	if text == "area" { // an output pixel lies within one input pixel: its average is that
		return Nearest
	}
	for i, name := range interpolations {
		if text == name {
			return Interpolation(i)
		}
	}
	c.Fail("interpolation %q is not one of %v and area", text, interpolations)
	return Nearest
}
