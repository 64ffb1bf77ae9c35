package layers

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// Padding selects the values that a sliding window sees beyond the edges of an input. It is Keras's option
// with this name.
type Padding uint8

// The paddings of Keras. Beyond an edge, a convolution finds zeros; pooling ignores these positions.
const (
	Valid  Padding = iota // the window stays within the input
	Same                  // as many positions as the input has, divided by the stride: half of the padding before, half after
	Causal                // all padding before: no position sees a later one (only Conv1D supports it)
)

// String returns Keras's name for p.
func (p Padding) String() string {
	switch p {
	case Valid:
		return "valid"
	case Same:
		return "same"
	case Causal:
		return "causal"
	}
	return fmt.Sprintf("Padding(%d)", uint8(p))
}

// maxOption is the largest value of a window's option: results computed from two of them and an axis fit an int.
const maxOption = 1<<31 - 1

// A triple is one number per spatial axis. The loops here always have three axes; axes that a layer lacks come first and have
// length 1.
type triple [3]int

func (t triple) len() int { return t[0] * t[1] * t[2] }

// perAxis reads an option that has one number per spatial axis: none for def on each, one for all axes, or rank of them. It
// returns an error if one is below 1 or their number is wrong.
func perAxis(who id, name string, values []int, rank, def int) (triple, error) {
	t := triple{1, 1, 1}
	if n := len(values); n > 1 && n != rank {
		return t, errorf(who, "%s %v: want %d, one for each axis", name, values, rank)
	}
	for i := range rank {
		at := 3 - rank + i
		switch len(values) {
		case 0:
			t[at] = def
		case 1:
			t[at] = values[0]
		default:
			t[at] = values[i]
		}
		if t[at] < 1 || t[at] > maxOption {
			return t, errorf(who, "%s %v: want 1 or more", name, values)
		}
	}
	return t, nil
}

// A layout describes the batch, the channels and the spatial axes of a layer's input.
type layout struct {
	rank            int // of the spatial axes
	batch, channels int
	size            triple
	channelsFirst   bool
}

// newLayout returns the layout of an input of the given shape for a layer with rank spatial axes.
func newLayout(who id, input tensor.Shape, rank int, channelsFirst bool) (layout, error) {
	if len(input) != rank+2 {
		return layout{}, shapeErrorf(who, "input", input, "rank %d", rank+2)
	}
	l := layout{rank: rank, batch: input[0], channels: input[rank+1], size: triple{1, 1, 1}, channelsFirst: channelsFirst}
	spatial := input[1 : rank+1]
	if channelsFirst {
		l.channels, spatial = input[1], input[2:]
	}
	copy(l.size[3-rank:], spatial)
	for _, n := range l.size {
		if n > maxOption {
			return l, shapeErrorf(who, "input", input, "axes of no more than %d", maxOption)
		}
	}
	return l, nil
}

// shape returns the shape of a tensor with l's batch and layout, and the given channels and spatial axes.
func (l layout) shape(size triple, channels int) tensor.Shape {
	s := make(tensor.Shape, 0, 5)
	s = append(s, l.batch)
	if l.channelsFirst {
		s = append(s, channels)
	}
	s = append(s, size[3-l.rank:]...)
	if !l.channelsFirst {
		s = append(s, channels)
	}
	return s
}

// perChannel returns l with the channels' axis as part of the batch, if it comes first. For operations that
// treat all channels in the same way, this is the same as an input with channels last.
func (l layout) perChannel() layout {
	if l.channelsFirst {
		l.batch, l.channels, l.channelsFirst = l.batch*l.channels, 1, false
	}
	return l
}

// channelsLast returns the values of x, a tensor of layout l, with channels last: x's own, or a copy in w's memory.
func channelsLast(w *kernel.Scratch, l layout, x []float32) []float32 {
	if !l.channelsFirst {
		return x
	}
	last := w.Floats(len(x))
	swapAxes(last, x, l.batch, l.channels, l.size.len())
	return last
}

