package ops

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

func zipFloats[T tensor.Element](x, y *Value, f func(a, b float32) T) (*tensor.Tensor[T], error) {
	a, err := x.Cast(tensor.DTFloat32)
	if err != nil {
		return nil, err
	}
	b, err := y.Cast(tensor.DTFloat32)
	if err != nil {
		return nil, err
	}
	return zipTensors(a.X.(*kernel.Tensor), b.X.(*kernel.Tensor), f)
}

func zipInts[T tensor.Element](x, y *Value, f func(a, b int64) T) (*tensor.Tensor[T], error) {
	a, err := x.Ints()
	if err != nil {
		return nil, err
	}
	b, err := y.Ints()
	if err != nil {
		return nil, err
	}
	return zipTensors(a, b, f)
}

// zipTensors applies f to the values of x and y, stretched to each other.
func zipTensors[A, B, C tensor.Element](x *tensor.Tensor[A], y *tensor.Tensor[B], f func(A, B) C) (*tensor.Tensor[C], error) {
	shape, ok := kernel.Stretched(x.Shape(), y.Shape())
	if !ok {
		return nil, fmt.Errorf("shapes %v and %v do not stretch to each other", x.Shape(), y.Shape())
	}
	if shape.Check() != nil || shape.Len() > kernel.MaxElements {
		return nil, fmt.Errorf("shape %v is beyond memory", shape)
	}
	out := tensor.New[C](shape...)
	kernel.Zip(out.Data(), shape, x.Data(), x.Shape(), y.Data(), y.Shape(), f)
	return out, nil
}

// stretchValue returns x stretched to shape; x itself if it has that shape.
func stretchValue(x *Value, shape tensor.Shape) (*Value, error) {
	if x.Shape().Equal(shape) {
		return x, nil
	}
	if s, ok := kernel.Stretched(x.Shape(), shape); !ok || !s.Equal(shape) {
		return nil, fmt.Errorf("shape %v does not stretch to %v", x.Shape(), shape)
	}
	if err := kernel.CheckSize(shape); err != nil {
		return nil, err
	}
	steps := kernel.StretchSteps(x.Shape(), shape)
	switch t := x.X.(type) {
	case *kernel.Tensor:
		return FloatValue(gatherSteps(t, shape, steps)), nil
	case *tensor.Tensor[int64]:
		return IntValue(gatherSteps(t, shape, steps), x.As), nil
	case *kernel.Mask:
		return boolValue(gatherSteps(t, shape, steps)), nil
	}
	return nil, fmt.Errorf("cannot stretch %v values", x.As)
}
