package kernel

import "github.com/gockpt/ckpt/tensor"

// Stretched returns the shape to which NumPy broadcasts tensors of the given shapes. Shapes are aligned at the last axis, and an axis
// of length 1 stretches to any length. ok is false if the shapes do not fit.
func Stretched(shapes ...tensor.Shape) (out tensor.Shape, ok bool) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out = make(tensor.Shape, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, n := range s {
			at := rank - len(s) + i
			switch {
			case n == 1 || n == out[at]:
			case out[at] == 1:
				out[at] = n
			default:
				return nil, false
			}
		}
	}
	return out, true
}

// StretchSteps returns the steps, in elements, for reading a tensor of shape s as shape to. A step is 0 along axes
// that stretch and axes that s lacks.
func StretchSteps(s, to tensor.Shape) []int {
	steps := make([]int, len(to))
	step := 1
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 1 {
			steps[len(to)-len(s)+i] = step
		}
		step *= s[i]
	}
	return steps
}

// Each calls f for every row along the last axis of a tensor of shape s. at is the index of the row's first element. from1 and from2
// are its indices in two other tensors, which have the given steps along the axes of s.
func Each(s tensor.Shape, steps1, steps2 []int, f func(at, from1, from2 int)) {
	if s.Len() == 0 {
		return
	}
	if len(s) == 0 {
		f(0, 0, 0)
		return
	}
	last := len(s) - 1
	index := make([]int, last)
	for at, a, b := 0, 0, 0; ; at += s[last] {
		f(at, a, b)
		axis := last - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			a, b = a+steps1[axis], b+steps2[axis]
			if index[axis] < s[axis] {
				break
			}
			a, b = a-index[axis]*steps1[axis], b-index[axis]*steps2[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}

// Zip stores f(a, b) in dst, which has shape s. It broadcasts a and b to s.
func Zip[A, B, C any](dst []C, s tensor.Shape, a []A, aShape tensor.Shape, b []B, bShape tensor.Shape, f func(A, B) C) {
	if aShape.Equal(s) && bShape.Equal(s) {
		for i := range dst {
			dst[i] = f(a[i], b[i])
		}
		return
	}
	aSteps, bSteps := StretchSteps(aShape, s), StretchSteps(bShape, s)
	n, da, db := 1, 0, 0
	if len(s) > 0 {
		last := len(s) - 1
		n, da, db = s[last], aSteps[last], bSteps[last]
	}
	Each(s, aSteps, bSteps, func(at, i, j int) {
		for k := range dst[at : at+n] {
			dst[at+k] = f(a[i+k*da], b[j+k*db])
		}
	})
}

// AddStretched adds x to y, which has shape s. It broadcasts x to s.
func AddStretched(y []float32, s tensor.Shape, x []float32, xShape tensor.Shape) {
	if len(xShape) == 1 && len(s) > 0 && xShape[0] == s[len(s)-1] && len(x) > 0 {
		for ; len(y) >= len(x); y = y[len(x):] {
			for i, v := range x {
				y[i] += v
			}
		}
		return
	}
	Zip(y, s, y, s, x, xShape, func(a, b float32) float32 { return a + b })
}
