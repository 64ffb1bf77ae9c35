package layers

import (
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// Rescaling is keras.layers.Rescaling: x*Scale + Offset.
type Rescaling struct {
	Scale  *Tensor `ckpt:"-"` // one value, or a shape that stretches to the input's; nil: 1
	Offset *Tensor `ckpt:"-"` // the same; nil: 0
	Name   string  // for error messages
}

// Call returns x rescaled.
func (r *Rescaling) Call(x *Tensor) (*Tensor, error) { return r.Forward(nil, x) }

// Forward is Call with a [Context].
func (r *Rescaling) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	who := id{"rescaling", r.Name}
	if err := checkInput(who, x, 0, 0); err != nil {
		return nil, err
	}
	y := x
	for _, step := range []struct {
		name string
		by   *Tensor
		f    func(a, b float32) float32
	}{
		{"scale", r.Scale, func(a, b float32) float32 { return a * b }},
		{"offset", r.Offset, kernel.Add[float32]},
	} {
		if step.by == nil {
			continue
		}
		if !step.by.Built() {
			return nil, shapeErrorf(who, step.name, nil, "a number or an array")
		}
		shape, ok := kernel.Stretched(y.Shape(), step.by.Shape())
		if !ok {
			return nil, shapeErrorf(who, step.name, step.by.Shape(), "one that broadcasts with input shape %v", x.Shape())
		}
		if y != x && shape.Equal(y.Shape()) {
			kernel.Zip(y.Data(), shape, y.Data(), shape, step.by.Data(), step.by.Shape(), step.f)
			continue
		}
		next, err := newOutput(who, shape...)
		if err != nil {
			return nil, err
		}
		kernel.Zip(next.Data(), shape, y.Data(), y.Shape(), step.by.Data(), step.by.Shape(), step.f)
		y = next
	}
	return y, nil
}

// OutputMask returns the input's mask.
func (r *Rescaling) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

func rescalingMaker(class string) config.Maker {
	if class != "Rescaling" {
		return nil
	}
	return func(c *config.Config) any {
		return &Rescaling{Scale: c.Array("scale"), Offset: c.Array("offset"), Name: c.Name()}
	}
}
