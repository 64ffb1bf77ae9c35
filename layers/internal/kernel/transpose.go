package kernel

import "github.com/gockpt/ckpt/tensor"

// Transpose copies src, which has the given shape, to dst with its axes permuted: axis i of dst is axis perm[i] of src.
func Transpose(dst, src []float32, shape tensor.Shape, perm []int) {
	if len(dst) == 0 {
		return
	}
	rank := len(perm)
	if rank == 0 {
		copy(dst, src)
		return
	}
	strides := make([]int, rank) // of src, in src's order
	for i, step := rank-1, 1; i >= 0; i-- {
		strides[i] = step
		step *= shape[i]
	}
	length, step := make([]int, rank), make([]int, rank) // in dst's order
	for i, axis := range perm {
		length[i], step[i] = shape[axis], strides[axis]
	}
	n, stride := length[rank-1], step[rank-1]
	index := make([]int, rank-1)
	for at := 0; ; {
		row := dst[:n]
		dst = dst[n:]
		if stride == 1 {
			copy(row, src[at:at+n])
		} else {
			for i, from := 0, at; i < n; i, from = i+1, from+stride {
				row[i] = src[from]
			}
		}
		axis := rank - 2
		for ; axis >= 0; axis-- {
			index[axis]++
			at += step[axis]
			if index[axis] < length[axis] {
				break
			}
			at -= index[axis] * step[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}

// Permuted returns s with its axes permuted: axis i of the result is axis perm[i] of s.
func Permuted(s tensor.Shape, perm []int) tensor.Shape {
	out := make(tensor.Shape, len(perm))
	for i, axis := range perm {
		out[i] = s[axis]
	}
	return out
}

// Inverse returns the inverse of the permutation perm.
func Inverse(perm []int) []int {
	out := make([]int, len(perm))
	for i, axis := range perm {
		out[axis] = i
	}
	return out
}
