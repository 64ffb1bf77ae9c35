package ops

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// concatValues concatenates vs along an axis, which may depend on their rank.
func concatValues(vs []*Value, axisOf func(rank int) int) (*Value, error) {
	if len(vs) == 0 {
		return nil, fmt.Errorf("expected at least one tensor to concatenate")
	}
	as, axis := CommonDType(vs), axisOf(len(vs[0].Shape()))
	switch {
	case IsFloat(as):
		xs, err := castAll[float32](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatTensors(xs, axis)
		return FloatValue(y), err
	case isInt(as):
		xs, err := castAll[int64](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatTensors(xs, axis)
		return IntValue(y, as), err
	case as == tensor.DTBool:
		xs, err := castAll[bool](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatTensors(xs, axis)
		return boolValue(y), err
	case as == tensor.DTString:
		xs, err := castAll[string](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatTensors(xs, axis)
		return &Value{X: y, As: as}, err
	}
	return nil, fmt.Errorf("cannot join %v values", as)
}

// concatTensors concatenates xs, at least one tensor, along axis.
func concatTensors[T tensor.Element](xs []*tensor.Tensor[T], axis int) (*tensor.Tensor[T], error) {
	axis, err := resolveOne(axis, len(xs[0].Shape()))
	if err != nil {
		return nil, err
	}
	shape, odd := kernel.JoinedShape(axis, kernel.ShapesOf(xs)...)
	if odd >= 0 {
		return nil, fmt.Errorf("cannot concatenate shapes %v and %v along axis %d", xs[0].Shape(), xs[odd].Shape(), axis)
	}
	if err := kernel.CheckSize(shape); err != nil {
		return nil, err
	}
	return kernel.Join(shape, axis, xs), nil
}

func castAll[T tensor.Element](vs []*Value, as tensor.DType) ([]*tensor.Tensor[T], error) {
	xs := make([]*tensor.Tensor[T], len(vs))
	for i, v := range vs {
		v, err := v.Cast(as)
		if err != nil {
			return nil, err
		}
		x, ok := v.X.(*tensor.Tensor[T])
		if !ok {
			return nil, fmt.Errorf("cannot join %v values to %v values", v.As, as)
		}
		xs[i] = x
	}
	return xs, nil
}

// stackValues stacks vs, which must have the same shape, along a new axis.
func stackValues(vs []*Value, axis int, as tensor.DType) (*Value, error) {
	wide := make([]*Value, len(vs))
	for i, v := range vs {
		v, err := v.Cast(as)
		if err != nil {
			return nil, err
		}
		if wide[i], err = expandDims(v, []int{axis}); err != nil {
			return nil, err
		}
	}
	return concatValues(wide, func(int) int { return axis })
}

// CommonDType returns the dtype of arithmetic on all of vs.
func CommonDType(vs []*Value) tensor.DType {
	as := tensor.DTBool
	for i, v := range vs {
		if i == 0 {
			as = v.As
		}
		as = promote(as, v.As, false, false)
	}
	return as
}
