package layout

import (
	"fmt"

	"github.com/gockpt/ckpt/tensor"
)

// Renamed is the rule for a value that is stored unchanged under another name.
func Renamed(maker Maker, own, stored string) Rule { return Permuted(maker, own, stored) }

// Permuted is the rule for a value that is stored with its axes in another order: the value's axis i is the stored tensor's
// axis axes[i]. Without axes the value is stored unchanged.
func Permuted(maker Maker, own, stored string, axes ...int) Rule {
	r := Rule{
		Maker: maker, Own: []string{own}, Stored: []string{stored},
		Load: permutation(axes), Save: permutation(inverse(axes)),
	}
	if len(axes) > 0 {
		r.Square = func(stored []tensor.Shape) bool { return sameEitherWay(stored[0], axes) }
	}
	return r
}

// Unneeded is the rule for a scalar counter that the maker stores and the object does not use, such as the number of batches
// that a normalization has seen. Saving writes an int64 of 0.
func Unneeded(maker Maker, stored string) Rule {
	return Rule{
		Maker: maker, Stored: []string{stored},
		Save: Transform{
			Shapes: func([]tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{{}}, nil },
			Move:   func([]tensor.Any, []tensor.Any) error { return nil },
		},
	}
}

// Refused is the rule for a stored tensor that changes the results of the maker's object in a way that the
// type does not support. Loading a file with this tensor is an error with the key and the reason. The reason
// says what to do instead.
func Refused(maker Maker, stored, reason string) Rule {
	return Rule{Maker: maker, Stored: []string{stored}, Refusal: reason}
}

// Blocks is the rule for a value with blocks along its last axis, such as a recurrent layer's gates, if the stored tensor has the
// blocks along its first axis, in another order. Block i of the value is block order[i] of the stored tensor. A matrix is transposed
// as well: [blocks*n m] becomes [m blocks*n].
func Blocks(maker Maker, own, stored string, order ...int) Rule {
	return Rule{
		Maker: maker, Own: []string{own}, Stored: []string{stored},
		Load: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) { return blockShape(from, 0, len(order)) },
			Move: func(to, from []tensor.Any) error {
				return moveBlocks(to[0], from[0], order)
			},
		},
		Save: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) { return blockShape(from, -1, len(order)) },
			Move: func(to, from []tensor.Any) error {
				return restoreBlocks(to[0], from[0], order)
			},
		},
	}
}

// Sum is the rule for a value that is stored as two or more summands. Their blocks may have another order: block i of
// the value is the sum of the summands' blocks order[i]. Without order the blocks stay where they are. Saving writes the sum
// as the first summand and zeros for the others.
func Sum(maker Maker, own string, stored []string, order ...int) Rule {
	if len(order) == 0 {
		order = []int{0}
	}
	return Rule{
		Maker: maker, Own: []string{own}, Stored: stored,
		Lossy: fmt.Sprintf("the sum of %v is one value: the first is saved as the sum, the others as zeros", stored),
		Load: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
				for i := range from {
					if !from[i].Equal(from[0]) {
						return nil, fmt.Errorf("%s has shape %v, %s has %v: the summands must have the same shape", stored[0], from[0], stored[i], from[i])
					}
				}
				return blockShape(from[:1], 0, len(order))
			},
			Move: func(to, from []tensor.Any) error {
				if err := moveBlocks(to[0], from[0], order); err != nil {
					return err
				}
				summand, err := tensor.NewAny(to[0].DType(), to[0].Shape()...)
				if err != nil {
					return err
				}
				for _, f := range from[1:] {
					if err := moveBlocks(summand, f, order); err != nil {
						return err
					}
					if err := add(to[0], summand); err != nil {
						return err
					}
				}
				return nil
			},
		},
		Save: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
				shapes, err := blockShape(from, -1, len(order))
				for err == nil && len(shapes) < len(stored) {
					shapes = append(shapes, shapes[0])
				}
				return shapes, err
			},
			Move: func(to, from []tensor.Any) error { return restoreBlocks(to[0], from[0], order) },
		},
	}
}

// Stacked is the rule for a value that stacks the stored tensors along its first axis and may reorder their blocks: row j of
// the value is stored[j], and block i of the row is block order[i] of the tensor. Without order the blocks stay where they
// are.
func Stacked(maker Maker, own string, stored []string, order ...int) Rule {
	if len(order) == 0 {
		order = []int{0}
	}
	return Rule{
		Maker: maker, Own: []string{own}, Stored: stored,
		Load: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
				if len(from[0]) != 1 || from[0][0]%len(order) != 0 {
					return nil, fmt.Errorf("%s has shape %v, expected one axis of %d blocks", stored[0], from[0], len(order))
				}
				for i := range from {
					if !from[i].Equal(from[0]) {
						return nil, fmt.Errorf("%s has shape %v, %s has %v: they must have the same shape", stored[0], from[0], stored[i], from[i])
					}
				}
				return []tensor.Shape{{len(from), from[0][0]}}, nil
			},
			Move: func(to, from []tensor.Any) error {
				return eachRow(to[0], func(row tensor.Any, i int) error { return moveBlocks(row, from[i], order) })
			},
		},
		Save: Transform{
			Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
				if len(from[0]) != 2 || from[0][0] != len(stored) || from[0][1]%len(order) != 0 {
					return nil, fmt.Errorf("%s has shape %v, expected %d rows of %d blocks", own, from[0], len(stored), len(order))
				}
				shapes := make([]tensor.Shape, len(stored))
				for i := range shapes {
					shapes[i] = from[0][1:]
				}
				return shapes, nil
			},
			Move: func(to, from []tensor.Any) error {
				return eachRow(from[0], func(row tensor.Any, i int) error { return restoreBlocks(to[i], row, order) })
			},
		},
	}
}
