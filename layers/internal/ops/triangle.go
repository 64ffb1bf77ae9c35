package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// oneHot makes keras.ops.one_hot.
func oneHot(c *config.Config) Operator {
	c.Refuse("sparse")
	classes, axis, to := c.Int("num_classes", 0), c.Int("axis", -1), c.Dtype("dtype")
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		n, err := x.Ints()
		if err != nil {
			return nil, err
		}
		shape := append(slices.Clone(n.Shape()), classes)
		if err := kernel.CheckGrowth(n.Len(), shape); err != nil {
			return nil, err
		}
		y := tensor.New[float32](shape...)
		for i, v := range n.Data() {
			if v >= 0 && v < int64(classes) {
				y.Data()[i*classes+int(v)] = 1
			}
		}
		rank := len(y.Shape())
		at, err := resolveOne(axis, rank)
		if err != nil {
			return nil, err
		}
		v, err := moveAxes(FloatValue(y), []int{rank - 1}, []int{at})
		if err != nil {
			return nil, err
		}
		return v.Cast(orDType(to, tensor.DTFloat32))
	})
}

// triangle sets values of x to 0 if keep returns false for their indices along the last two axes.
func triangle(x *Value, keep func(i, j int) bool) (*Value, error) {
	rank := len(x.Shape())
	if rank < 2 {
		return nil, fmt.Errorf("a triangle needs two axes, got shape %v", x.Shape())
	}
	rows, cols := x.Shape()[rank-2], x.Shape()[rank-1]
	m := tensor.New[bool](rows, cols)
	for i := range rows {
		for j := range cols {
			m.Data()[i*cols+j] = keep(i, j)
		}
	}
	zero, err := IntValue(tensor.Scalar[int64](0), tensor.DTInt32).Cast(x.As)
	if err != nil {
		return nil, err
	}
	out, err := where(&Arguments{Args: []any{boolValue(m), x, zero}})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}
