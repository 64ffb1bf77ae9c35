package ops

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// pair returns an operator's two operands, both cast to the dtype of the result.
func pair(a *Arguments) (x, y *Value, as tensor.DType, err error) {
	x, xWeak, err := Operand(a.Get(0, "x1"))
	if err != nil {
		return nil, nil, 0, fmt.Errorf(`argument "x1": %w`, err)
	}
	y, yWeak, err := Operand(a.Get(1, "x2"))
	if err != nil {
		return nil, nil, 0, fmt.Errorf(`argument "x2": %w`, err)
	}
	return x, y, promote(x.As, y.As, xWeak, yWeak), nil
}

// where implements keras.ops.where with three arguments.
func where(a *Arguments) ([]*Value, error) {
	cond, err := a.value(0, "condition")
	if err != nil {
		return nil, err
	}
	keep, err := cond.Bools()
	if err != nil {
		return nil, err
	}
	if !a.has(1, "x1") || !a.has(2, "x2") {
		return nil, fmt.Errorf("x1 and x2 must be given: %w", fault.ErrUnknownOption)
	}
	x, y, as, err := pair(&Arguments{Args: []any{a.Get(1, "x1"), a.Get(2, "x2")}})
	if err != nil {
		return nil, err
	}
	if x, err = x.Cast(as); err != nil {
		return nil, err
	}
	if y, err = y.Cast(as); err != nil {
		return nil, err
	}
	shape, ok := kernel.Stretched(keep.Shape(), x.Shape(), y.Shape())
	if !ok {
		return nil, fmt.Errorf("shapes %v, %v and %v do not stretch to each other", keep.Shape(), x.Shape(), y.Shape())
	}
	if x, err = stretchValue(x, shape); err != nil {
		return nil, err
	}
	if y, err = stretchValue(y, shape); err != nil {
		return nil, err
	}
	chosen, err := stretchValue(boolValue(keep), shape)
	if err != nil {
		return nil, err
	}
	k := chosen.X.(*kernel.Mask).Data()
	switch l := x.X.(type) {
	case *kernel.Tensor:
		return []*Value{FloatValue(pick(k, l, y.X.(*kernel.Tensor)))}, nil
	case *tensor.Tensor[int64]:
		return []*Value{IntValue(pick(k, l, y.X.(*tensor.Tensor[int64])), as)}, nil
	case *kernel.Mask:
		return []*Value{boolValue(pick(k, l, y.X.(*kernel.Mask)))}, nil
	}
	return nil, fmt.Errorf("cannot select from %v values", as)
}

func pick[T tensor.Element](keep []bool, x, y *tensor.Tensor[T]) *tensor.Tensor[T] {
	out := y.Clone()
	for i, k := range keep {
		if k {
			out.Data()[i] = x.Data()[i]
		}
	}
	return out
}
