package layout

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// permutation returns the transform that makes axis i of the result from axis axes[i].
func permutation(axes []int) Transform {
	return Transform{
		Shapes: func(from []tensor.Shape) ([]tensor.Shape, error) {
			s, err := permutedShape(from[0], axes)
			return []tensor.Shape{s}, err
		},
		Move: func(to, from []tensor.Any) error { return Permute(to[0], from[0], axes...) },
	}
}

func permutedShape(s tensor.Shape, axes []int) (tensor.Shape, error) {
	if len(axes) == 0 {
		return s, nil
	}
	if len(axes) != len(s) {
		return nil, fmt.Errorf("shape %v has %d axes, expected %d", s, len(s), len(axes))
	}
	p := make(tensor.Shape, len(s))
	for i, a := range axes {
		p[i] = s[a]
	}
	return p, nil
}

// CheckAxes returns an error unless axes has each number from 0 to len(axes)-1 once.
func CheckAxes(axes []int) error {
	sorted := slices.Sorted(slices.Values(axes))
	for i, a := range sorted {
		if a != i {
			return fmt.Errorf("layout: axes %v are not a permutation of 0 … %d", axes, len(axes)-1)
		}
	}
	return nil
}

func inverse(axes []int) []int {
	inv := make([]int, len(axes))
	for i, a := range axes {
		if a < 0 || a >= len(axes) {
			panic(CheckAxes(axes).Error()) // a rule is written by a programmer, not read from a file
		}
		inv[a] = i
	}
	return inv
}

// sameEitherWay reports whether permuting the axes does not change the shape.
func sameEitherWay(s tensor.Shape, axes []int) bool {
	p, err := permutedShape(s, axes)
	return err == nil && p.Equal(s) && s.Len() > 1
}

// Permute fills dst with src's elements so that dst's axis i is src's axis axes[i]. Without axes it copies. dst must have
// src's dtype and the permuted shape. Elements of varying size (strings) cannot be permuted.
func Permute(dst, src tensor.Any, axes ...int) error {
	shape, err := permutedShape(src.Shape(), axes)
	if err != nil {
		return fmt.Errorf("layout: %w", err)
	}
	if dst.DType() != src.DType() || !dst.Shape().Equal(shape) {
		return fmt.Errorf("layout: cannot permute %v%v into %v%v with axes %v", src.DType(), src.Shape(), dst.DType(), dst.Shape(), axes)
	}
	if len(axes) == 0 || slices.IsSorted(axes) {
		return tensor.Assign(dst, src)
	}
	d, ok := tensor.Bytes(dst)
	s, ok2 := tensor.Bytes(src)
	if !ok || !ok2 {
		return fmt.Errorf("layout: elements of %v cannot be permuted", src.DType())
	}
	steps := make([]int, len(axes))
	size := src.DType().Size()
	for i, a := range axes {
		steps[i] = size
		for _, n := range src.Shape()[a+1:] {
			steps[i] *= n
		}
	}
	if dst.Len() > 0 {
		gather(d, s, shape, steps, size)
	}
	return nil
}

// gather copies elements of size bytes into d in row-major order of shape. steps holds the distance in s between neighbours along each
// axis. It walks the two innermost axes in tiles, so that a transposition stays in the cache.
func gather(d, s []byte, shape tensor.Shape, steps []int, size int) {
	if len(shape) > 2 {
		inner := len(d) / shape[0]
		for i := range shape[0] {
			gather(d[i*inner:][:inner], s[i*steps[0]:], shape[1:], steps[1:], size)
		}
		return
	}
	rows, columns := shape[0], shape[1]
	const tile = 32
	for r0 := 0; r0 < rows; r0 += tile {
		for c0 := 0; c0 < columns; c0 += tile {
			for r := r0; r < min(r0+tile, rows); r++ {
				at, from := (r*columns+c0)*size, r*steps[0]+c0*steps[1]
				for range min(tile, columns-c0) {
					copy(d[at:at+size], s[from:from+size])
					at += size
					from += steps[1]
				}
			}
		}
	}
}

// blockShape returns the shape of a vector or a transposed matrix with blocks along axis.
func blockShape(from []tensor.Shape, axis, blocks int) ([]tensor.Shape, error) {
	s := from[0]
	if len(s) < 1 || len(s) > 2 {
		return nil, fmt.Errorf("shape %v has %d axes, expected 1 or 2", s, len(s))
	}
	if axis < 0 {
		axis += len(s)
	}
	if s[axis]%blocks != 0 {
		return nil, fmt.Errorf("axis %d of shape %v is not a multiple of %d", axis, s, blocks)
	}
	p := slices.Clone(s)
	slices.Reverse(p)
	return []tensor.Shape{p}, nil
}

// moveBlocks fills dst with src, transposed if it is a matrix; block i of dst's last axis is block order[i] of src's first.
func moveBlocks(dst, src tensor.Any, order []int) error {
	return withBlocks(src, order, func(reordered tensor.Any) error { return transpose(dst, reordered) })
}

// restoreBlocks is the reverse of moveBlocks.
func restoreBlocks(dst, src tensor.Any, order []int) error {
	if err := transpose(dst, src); err != nil {
		return err
	}
	return withBlocks(dst, inverse(order), func(reordered tensor.Any) error { return tensor.Assign(dst, reordered) })
}

func transpose(dst, src tensor.Any) error {
	if len(src.Shape()) < 2 {
		return tensor.Assign(dst, src)
	}
	return Permute(dst, src, 1, 0)
}

// withBlocks calls use with t, or with a copy that has the blocks of the first axis in the given order.
func withBlocks(t tensor.Any, order []int, use func(tensor.Any) error) error {
	if slices.IsSorted(order) {
		return use(t)
	}
	c, err := tensor.NewAny(t.DType(), t.Shape()...)
	if err != nil {
		return err
	}
	shape, n := slices.Clone(t.Shape()), t.Shape()[0]/len(order)
	shape[0] = n
	to, from := make([]int, len(shape)), make([]int, len(shape))
	for i, o := range order {
		to[0], from[0] = i*n, o*n
		if err := tensor.CopyRegion(c, to, t, from, shape); err != nil {
			return err
		}
	}
	return use(c)
}

// eachRow calls f with each row of a matrix, which shares the matrix's memory.
func eachRow(t tensor.Any, f func(row tensor.Any, i int) error) error {
	return eachBlock(t, t.Shape()[0], func(block tensor.Any, i int) error {
		row, err := reshaped(block, t.Shape()[1:])
		if err != nil {
			return err
		}
		return f(row, i)
	})
}

// add adds summand to sum, element by element, in float64, and rounds to the tensors' dtype.
func add(sum, summand tensor.Any) error {
	a, b := new(tensor.Tensor[float64]), new(tensor.Tensor[float64])
	for _, p := range []struct {
		wide *tensor.Tensor[float64]
		from tensor.Any
	}{{a, sum}, {b, summand}} {
		if err := p.wide.Build(p.from.Shape()...); err != nil {
			return err
		}
		if err := tensor.Cast(p.wide, p.from); err != nil {
			return fmt.Errorf("layout: a sum of %v: %w", sum.DType(), err)
		}
	}
	for i, v := range b.Data() {
		a.Data()[i] += v
	}
	return tensor.Cast(sum, a)
}
