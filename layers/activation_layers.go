package layers

import (
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// Activation is keras.layers.Activation: a function as a layer.
type Activation struct {
	Func activation.Func
	Name string // for error messages
}

// Call returns the function of x. Functions of a row, such as softmax, work along the last axis.
func (a *Activation) Call(x *Tensor) (*Tensor, error) { return a.Forward(nil, x) }

// Forward is Call with a [Context].
func (a *Activation) Forward(c *Context, x *Tensor) (*Tensor, error) {
	return activated(c, id{"activation", a.Name}, a.Func, x)
}

// OutputMask returns the input's mask.
func (a *Activation) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

func (a *Activation) function() (activation.Func, error) { return a.Func, nil }

// activate applies f in place to y, a layer's output. It returns y, or, if f halves rows, a tensor over the front of y's memory.
func activate(who id, f activation.Func, y *Tensor) (*Tensor, error) {
	out, err := kernel.Activate(f, y)
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	return out, nil
}

// activated returns f of a copy of x.
func activated(c *Context, who id, f activation.Func, x *Tensor) (*Tensor, error) {
	if err := checkInput(who, x, 0, 0); err != nil {
		return nil, err
	}
	if f.IsLinear() {
		return x, nil
	}
	y, err := c.clone(who, x)
	if err != nil {
		return nil, err
	}
	return activate(who, f, y)
}

// ReLU is keras.layers.ReLU. [activation.ReLUWith] explains its options.
type ReLU struct {
	MaxValue      *float32 // nil: no limit
	NegativeSlope float32
	Threshold     float32
	Name          string // for error messages
}

// Call returns min(x, MaxValue) if x is above Threshold, and NegativeSlope*(x - Threshold) otherwise.
func (r *ReLU) Call(x *Tensor) (*Tensor, error) { return r.Forward(nil, x) }

// Forward is Call with a [Context]. Like Keras it returns an error if an option is negative.
func (r *ReLU) Forward(c *Context, x *Tensor) (*Tensor, error) {
	f, err := r.function()
	if err != nil {
		return nil, err
	}
	return activated(c, r.id(), f, x)
}

func (r *ReLU) id() id { return id{"re_lu", r.Name} }

func (r *ReLU) function() (activation.Func, error) {
	if r.MaxValue == nil && r.NegativeSlope == 0 && r.Threshold == 0 {
		return activation.ReLU(), nil
	}
	limit := orDefault(r.MaxValue, float32(math.Inf(1)))
	if limit < 0 || r.NegativeSlope < 0 || r.Threshold < 0 {
		return activation.Func{}, errorf(r.id(), "max value %v, negative slope %v and threshold %v must not be negative",
			limit, r.NegativeSlope, r.Threshold)
	}
	return activation.ReLUWith(r.NegativeSlope, limit, r.Threshold), nil
}

// OutputMask returns the input's mask.
func (r *ReLU) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

// LeakyReLU is keras.layers.LeakyReLU.
type LeakyReLU struct {
	NegativeSlope *float32 // nil: 0.3
	Name          string   // for error messages
}

// Call returns x if x is positive, and NegativeSlope*x otherwise.
func (l *LeakyReLU) Call(x *Tensor) (*Tensor, error) { return l.Forward(nil, x) }

// Forward is Call with a [Context].
func (l *LeakyReLU) Forward(c *Context, x *Tensor) (*Tensor, error) {
	f, err := l.function()
	if err != nil {
		return nil, err
	}
	return activated(c, l.id(), f, x)
}

func (l *LeakyReLU) id() id { return id{"leaky_re_lu", l.Name} }

func (l *LeakyReLU) function() (activation.Func, error) {
	slope := orDefault(l.NegativeSlope, 0.3)
	if slope < 0 {
		return activation.Func{}, errorf(l.id(), "negative slope %v must not be negative", slope)
	}
	return activation.LeakyReLU(slope), nil
}

// OutputMask returns the input's mask.
func (l *LeakyReLU) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

// ELU is keras.layers.ELU.
type ELU struct {
	Alpha *float32 // nil: 1
	Name  string   // for error messages
}

// Call returns x if x is positive, and Alpha*(e^x - 1) otherwise.
func (e *ELU) Call(x *Tensor) (*Tensor, error) { return e.Forward(nil, x) }

// Forward is Call with a [Context].
func (e *ELU) Forward(c *Context, x *Tensor) (*Tensor, error) {
	f, _ := e.function()
	return activated(c, id{"elu", e.Name}, f, x)
}

func (e *ELU) function() (activation.Func, error) { return activation.ELU(orDefault(e.Alpha, 1)), nil }

// OutputMask returns the input's mask.
func (e *ELU) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

// Softmax is keras.layers.Softmax.
type Softmax struct {
	Axis []int  // the axes over which values sum to 1; nil: the last
	Name string // for error messages
}

// masked replaces a masked value before the softmax, as in Keras 3.
const masked = -1e9

// Call returns e^x divided by its sum along the layer's axes.
func (s *Softmax) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Forward is Call with a [Context]: values for which the mask is false are ignored, and their results are 0. The mask broadcasts
// to the input's shape, as in NumPy.
func (s *Softmax) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := id{"softmax", s.Name}
	if err := checkInput(who, x, 1, 0); err != nil {
		return nil, err
	}
	y, err := c.clone(who, x)
	if err != nil {
		return nil, err
	}
	mask := c.Mask(0)
	if mask != nil {
		if err := checkBroadcast(who, mask, x.Shape()); err != nil {
			return nil, err
		}
		fillMasked(y, mask, masked)
	}
	y, err = s.along(c, who, y)
	if err == nil && mask != nil {
		fillMasked(y, mask, 0)
	}
	return y, err
}

