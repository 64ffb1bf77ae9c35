package layers

import (
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/tensor"
)

// TimeDistributed is keras.layers.TimeDistributed: it applies a layer to each step of a sequence separately.
type TimeDistributed struct {
	Layer Layer `ckpt:"layer"`

	Name string // for error messages
}

func (t *TimeDistributed) id() id { return id{"time_distributed", t.Name} }

// Build makes the weights of the wrapped layer for sequences of the given shape.
func (t *TimeDistributed) Build(input tensor.Shape) error {
	if len(input) < 3 {
		return shapeErrorf(t.id(), "input", input, "rank 3 or more")
	}
	return buildLayer(t.id(), t.Layer, folded(input))
}

// folded returns s with its first two axes combined: for the wrapped layer, each step is an example.
func folded(s tensor.Shape) tensor.Shape {
	return append(tensor.Shape{s[0] * s[1]}, s[2:]...)
}

// Call returns the layer's output for each step of x, [batch steps …].
func (t *TimeDistributed) Call(x *Tensor) (*Tensor, error) { return t.Forward(nil, x) }

// Forward is Call with a [Context]. The wrapped layer gets the mask if it has more than two axes.
func (t *TimeDistributed) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := t.id()
	if err := checkInput(who, x, 3, 0); err != nil {
		return nil, err
	}
	if t.Layer == nil {
		return nil, errorf(who, "%w", errNoLayer)
	}
	shape := x.Shape()
	inner := &Context{Workspace: (*Workspace)(c.workspace())}
	if m := c.Mask(0); m != nil {
		s := m.Shape()
		if len(s) < 2 || !s[:2].Equal(shape[:2]) {
			return nil, shapeErrorf(who, "mask", s, "[%d %d …] for input shape %v", shape[0], shape[1], shape)
		}
		if len(s) > 2 {
			m, err := m.Reshape(folded(s)...)
			if err != nil {
				return nil, errorf(who, "%w", err)
			}
			inner.Masks = []*Mask{m}
		}
	}
	steps, err := x.Reshape(folded(shape)...)
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	y, err := t.Layer.Forward(inner, steps)
	if err != nil {
		return nil, err
	}
	if s := y.Shape(); len(s) == 0 || s[0] != shape[0]*shape[1] {
		return nil, shapeErrorf(who, "output of the wrapped layer", s, "[%d …], one for each step", shape[0]*shape[1])
	}
	y, err = y.Reshape(append(tensor.Shape{shape[0], shape[1]}, y.Shape()[1:]...)...)
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	return y, nil
}

// OutputMask returns the input's mask.
func (t *TimeDistributed) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

func makeTimeDistributed(c *config.Config) any {
	return &TimeDistributed{Layer: layerOption(c, "layer"), Name: c.Name()}
}
