package tensor

import "fmt"

// CopyRegion copies the region of src that starts at srcAt and has shape to the place in dst that starts at dstAt. It assembles
// the parts of a partitioned tensor, and extracts a part. dst and src must be built and have the same dtype and as many axes as
// shape. CopyRegion returns an error, and leaves dst unchanged, if they do not, or if the region does not fit in one of them. The
// result is undefined if the regions overlap in memory.
//
// Elements move in the longest runs that are contiguous in both tensors.
func CopyRegion(dst Any, dstAt []int, src Any, srcAt []int, shape Shape) error {
	if dst.DType() != src.DType() {
		return fmt.Errorf("tensor: cannot copy a region of %s into %s: the dtypes differ", src, dst)
	}
	if err := inside(dst, dstAt, shape); err != nil {
		return err
	}
	if err := inside(src, srcAt, shape); err != nil {
		return err
	}
	if shape.Len() == 0 {
		return nil
	}

	// The axes from outer on lie in one run; the loop counts through the axes before it.
	outer, run := len(shape), 1
	for outer > 0 {
		outer--
		run *= shape[outer]
		if shape[outer] != dst.Shape()[outer] || shape[outer] != src.Shape()[outer] {
			break
		}
	}
	d, dstStep := startAndSteps(dst.Shape(), dstAt)
	s, srcStep := startAndSteps(src.Shape(), srcAt)
	index := make([]int, outer)
	for {
		dst.copyRun(d, src, s, run)
		axis := outer - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			d += dstStep[axis]
			s += srcStep[axis]
			if index[axis] < shape[axis] {
				break
			}
			d -= dstStep[axis] * shape[axis]
			s -= srcStep[axis] * shape[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return nil
		}
	}
}

// inside returns an error unless t is built and contains the region of shape that starts at index at.
func inside(t Any, at []int, shape Shape) error {
	full := t.Shape()
	if full == nil || len(at) != len(full) || len(shape) != len(full) {
		return fmt.Errorf("tensor: a region of shape %v at %v does not fit %s", shape, at, t)
	}
	for axis, n := range shape {
		if n < 0 || at[axis] < 0 || n > full[axis] || at[axis] > full[axis]-n {
			return fmt.Errorf("tensor: a region of shape %v at %v does not fit in %s along axis %d", shape, at, t, axis)
		}
	}
	return nil
}

// startAndSteps returns the offset of the element at index at in a tensor of shape, and the distance between neighbouring elements
// along each axis.
func startAndSteps(shape Shape, at []int) (start int, steps []int) {
	steps = make([]int, len(shape))
	step := 1
	for axis := len(shape) - 1; axis >= 0; axis-- {
		steps[axis] = step
		start += at[axis] * step
		step *= shape[axis]
	}
	return start, steps
}
