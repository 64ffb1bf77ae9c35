package layers

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// oneHot makes keras.ops.one_hot.
func oneHot(c *config) operator {
	classes, axis, to := c.int("num_classes", 0), c.int("axis", -1), c.dtype("dtype")
	return single(func(_ *arguments, x *value) (*value, error) {
		n, err := x.ints()
		if err != nil {
			return nil, err
		}
		if classes < 0 || classes > 0 && n.Len() > maxElements/classes {
			return nil, fmt.Errorf("%d classes for shape %v", classes, x.shape())
		}
		y := tensor.New[float32](append(slices.Clone(n.Shape()), classes)...)
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
		v, err := moveAxes(floatValue(y), []int{rank - 1}, []int{at})
		if err != nil {
			return nil, err
		}
		return v.cast(orDType(to, tensor.DTFloat32))
	})
}

// triangle returns x with 0 where keep is not, for the last two axes.
func triangle(x *value, keep func(i, j int) bool) (*value, error) {
	rank := len(x.shape())
	if rank < 2 {
		return nil, fmt.Errorf("a triangle of shape %v", x.shape())
	}
	rows, cols := x.shape()[rank-2], x.shape()[rank-1]
	m := tensor.New[bool](rows, cols)
	for i := range rows {
		for j := range cols {
			m.Data()[i*cols+j] = keep(i, j)
		}
	}
	zero, err := intValue(tensor.Scalar[int64](0), tensor.DTInt32).cast(x.as)
	if err != nil {
		return nil, err
	}
	out, err := where(&arguments{args: []any{boolValue(m), x, zero}})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// sorting makes Sort and Argsort, both ascending; without axis along the flat tensor.
func sorting(places bool) operatorMaker {
	return func(c *config) operator {
		axes := c.ints("axis")
		return single(func(_ *arguments, x *value) (*value, error) {
			var err error
			if len(axes) == 0 {
				if x, err = reshapeValue(x, -1); err != nil {
					return nil, err
				}
				axes = []int{-1}
			}
			axis, err := resolveOne(axes[0], len(x.shape()))
			if err != nil {
				return nil, err
			}
			f, err := x.float()
			if err != nil {
				return nil, err
			}
			order := ranked(f, axis, false)
			if places {
				return intValue(order, tensor.DTInt32), nil
			}
			return takeAlong(x, intValue(order, tensor.DTInt32), []int{axis})
		})
	}
}

// ranked returns the places of x's values along an axis in ascending or descending order; equal ones stay in theirs.
func ranked(x *Tensor, axis int, descending bool) *tensor.Tensor[int64] {
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
	return permuteTensor(out, inverse(perm))
}

// topK makes keras.ops.top_k: the largest values along the last axis and their places.
func topK(c *config) operator {
	k := c.int("k", 1)
	c.skip("sorted")
	return func(a *arguments) ([]*value, error) {
		x, err := a.value(0, "x")
		if err != nil {
			return nil, err
		}
		rank := len(x.shape())
		if rank == 0 || k < 0 || k > x.shape()[rank-1] {
			return nil, fmt.Errorf("the %d largest of shape %v", k, x.shape())
		}
		f, err := x.float()
		if err != nil {
			return nil, err
		}
		places := make([][]int, rank)
		places[rank-1] = upTo(k)
		order, err := selectValue(intValue(ranked(f, rank-1, true), tensor.DTInt32), places, 0)
		if err != nil {
			return nil, err
		}
		y, err := takeAlong(x, order, []int{-1})
		return []*value{y, order}, err
	}
}
