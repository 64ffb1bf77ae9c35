package tensor

import "fmt"

// CopyRegion copies the region of src that starts at srcAt and has shape to the place in dst that starts at
// dstAt. It is how the parts of a partitioned tensor become one, and how a part is cut out. dst and src are built,
// have one dtype and as many axes as shape; the error says where they do not or where the region leaves one
// of them, and dst is then as it was. What dst and src hold where they share memory and the regions overlap
// is undefined.
//
// Elements move in the longest runs that are contiguous in both tensors.
func CopyRegion(dst Any, dstAt []int, src Any, srcAt []int, shape Shape) error {
	if dst.DType() != src.DType() {
		return fmt.Errorf("tensor: copy a region of %s into %s: another dtype", src, dst)
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

	// Axes from outer on lie in one run; those before it are counted through.
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

// inside returns an error unless t is built and the region of shape that starts at at lies in it.
func inside(t Any, at []int, shape Shape) error {
	full := t.Shape()
	if full == nil || len(at) != len(full) || len(shape) != len(full) {
		return fmt.Errorf("tensor: a region of shape %v at %v does not fit %s", shape, at, t)
	}
	for axis, n := range shape {
		if n < 0 || at[axis] < 0 || n > full[axis] || at[axis] > full[axis]-n {
			return fmt.Errorf("tensor: a region of shape %v at %v leaves %s at axis %d", shape, at, t, axis)
		}
	}
	return nil
}

// startAndSteps returns where the element at index at lies in a tensor of shape, and how far apart are two that
// follow each other along each axis.
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
