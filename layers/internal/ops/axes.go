package ops

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// resolveAxes returns axes as indices. Negative axes count from the end. An axis must not occur twice.
func resolveAxes(axes []int, rank int) ([]int, error) {
	out := make([]int, 0, len(axes))
	for _, axis := range axes {
		at := axis
		if at < 0 {
			at += rank
		}
		if at < 0 || at >= rank || slices.Contains(out, at) {
			return nil, fmt.Errorf("axes %v for a tensor of rank %d", axes, rank)
		}
		out = append(out, at)
	}
	return out, nil
}

func resolveOne(axis, rank int) (int, error) {
	at, err := resolveAxes([]int{axis}, rank)
	if err != nil {
		return 0, err
	}
	return at[0], nil
}

// otherAxes returns the axes of a tensor of the given rank that are not in axes.
func otherAxes(axes []int, rank int) []int {
	out := make([]int, 0, rank)
	for i := range rank {
		if !slices.Contains(axes, i) {
			out = append(out, i)
		}
	}
	return out
}

func orDType(d, def tensor.DType) tensor.DType {
	if d == tensor.InvalidDType {
		return def
	}
	return d
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}