// OutputMask returns the input's mask.
func (s *Softmax) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

func (s *Softmax) function() (activation.Func, error) {
	if len(s.Axis) == 0 || len(s.Axis) == 1 && s.Axis[0] == -1 {
		return activation.Softmax(), nil
	}
	return activation.Func{}, errorf(id{"softmax", s.Name}, "an activation works only along the last axes, got axes %v", s.Axis)
}

// along replaces y by its softmax along s.Axis: it moves those axes to the end, where they form a row, and back.
func (s *Softmax) along(c *Context, who id, y *Tensor) (*Tensor, error) {
	shape := y.Shape()
	last := len(shape) - 1
	axes := make([]int, 0, 4)
	for _, axis := range s.Axis {
		axis, err := resolveAxis(who, axis, shape)
		if err != nil {
			return nil, err
		}
		if slices.Contains(axes, axis) {
			return nil, errorf(who, "axes %v contain an axis twice", s.Axis)
		}
		axes = append(axes, axis)
	}
	if len(axes) == 0 || len(axes) == 1 && axes[0] == last {
		return activate(who, activation.Softmax(), y)
	}
	perm := make([]int, 0, len(shape))
	for i := range shape {
		if !slices.Contains(axes, i) {
			perm = append(perm, i)
		}
	}
	perm = append(perm, axes...)
	width := kernel.Permuted(shape, axes).Len()
	w := c.workspace()
	defer w.Release(w.Mark())
	rows := w.Floats(y.Len())
	kernel.Transpose(rows, y.Data(), shape, perm)
	if _, err := activation.Softmax().Apply(rows, width); err != nil {
		return nil, errorf(who, "%w", err)
	}
	kernel.Transpose(y.Data(), rows, kernel.Permuted(shape, perm), kernel.Inverse(perm))
	return y, nil
}

// checkBroadcast returns an error if mask does not broadcast to shape.
func checkBroadcast(who id, mask *Mask, shape tensor.Shape) error {
	m := mask.Shape()
	fits := mask.Built() && len(m) <= len(shape)
	for i := 1; fits && i <= len(m); i++ {
		n := m[len(m)-i]
		fits = n == 1 || n == shape[len(shape)-i]
	}
	if !fits {
		return shapeErrorf(who, "mask", m, "one that broadcasts to input shape %v", shape)
	}
	return nil
}

// fillMasked writes value to the elements of y for which mask, broadcast to y's shape, is false.
func fillMasked(y *Tensor, mask *Mask, value float32) {
	shape, m := y.Shape(), mask.Shape()
	skip := len(shape) - len(m)
	strides := make([]int, len(shape)) // of the mask, 0 along axes that are broadcast
	for i, step := len(m)-1, 1; i >= 0; i-- {
		if m[i] != 1 {
			strides[skip+i] = step
		}
		step *= m[i]
	}
	data, keep := y.Data(), mask.Data()
	for i := range data {
		at := 0
		for axis, rest := len(shape)-1, i; axis >= skip; axis-- {
			at += rest % shape[axis] * strides[axis]
			rest /= shape[axis]
		}
		if !keep[at] {
			data[i] = value
		}
	}
}

func activationMaker(class string) config.Maker {
	switch class {
	case "Activation":
		return func(c *config.Config) any {
			return &Activation{Func: c.Activation("activation"), Name: c.Name()}
		}
	case "ReLU":
		return func(c *config.Config) any {
			return &ReLU{
				MaxValue:      c.Optional("max_value"),
				NegativeSlope: c.Float("negative_slope", 0),
				Threshold:     c.Float("threshold", 0),
				Name:          c.Name(),
			}
		}
	case "LeakyReLU":
		return func(c *config.Config) any {
			slope := c.Optional("negative_slope")
			if slope == nil { // tf_keras's name for it
				slope = c.Optional("alpha")
			}
			return &LeakyReLU{NegativeSlope: slope, Name: c.Name()}
		}
	case "ELU":
		return func(c *config.Config) any {
			return &ELU{Alpha: c.Optional("alpha"), Name: c.Name()}
		}
	case "Softmax":
		return func(c *config.Config) any {
			return &Softmax{Axis: c.Ints("axis"), Name: c.Name()}
		}
	}
	return nil
}

// orDefault returns the value that an option points to, or Keras's default if it is nil.
func orDefault(option *float32, value float32) float32 {
	if option == nil {
		return value
	}
	return *option
}
