package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// Flatten is keras.layers.Flatten.
type Flatten struct {
	ChannelsFirst bool   // put the channels, the input's second axis, last before flattening
	Name          string // for error messages
}

// Call returns x, of shape [batch …], as rows: [batch n]. If no value moves, the result shares the memory of x.
func (f *Flatten) Call(x *Tensor) (*Tensor, error) { return f.Forward(nil, x) }

// Forward is Call with a [Context].
func (f *Flatten) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	who := id{"flatten", f.Name}
	if err := checkInput(who, x, 1, 0); err != nil {
		return nil, err
	}
	s := x.Shape()
	if len(s) < 3 || !f.ChannelsFirst {
		return x.Reshape(s[0], s[1:].Len())
	}
	y, err := newOutput(who, s[0], s[1:].Len())
	if err != nil {
		return nil, err
	}
	swapAxes(y.Data(), x.Data(), s[0], s[1], s[2:].Len())
	return y, nil
}

// Reshape is keras.layers.Reshape.
type Reshape struct {
	TargetShape []int  // the shape of one example; -1 stands for the rest
	Name        string // for error messages
}

// Call returns x with the target shape for each example of the batch. It does not copy the values.
func (r *Reshape) Call(x *Tensor) (*Tensor, error) { return r.Forward(nil, x) }

// Forward is Call with a [Context].
func (r *Reshape) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	who := id{"reshape", r.Name}
	if err := checkInput(who, x, 1, 0); err != nil {
		return nil, err
	}
	batch, n := x.Shape()[0], x.Shape()[1:].Len()
	shape := append(tensor.Shape{batch}, r.TargetShape...)
	if at := slices.Index(shape[1:], -1) + 1; at > 0 {
		shape[at] = 1
		if rest := shape[1:].Len(); rest > 0 && shape.Check() == nil {
			shape[at] = n / rest
		}
	}
	if shape.Check() != nil || shape[1:].Len() != n {
		return nil, shapeErrorf(who, "input", x.Shape(), "as many values for each example as %v has", fault.Pattern(r.TargetShape))
	}
	return x.Reshape(shape...)
}

// Permute is keras.layers.Permute.
type Permute struct {
	Dims []int  // axis i of the output is axis Dims[i-1] of the input; the batch is axis 0
	Name string // for error messages
}

// Call returns x with its axes in the order of Dims.
func (p *Permute) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Forward is Call with a [Context].
func (p *Permute) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	who := id{"permute", p.Name}
	sorted := slices.Sorted(slices.Values(p.Dims))
	for i, axis := range sorted {
		if axis != i+1 {
			return nil, errorf(who, "dims %v: want the axes 1 to %d, each once", p.Dims, len(p.Dims))
		}
	}
	if err := checkInput(who, x, len(p.Dims)+1, len(p.Dims)+1); err != nil {
		return nil, err
	}
	order := append([]int{0}, p.Dims...)
	y, err := newOutput(who, kernel.Permuted(x.Shape(), order)...)
	if err != nil {
		return nil, err
	}
	kernel.Transpose(y.Data(), x.Data(), x.Shape(), order)
	return y, nil
}

// RepeatVector is keras.layers.RepeatVector.
type RepeatVector struct {
	N    int
	Name string // for error messages
}

// Call returns x, of shape [batch features], repeated N times: [batch N features].
func (r *RepeatVector) Call(x *Tensor) (*Tensor, error) { return r.Forward(nil, x) }

// Forward is Call with a [Context].
func (r *RepeatVector) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	who := id{"repeat_vector", r.Name}
	if err := checkInput(who, x, 2, 2); err != nil {
		return nil, err
	}
	if r.N < 1 {
		return nil, errorf(who, "%d times: want 1 or more", r.N)
	}
	batch, features := x.Shape()[0], x.Shape()[1]
	y, err := newGrown(who, x.Len(), batch, r.N, features)
	if err != nil {
		return nil, err
	}
	for b := range batch {
		fillRows(y.Data()[b*r.N*features:(b+1)*r.N*features], x.Data()[b*features:(b+1)*features])
	}
	return y, nil
}

func reshapingMaker(class string) config.Maker {
	switch class {
	case "Flatten":
		return func(c *config.Config) any { return &Flatten{ChannelsFirst: c.ChannelsFirst(), Name: c.Name()} }
	case "Reshape":
		return func(c *config.Config) any { return &Reshape{TargetShape: c.Ints("target_shape"), Name: c.Name()} }
	case "Permute":
		return func(c *config.Config) any { return &Permute{Dims: c.Ints("dims"), Name: c.Name()} }
	case "RepeatVector":
		return func(c *config.Config) any { return &RepeatVector{N: c.Int("n", 0), Name: c.Name()} }
	}
	return nil
}