// swapAxes copies src, a batch of rows×cols matrices, to dst as cols×rows matrices.
func swapAxes(dst, src []float32, batch, rows, cols int) {
	if len(src) == 0 {
		return
	}
	size := rows * cols
	kernel.Parallel(batch, size, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			swapMatrix(dst[i*size:(i+1)*size], src[i*size:(i+1)*size], rows, cols)
		}
	})
}

// swapMatrix copies the rows×cols matrix src to dst as a cols×rows one, in squares that stay in the cache.
func swapMatrix(dst, src []float32, rows, cols int) {
	const square = 32
	for r := 0; r < rows; r += square {
		for c := 0; c < cols; c += square {
			for j := c; j < min(c+square, cols); j++ {
				row := dst[j*rows+r : j*rows+min(r+square, rows)]
				for i, from := 0, r*cols+j; i < len(row); i, from = i+1, from+cols {
					row[i] = src[from]
				}
			}
		}
	}
}

// A slide is how a window moves along one axis: at position t its k-th element, of size, is over element
// t*stride + k*dilation - before of the input.
type slide struct {
	in, out                        int
	size, stride, dilation, before int
}

// newSlide returns the slide of a window over an axis of length in. As in TensorFlow, a window that is too large by up to a stride
// has no positions; for one that is even larger, out is below 0, which is an error.
func newSlide(in, size, stride, dilation int, p Padding) slide {
	s := slide{in: in, size: size, stride: stride, dilation: dilation}
	span := (size-1)*dilation + 1
	switch p {
	case Same:
		s.out = (in + stride - 1) / stride
		s.before = max(s.missing(), 0) / 2
		return s
	case Causal:
		s.before = span - 1
	}
	if s.out = -1; in+s.before-span+stride >= 0 {
		s.out = (in + s.before - span + stride) / stride
	}
	return s
}

// missing returns the number of elements by which the input is too short for all positions; it is below 0 if the input is too
// long.
func (s *slide) missing() int {
	return (s.out-1)*s.stride + (s.size-1)*s.dilation + 1 - s.in
}

// slides returns the slides of a window along the axes of l, and the shape of its positions. Like Keras it returns an error if
// there are none.
func slides(who id, l layout, size, strides, dilation triple, p Padding) (axes [3]slide, out triple, err error) {
	if p > Causal || p == Causal && l.rank != 1 {
		return axes, out, errorf(who, "this layer does not support padding %v", p)
	}
	for i := range axes {
		pad := p
		if i < 3-l.rank {
			pad = Valid
		}
		axes[i] = newSlide(l.size[i], size[i], strides[i], dilation[i], pad)
		out[i] = axes[i].out
		if out[i] < 0 {
			return axes, out, shapeErrorf(who, "input", l.shape(l.size, l.channels), "%d or more along each axis for a window of %v at dilation %v",
				(size[i]-1)*dilation[i]+1, size[3-l.rank:], dilation[3-l.rank:])
		}
	}
	return axes, out, nil
}

// likeCuboids changes slides over volumes if the strides are so much longer than the window that parts of the input are under no
// window. Then as much of the input is left out before the first window as after the last. TensorFlow does this on a CPU, for
// volumes only (Eigen's volume patches accept a negative padding).
func likeCuboids(axes *[3]slide, rank int, p Padding) {
	if rank == 3 && p == Same {
		for i := range axes {
			axes[i].before = axes[i].missing() / 2
		}
	}
}

// paddingOption returns an option that names a padding.
func paddingOption(c *config.Config) Padding {
	switch text := c.Text("padding", "valid"); text {
	case "valid":
		return Valid
	case "same":
		return Same
	case "causal":
		return Causal
	default:
		c.Fail("padding %q is not one of valid, same and causal", text)
		return Valid
	}
}
