package bundle

import (
	"iter"

	"github.com/gockpt/ckpt/tensor"
)

// A box is the position of a rectangle of elements in an array: the array's shape and the rectangle's first
// index.
type box struct {
	shape tensor.Shape
	at    []int
}

// runs iterates over a rectangle that is in two arrays, in the order of elements. Each step is a run that is
// contiguous in both.
type runs struct {
	src, dst, n int // the current run: its first element in either array, and its length

	outer      []int // lengths of the axes outside of a run
	index      []int // indices into them
	srcStrides []int // elements from one index of an outer axis to the next
	dstStrides []int
	started    bool
}

// newRuns returns the runs of a rectangle of shape ext at src and at dst. Call next before the first.
func newRuns(ext tensor.Shape, src, dst box) *runs {
	// A run covers the last axes that the rectangle has completely, and the rectangle's part of the axis
	// before.
	axis, n := len(ext), 1
	for axis > 0 {
		axis--
		n *= ext[axis]
		if ext[axis] != src.shape[axis] || ext[axis] != dst.shape[axis] {
			break
		}
	}
	r := &runs{n: n, outer: ext[:axis], index: make([]int, axis)}
	r.src, r.srcStrides = src.place(axis)
	r.dst, r.dstStrides = dst.place(axis)
	if ext.Len() == 0 {
		r.n = 0
	}
	return r
}

// place returns the offset of the box's first element, and the strides of its first n axes.
func (b box) place(n int) (offset int, strides []int) {
	strides = make([]int, n)
	stride := 1
	for i := len(b.shape) - 1; i >= 0; i-- {
		offset += b.at[i] * stride
		if i < n {
			strides[i] = stride
		}
		stride *= b.shape[i]
	}
	return offset, strides
}

// next moves to the next run. It returns false after the last.
func (r *runs) next() bool {
	if !r.started {
		r.started = true
		return r.n > 0
	}
	for i := len(r.outer) - 1; i >= 0; i-- {
		r.src += r.srcStrides[i]
		r.dst += r.dstStrides[i]
		if r.index[i]++; r.index[i] < r.outer[i] {
			return true
		}
		r.src -= r.srcStrides[i] * r.outer[i]
		r.dst -= r.dstStrides[i] * r.outer[i]
		r.index[i] = 0
	}
	return false
}

// step returns the number of elements of src between the beginnings of two runs along the innermost outer
// axis.
func (r *runs) step() int {
	if len(r.outer) == 0 {
		return r.n
	}
	return r.srcStrides[len(r.outer)-1]
}

// ahead returns the number of runs that follow the current one at a distance of one step each.
func (r *runs) ahead() int {
	if i := len(r.outer) - 1; i >= 0 {
		return r.outer[i] - 1 - r.index[i]
	}
	return 0
}

// copyRuns copies the elements of rs from src to dst.
func copyRuns[D, S ~string](dst []D, src []S, rs *runs) {
	for rs.next() {
		for i := range rs.n {
			dst[rs.dst+i] = D(src[rs.src+i])
		}
	}
}

// windows yields regions that together cover shape. Each has at most limit consecutive elements, but at least
// one.
func windows(shape tensor.Shape, limit int) iter.Seq[tensor.Slice] {
	return func(yield func(tensor.Slice) bool) {
		if shape.Len() == 0 {
			return
		}
		axis, inner := len(shape), 1 // the axes from axis on are whole
		for axis > 0 && inner*shape[axis-1] <= limit {
			axis--
			inner *= shape[axis]
		}
		region := wholeSlice(shape)
		if axis == 0 {
			yield(region)
			return
		}
		for i := range region[:axis] {
			region[i].Length = 1
		}
		cut, step := axis-1, max(limit/inner, 1) // the axis that is cut, and its length in one window
		for {
			region[cut].Length = min(step, shape[cut]-region[cut].Start)
			if !yield(region) {
				return
			}
			region[cut].Start += region[cut].Length
			for i := cut; region[i].Start == shape[i]; i-- {
				if i == 0 {
					return
				}
				region[i].Start = 0
				region[i-1].Start++
			}
		}
	}
}
