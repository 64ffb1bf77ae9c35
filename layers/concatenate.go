package layers

import (
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// Concatenate is keras.layers.Concatenate.
type Concatenate struct {
	Axis *int   // the axis of concatenation; nil: the last
	Name string // for error messages
}

func (l *Concatenate) id() id { return id{"concatenate", l.Name} }

func (l *Concatenate) axis() int {
	if l.Axis == nil {
		return -1
	}
	return *l.Axis
}

// Call returns xs concatenated along the layer's axis.
func (l *Concatenate) Call(xs ...*Tensor) (*Tensor, error) { return one(l.ForwardAll(nil, xs)) }

// ForwardAll is Call with a [Context].
func (l *Concatenate) ForwardAll(_ *Context, xs []*Tensor) ([]*Tensor, error) {
	if len(xs) == 0 {
		return nil, errorf(l.id(), "no inputs")
	}
	for _, x := range xs {
		if err := checkInput(l.id(), x, 1, 0); err != nil {
			return nil, err
		}
	}
	y, err := concatenate(l.id(), xs, l.axis())
	if err != nil {
		return nil, err
	}
	return []*Tensor{y}, nil
}

// concatenate returns xs, at least one, concatenated along axis.
func concatenate[T tensor.Element](who id, xs []*tensor.Tensor[T], axis int) (*tensor.Tensor[T], error) {
	first := xs[0].Shape()
	axis, err := resolveAxis(who, axis, first)
	if err != nil {
		return nil, err
	}
	shape, odd := kernel.JoinedShape(axis, kernel.ShapesOf(xs)...)
	if odd >= 0 {
		want := slices.Clone(first)
		want[axis] = -1
		return nil, shapeErrorf(who, "input", xs[odd].Shape(), "%s, like the first input", fault.Pattern(want))
	}
	if err := checkSize(who, "output", shape); err != nil {
		return nil, err
	}
	return kernel.Join(shape, axis, xs), nil
}

// OutputMask returns the concatenated masks of the inputs, with true for an input without a mask. It returns nil if no input has a
// mask.
func (l *Concatenate) OutputMask(c *Context, xs ...*Tensor) (*Mask, error) {
	masks := make([]*Mask, len(xs))
	some := false
	for i, x := range xs {
		if err := checkInput(l.id(), x, 1, 0); err != nil {
			return nil, err
		}
		m := c.Mask(i)
		some = some || m != nil
		wide := tensor.New[bool](x.Shape()...)
		switch {
		case m == nil:
			for j := range wide.Data() {
				wide.Data()[j] = true
			}
		case len(m.Shape()) < len(x.Shape()):
			m, err := lastAxis(l.id(), m, x.Shape())
			if err != nil {
				return nil, err
			}
			kernel.Zip(wide.Data(), x.Shape(), wide.Data(), x.Shape(), m.Data(), m.Shape(), func(_, b bool) bool { return b })
		default:
			wide = m
		}
		masks[i] = wide
	}
	if !some {
		return nil, nil
	}
	all, err := concatenate(l.id(), masks, l.axis())
	if err != nil {
		return nil, err
	}
	last := len(all.Shape()) - 1
	width := all.Shape()[last]
	out := tensor.New[bool](all.Shape()[:last]...)
	for i := range out.Data() {
		out.Data()[i] = slices.Contains(all.Data()[i*width:(i+1)*width], true)
	}
	return out, nil
}

// Dot is keras.layers.Dot: the sum of products of two tensors along one axis of each, batch entry by batch entry.
type Dot struct {
	Axes      []int  // one axis for both, or one for the first and one for the second; not 0
	Normalize bool   // first scale to length 1 along the axes: the result is the cosine
	Name      string // for error messages
}

func (d *Dot) id() id { return id{"dot", d.Name} }

// Call returns the products. Their axes are the batch axis, the other axes of x, and the other axes of y; there are at least two.
func (d *Dot) Call(x, y *Tensor) (*Tensor, error) { return one(d.ForwardAll(nil, []*Tensor{x, y})) }

// OutputMask returns nil.
func (d *Dot) OutputMask(*Context, ...*Tensor) (*Mask, error) { return nil, nil }

// ForwardAll is Call with a [Context]. It returns an error unless there are two inputs.
func (d *Dot) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	if len(xs) != 2 {
		return nil, errorf(d.id(), "%d inputs, want 2", len(xs))
	}
	if len(d.Axes) != 1 && len(d.Axes) != 2 {
		return nil, errorf(d.id(), "axes %v, want one or two", d.Axes)
	}
	work := c.workspace()
	defer work.Release(work.Mark())
	const letters = "abcdefghijklmnopqrstuvwxyz"
	var labels [2]string
	var data [2][]float32
	at := 1
	for i, x := range xs {
		if err := checkInput(d.id(), x, 2, 10); err != nil {
			return nil, err
		}
		axis, err := resolveAxis(d.id(), d.Axes[i%len(d.Axes)], x.Shape())
		if err != nil {
			return nil, err
		}
		if axis == 0 {
			return nil, errorf(d.id(), "axes %v: axis 0 is the batch", d.Axes)
		}
		l := []byte("a")
		for j := 1; j < len(x.Shape()); j++ {
			at++
			l = append(l, letters[at])
		}
		l[axis] = 'b'
		labels[i], data[i] = string(l), x.Data()
		if d.Normalize {
			data[i] = work.Floats(x.Len())
			copy(data[i], x.Data())
			normalizeAlong(data[i], x.Shape(), axis)
		}
	}
	out := "a"
	for _, l := range labels[0][1:] + labels[1][1:] {
		if l != 'b' {
			out += string(l)
		}
	}
	plan, err := kernel.NewContraction(labels[0], labels[1], out)
	if err != nil {
		return nil, errorf(d.id(), "%w", err)
	}
	sizes, err := plan.Sizes(xs[0].Shape(), xs[1].Shape())
	if err != nil {
		return nil, errorf(d.id(), "input shapes %v and %v along axes %v: %w", xs[0].Shape(), xs[1].Shape(), d.Axes, err)
	}
	shape := kernel.Labelled(out, sizes)
	if len(shape) == 1 {
		shape = append(shape, 1)
	}
	y, err := newOutput(d.id(), shape...)
	if err != nil {
		return nil, err
	}
	plan.Add(work, y.Data(), data[0], data[1], sizes)
	return []*Tensor{y}, nil
}

// normalizeAlong scales every run along axis to length 1; as if its length were at least 1e-12 (keras.ops.normalize).
func normalizeAlong(x []float32, s tensor.Shape, axis int) {
	n, step := s[axis], s[axis+1:].Len()
	for from := 0; from < len(x); from += n * step {
		for i := from; i < from+step; i++ {
			sum := 0.0
			for j := range n {
				v := float64(x[i+j*step])
				sum += v * v
			}
			length := max(math.Sqrt(asFloat32(sum)), 1e-12)
			for j := range n {
				x[i+j*step] = float32(float64(x[i+j*step]) / length)
			}
		}
	}
}
