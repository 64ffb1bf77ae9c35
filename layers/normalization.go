package layers

import (
	"fmt"
	"math"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
)

// Normalization is keras.layers.Normalization: it shifts and scales inputs by a mean and a variance from Keras's adapt.
// [FixedNormalization] has them as options.
type Normalization struct {
	Mean     Tensor `ckpt:"adapt_mean,alias=mean,cast"`         // the lengths of Axis
	Variance Tensor `ckpt:"adapt_variance,alias=variance,cast"` // the lengths of Axis
	Count    int64  `ckpt:"count,optional,cast"`                // of what was measured; Keras 3 leaves it at 0

	Axis   []int  // the axes with a mean and a variance for each position; nil: the last, empty: one mean for all
	Invert bool   // undo the normalization instead
	Name   string // for error messages

	first firstCall
}

// FixedNormalization is keras.layers.Normalization with the options mean and variance. It has no weights.
type FixedNormalization struct {
	Axis     []int   // the axes with a mean and a variance for each position; nil: the last, empty: one mean for all
	Mean     *Tensor `ckpt:"-"` // its axes are the last ones of Axis; each has the length of that axis, or 1
	Variance *Tensor `ckpt:"-"` // of the same shape
	Invert   bool    // undo the normalization instead
	Name     string  // for error messages
}

// normalizationEpsilon is keras.backend.epsilon(), the smallest deviation by which Keras divides.
const normalizationEpsilon = 1e-7

func (n *Normalization) id() id { return id{"normalization", n.Name} }

// Build makes mean (zeros) and variance (ones) for inputs of the given shape if neither was restored. The error is a [*ShapeError]
// if weights, axes and input do not fit each other.
func (n *Normalization) Build(input tensor.Shape) (err error) {
	defer n.first.begin().end(&err)
	who := n.id()
	axes, err := keptAxes(who, n.Axis, input)
	if err != nil {
		return err
	}
	kept := kernel.Permuted(input, axes)
	reason := fmt.Sprintf("for input shape %v", input)
	restored := n.Mean.Built() || n.Variance.Built()
	for _, w := range []struct {
		name   string
		tensor *Tensor
		init   initializer
	}{{"mean", &n.Mean, zeros}, {"variance", &n.Variance, ones}} {
		if !restored {
			if err := buildWeight(who, w.name, w.tensor, 0, w.init, kept...); err != nil {
				return err
			}
		}
		if err := checkWeight(who, w.name, w.tensor, reason, kept...); err != nil {
			return err
		}
	}
	return nil
}

// keptAxes returns the axes that have a mean for each position, in rising order.
func keptAxes(who id, axes []int, input tensor.Shape) ([]int, error) {
	if axes != nil && len(axes) == 0 {
		return nil, nil
	}
	sorted, _, err := sortedAxes(who, axes, input)
	return sorted, err
}

// Call returns (x - mean)/sqrt(variance), or the inverse. A deviation below 1e-7 counts as 1e-7.
func (n *Normalization) Call(x *Tensor) (*Tensor, error) { return n.Forward(nil, x) }

// Forward is Call with a [Context].
func (n *Normalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(n.id(), x, 0, 0); err != nil {
		return nil, err
	}
	if err := n.Build(x.Shape()); err != nil {
		return nil, err
	}
	return normalized(c, n.id(), x, n.Axis, &n.Mean, &n.Variance, n.Invert)
}

// Call returns (x - mean)/sqrt(variance), or the inverse. A deviation below 1e-7 counts as 1e-7.
func (n *FixedNormalization) Call(x *Tensor) (*Tensor, error) { return n.Forward(nil, x) }

// Forward is Call with a [Context].
func (n *FixedNormalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := id{"normalization", n.Name}
	if err := checkInput(who, x, 0, 0); err != nil {
		return nil, err
	}
	if n.Mean == nil || n.Variance == nil {
		return nil, errorf(who, "Mean and Variance must both be set")
	}
	return normalized(c, who, x, n.Axis, n.Mean, n.Variance, n.Invert)
}

// A statistic is a mean or a variance with as many axes as an input has, each as long or 1.
type statistic struct {
	data  []float32
	shape tensor.Shape
}

