package layers

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// Normalization is keras.layers.Normalization: it shifts and scales inputs by a mean and variance that were measured
// beforehand (Keras's adapt), or given as options.
type Normalization struct {
	Mean     Tensor `ckpt:"adapt_mean,alias=mean,optional,cast"`         // the lengths of Axis
	Variance Tensor `ckpt:"adapt_variance,alias=variance,optional,cast"` // the lengths of Axis
	Count    int64  `ckpt:"count,optional,cast"`                         // of what was measured; Keras 3 leaves it at 0

	Axis          []int   // those with a mean and a variance for each place; nil: the last, empty: none, one mean for all
	GivenMean     *Tensor // the options mean and variance: used instead of the weights, which then are not made; at most the
	GivenVariance *Tensor // axes of the weights, each as long or 1
	Invert        bool    // undo the normalization instead
	Name          string  // for error messages
}

// normalizationEpsilon is keras.backend.epsilon(), the least deviation that Keras divides by.
const normalizationEpsilon = 1e-7

func (n *Normalization) id() id { return id{"normalization", n.Name} }

// Build makes mean (zeros) and variance (ones) for inputs of the given shape if neither weights nor options have them. The
// error is a [*ShapeError] where weights or options, axes and input do not fit each other.
func (n *Normalization) Build(input tensor.Shape) error {
	_, _, err := n.plan(input)
	return err
}

// plan builds the weights and returns the mean and variance that are used, with as many axes as the input.
func (n *Normalization) plan(input tensor.Shape) (mean, variance meanOrVariance, err error) {
	who := n.id()
	var axes []int
	if n.Axis == nil || len(n.Axis) > 0 {
		if axes, _, err = sortedAxes(who, n.Axis, input); err != nil {
			return mean, variance, err
		}
	}
	if (n.GivenMean == nil) != (n.GivenVariance == nil) {
		return mean, variance, errorf(who, "a mean without a variance, or the other way round")
	}
	if n.GivenMean != nil {
		if mean, err = given(who, "mean", n.GivenMean, axes, input); err != nil {
			return mean, variance, err
		}
		variance, err = given(who, "variance", n.GivenVariance, axes, input)
		return mean, variance, err
	}
	kept := permuted(input, axes)
	reason := fmt.Sprintf("for input shape %v", input)
	restored := n.Mean.Built() || n.Variance.Built()
	if !restored {
		if err := buildWeight(who, "mean", &n.Mean, 0, zeros, kept...); err != nil {
			return mean, variance, err
		}
		if err := buildWeight(who, "variance", &n.Variance, 0, ones, kept...); err != nil {
			return mean, variance, err
		}
	}
	if err := checkWeight(who, "mean", &n.Mean, reason, kept...); err != nil {
		return mean, variance, err
	}
	if err := checkWeight(who, "variance", &n.Variance, reason, kept...); err != nil {
		return mean, variance, err
	}
	if mean, err = given(who, "mean", &n.Mean, axes, input); err != nil {
		return mean, variance, err
	}
	variance, err = given(who, "variance", &n.Variance, axes, input)
	return mean, variance, err
}

// A meanOrVariance is one of the two with as many axes as an input has, each as long or 1.
type meanOrVariance struct {
	data  []float32
	shape tensor.Shape
}

// given puts the axes of v, from the last one, in the places of axes (keras.layers.Normalization.build).
func given(who id, name string, v *Tensor, axes []int, input tensor.Shape) (meanOrVariance, error) {
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
		return meanOrVariance{}, shapeErrorf(who, name, from, "one that stretches to the axes %v of input shape %v", axes, input)
	}
	return meanOrVariance{v.Data(), shape}, nil
}

// Call returns (x - mean)/sqrt(variance), or the inverse. A deviation is taken as 1e-7 where it is less.
func (n *Normalization) Call(x *Tensor) (*Tensor, error) { return n.Forward(nil, x) }

