package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// sorting makes Sort and Argsort, both ascending. Without an axis they sort the flat tensor.
func sorting(places bool) Maker {
	return func(c *config.Config) Operator {
		axes := c.Ints("axis")
		return single(func(_ *Arguments, x *Value) (*Value, error) {
			var err error
			if len(axes) == 0 {
				if x, err = ReshapeValue(x, -1); err != nil {
					return nil, err
				}
				axes = []int{-1}
			}
			axis, err := resolveOne(axes[0], len(x.Shape()))
			if err != nil {
				return nil, err
			}
			f, err := x.Float()
			if err != nil {
				return nil, err
			}
			order := ranked(f, axis, false)
			if places {
				return IntValue(order, tensor.DTInt32), nil
			}
			return takeAlong(x, IntValue(order, tensor.DTInt32), []int{axis})
		})
	}
}

// ranked returns the indices that sort x's values along an axis in ascending or descending order. The sort is stable.
func ranked(x *kernel.Tensor, axis int, descending bool) *tensor.Tensor[int64] {
	rank := len(x.Shape())
	perm := append(otherAxes([]int{axis}, rank), axis)
	rows := permuteTensor(x, perm)
	out := tensor.New[int64](rows.Shape()...)
	n := x.Shape()[axis]
	for i := 0; n > 0 && i < rows.Len(); i += n {
		row, order := rows.Data()[i:i+n], out.Data()[i:i+n]
		for j := range order {
			order[j] = int64(j)
		}
		slices.SortStableFunc(order, func(a, b int64) int {
			switch {
			case row[a] == row[b]:
				return 0
			case row[a] < row[b] != descending:
				return -1
			}
			return 1
		})
	}
	return permuteTensor(out, kernel.Inverse(perm))
}

// topK makes keras.ops.top_k: the largest values along the last axis and their indices.
func topK(c *config.Config) Operator {
	k := c.Int("k", 1)
	c.Skip("sorted")
	return func(a *Arguments) ([]*Value, error) {
		x, err := a.value(0, "x")
		if err != nil {
			return nil, err
		}
		rank := len(x.Shape())
		if rank == 0 || k < 0 || k > x.Shape()[rank-1] {
			return nil, fmt.Errorf("cannot take the %d largest values of shape %v", k, x.Shape())
		}
		f, err := x.Float()
		if err != nil {
			return nil, err
		}
		places := make([][]int, rank)
		places[rank-1] = upTo(k)
		order, err := selectValue(IntValue(ranked(f, rank-1, true), tensor.DTInt32), places, 0)
		if err != nil {
			return nil, err
		}
		y, err := takeAlong(x, order, []int{-1})
		return []*Value{y, order}, err
	}
}