// newStatistic moves the axes of v, from the last one, to the positions axes (keras.layers.Normalization.build).
func newStatistic(who id, name string, v *Tensor, axes []int, input tensor.Shape) (statistic, error) {
	from := v.Shape()
	shape := make(tensor.Shape, len(input))
	for i := range shape {
		shape[i] = 1
	}
	fits := v.Built() && len(from) <= len(axes)
	for i := 1; fits && i <= len(from); i++ {
		at := axes[len(axes)-i]
		shape[at] = from[len(from)-i]
		fits = shape[at] == input[at] || shape[at] == 1
	}
	if !fits {
		return statistic{}, shapeErrorf(who, name, from, "one that broadcasts to the axes %v of input shape %v", axes, input)
	}
	return statistic{v.Data(), shape}, nil
}

// normalized returns x shifted and scaled by mean and variance, which lie along the given axes.
func normalized(c *Context, who id, x *Tensor, along []int, means, variances *Tensor, invert bool) (*Tensor, error) {
	shape := x.Shape()
	axes, err := keptAxes(who, along, shape)
	if err != nil {
		return nil, err
	}
	mean, err := newStatistic(who, "mean", means, axes, shape)
	if err != nil {
		return nil, err
	}
	variance, err := newStatistic(who, "variance", variances, axes, shape)
	if err != nil {
		return nil, err
	}
	y, err := c.newOutput(who, shape...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	// Mean and deviation are broadcast along the axes after their first axis. They repeat along the axes
	// before it.
	first := max(len(shape)-1, 0)
	for i := range shape {
		if mean.shape[i] != 1 || variance.shape[i] != 1 {
			first = i
			break
		}
	}
	tail := shape[first:]
	w := c.workspace()
	defer w.Release(w.Mark())
	m, deviation := w.Floats(tail.Len()), w.Floats(tail.Len())
	stretch(m, mean.data, tail, mean.shape[first:])
	stretch(deviation, variance.data, tail, variance.shape[first:])
	for i, v := range deviation {
		deviation[i] = max(float32(math.Sqrt(float64(v))), normalizationEpsilon)
	}
	kernel.Parallel(y.Len()/len(m), len(m), func(_, lo, hi int) {
		for row := lo; row < hi; row++ {
			out := y.Data()[row*len(m):][:len(m)]
			in := x.Data()[row*len(m):][:len(m)]
			if invert {
				for i, v := range in {
					out[i] = m[i] + v*deviation[i]
				}
				continue
			}
			for i, v := range in {
				out[i] = (v - m[i]) / deviation[i]
			}
		}
	})
	return y, nil
}

// OutputMask returns the input's mask.
func (n *Normalization) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

// OutputMask returns the input's mask.
func (n *FixedNormalization) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

func makeNormalization(c *config.Config) any {
	axis, mean, variance, invert := c.Ints("axis"), c.Array("mean"), c.Array("variance"), c.Bool("invert", false)
	if mean != nil || variance != nil {
		return &FixedNormalization{Axis: axis, Mean: mean, Variance: variance, Invert: invert, Name: c.Name()}
	}
	return &Normalization{Axis: axis, Invert: invert, Name: c.Name()}
}

// UnitNormalization is keras.layers.UnitNormalization: the values along some axes are divided by the root of the sum of their
// squares.
type UnitNormalization struct {
	Axis []int  // nil: the last
	Name string // for error messages
}

// Call returns x/sqrt(sum of x²), at most 1e12 times x.
func (u *UnitNormalization) Call(x *Tensor) (*Tensor, error) { return u.Forward(nil, x) }

// Forward is Call with a [Context].
func (u *UnitNormalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := id{"unit_normalization", u.Name}
	if err := checkInput(who, x, 1, 0); err != nil {
		return nil, err
	}
	axes, _, err := sortedAxes(who, u.Axis, x.Shape())
	if err != nil {
		return nil, err
	}
	return onRows(c, who, x, axes, 3, func(row []float32) {
		vmath.Scale(row, min(float32(inverseRoot(asFloat32(vmath.SumSquares(row, 0)))), 1e12))
	})
}

// OutputMask returns the input's mask.
func (u *UnitNormalization) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

func makeUnitNormalization(c *config.Config) any {
	return &UnitNormalization{Axis: c.Ints("axis"), Name: c.Name()}
}