// Forward is Call with a [Context].
func (n *Normalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := n.id()
	if err := checkInput(who, x, 0, 0); err != nil {
		return nil, err
	}
	shape := x.Shape()
	mean, variance, err := n.plan(shape)
	if err != nil {
		return nil, err
	}
	y, err := newOutput(who, shape...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	// Mean and deviation are stretched to the axes behind the first that they have a length along; over those before it they repeat.
	first := max(len(shape)-1, 0)
	for i := range shape {
		if mean.shape[i] != 1 || variance.shape[i] != 1 {
			first = i
			break
		}
	}
	tail := shape[first:]
	w := c.workspace()
	defer w.release(w.mark())
	m, deviation := w.floats(tail.Len()), w.floats(tail.Len())
	stretch(m, mean.data, tail, mean.shape[first:])
	stretch(deviation, variance.data, tail, variance.shape[first:])
	for i, v := range deviation {
		deviation[i] = max(float32(math.Sqrt(float64(v))), normalizationEpsilon)
	}
	parallel(y.Len()/len(m), len(m), func(_, lo, hi int) {
		for row := lo; row < hi; row++ {
			out := y.Data()[row*len(m):][:len(m)]
			in := x.Data()[row*len(m):][:len(m)]
			if n.Invert {
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

func makeNormalization(c *config) any {
	return &Normalization{
		Axis:          c.ints("axis"),
		GivenMean:     c.values("mean"),
		GivenVariance: c.values("variance"),
		Invert:        c.bool("invert", false),
		Name:          c.name(),
	}
}

// values returns an option that is a number or nested lists of them, nil where it is not there.
func (c *config) values(key string) *Tensor {
	var v any
	if !c.get(key, &v) {
		return nil
	}
	var shape tensor.Shape
	for at := v; ; {
		list, ok := at.([]any)
		if !ok {
			break
		}
		shape = append(shape, len(list))
		if len(list) == 0 {
			break
		}
		at = list[0]
	}
	var data []float32
	if !flattenNumbers(&data, v, shape) {
		var raw json.RawMessage
		c.get(key, &raw)
		c.fail("option %q is %s, want a number or lists of numbers, all alike", key, short(raw))
		return nil
	}
	t, err := tensor.FromSlice(data, slices.Clone(shape)...)
	if err != nil {
		c.fail("option %q: %w", key, err)
	}
	return t
}

// flattenNumbers appends the numbers of v, lists nested as shape says, to data, and reports whether that is what v is.
func flattenNumbers(data *[]float32, v any, shape tensor.Shape) bool {
	if len(shape) == 0 {
		number, ok := v.(float64)
		*data = append(*data, float32(number))
		return ok
	}
	list, ok := v.([]any)
	if !ok || len(list) != shape[0] {
		return false
	}
	for _, item := range list {
		if !flattenNumbers(data, item, shape[1:]) {
			return false
		}
	}
	return true
}

// UnitNormalization is keras.layers.UnitNormalization: the values along some axes, together, are divided by the root of
// the sum of their squares.
type UnitNormalization struct {
	Axis []int  // nil: the last
	Name string // for error messages
}

// Call returns x/sqrt(sum of x²), and no more than 1e12 times x.
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
	return onRows(c, who, x, axes, func(data []float32, width int) {
		parallel(len(data)/width, 3*width, func(_, lo, hi int) {
			for i := lo; i < hi; i++ {
				row := data[i*width : (i+1)*width]
				squares := float32(sumSquares(row, 0)) // beyond float32 it is infinite, as for Keras
				scale := min(float32(inverseRoot(float64(squares))), 1e12)
				for j := range row {
					row[j] *= scale
				}
			}
		})
	})
}

// OutputMask returns the input's mask.
func (u *UnitNormalization) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

func makeUnitNormalization(c *config) any {
	return &UnitNormalization{Axis: c.ints("axis"), Name: c.name()}
}
