package raw

import (
	"cmp"
	"slices"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// An axis describes n elements. They lie src bytes apart in the blob and dst bytes apart in memory.
type axis struct {
	n     int
	src   int64
	dst   int
	inner int64 // bytes of the blob that one index spans, with all axes after this one
	dense bool  // the gaps between the elements of this axis, and of those after it, are small enough to be read along
}

// bySource orders axes by their steps in the blob, the longest step first.
func bySource(a, b axis) int { return cmp.Compare(b.src, a.src) }

// view returns where the elements of a region lie: the offset of the first element in bytes from the tensor's first element,
// and the axes, in the order in which reading never goes backwards. The region must have elements. Adjacent axes without a gap
// between them become one axis. No axes, or a single axis with steps of size in blob and memory, mean that the region is
// contiguous.
func (e *entry) view(region tensor.Slice) (start int64, axes []axis) {
	size := int64(e.DType.Size())
	strides := e.Strides
	if strides == nil {
		strides = rowMajor(e.Shape)
	}
	dst := int(size)
	for i := len(region) - 1; i >= 0; i-- {
		start += int64(region[i].Start) * strides[i] * size
		n, src := region[i].Length, strides[i]*size
		if last := len(axes) - 1; last >= 0 && src == axes[last].src*int64(axes[last].n) {
			axes[last].n *= n
		} else if n > 1 {
			axes = append(axes, axis{n: n, src: src, dst: dst})
		}
		dst *= n
	}
	slices.Reverse(axes)
	slices.SortStableFunc(axes, bySource)
	exact := e.planned(region)
	span, wanted, dense := size, size, true
	for i := len(axes) - 1; i >= 0; i-- {
		a := &axes[i]
		a.inner = span
		span += int64(a.n-1) * a.src
		wanted *= int64(a.n)
		if exact {
			dense = span == wanted
		} else {
			dense = dense && a.src <= max(nearSize, 2*a.inner)
		}
		a.dense = dense
	}
	return start, axes
}

// planned reports whether a region is read run by run, because its file fetches ahead: the file knows better which gaps to read
// along.
func (e *entry) planned(region tensor.Slice) bool {
	n := 1
	for _, r := range region {
		n *= r.Length
	}
	return n != e.n && e.blob.open == nil && e.blob.file.fetches()
}

// runs returns the contiguous runs of a region as ranges of its file.
func (e *entry) runs(region tensor.Slice) (ranges []fsx.Range) {
	start, axes := e.view(region)
	outer := slices.IndexFunc(axes, func(a axis) bool { return a.dense })
	if outer < 0 {
		outer = len(axes)
	}
	n := int64(e.DType.Size())
	for _, a := range axes[outer:] {
		n *= int64(a.n)
	}
	var add func(at int64, axes []axis)
	add = func(at int64, axes []axis) {
		if len(axes) == 0 {
			ranges = append(ranges, fsx.Range{Off: at, N: n})
			return
		}
		for i := range axes[0].n {
			add(at+int64(i)*axes[0].src, axes[1:])
		}
	}
	add(e.blob.base+e.Offset+start, axes[:outer])
	return ranges
}

// contiguous reports whether elements of size bytes lie in the blob as they must lie in memory.
func contiguous(axes []axis, size int) bool {
	return len(axes) == 0 || len(axes) == 1 && axes[0].src == int64(size) && axes[0].dst == size
}

// scatter copies the elements that axes describe from src to dst. An element has size bytes.
func scatter(dst, src []byte, axes []axis, size int) {
	switch len(axes) {
	case 0:
		copy(dst[:size], src)
		return
	case 1:
		copyLine(dst, src, axes[0], size)
		return
	}
	// Write memory in runs that are as long as possible: the axis with the shortest step in memory becomes the innermost.
	inner := 0
	for i, a := range axes {
		if a.dst < axes[inner].dst {
			inner = i
		}
	}
	var order [8]axis
	ordered := append(order[:0], axes[:inner]...)
	ordered = append(append(ordered, axes[inner+1:]...), axes[inner])
	copyBox(dst, src, ordered, size)
}

// copyBox is scatter in the given order of axes.
func copyBox(dst, src []byte, axes []axis, size int) {
	a := axes[0]
	if len(axes) == 1 {
		copyLine(dst, src, a, size)
		return
	}
	for i := range a.n {
		copyBox(dst[i*a.dst:], src[int64(i)*a.src:], axes[1:], size)
	}
}

// copyLine copies a.n elements of size bytes each.
func copyLine(dst, src []byte, a axis, size int) {
	from, to := int(a.src), a.dst
	if from == size && to == size {
		copy(dst[:a.n*size], src)
		return
	}
	switch size {
	case 1:
		for i := range a.n {
			dst[i*to] = src[i*from]
		}
	case 2:
		for i := range a.n {
			copyElement[[2]byte](dst[i*to:], src[i*from:])
		}
	case 4:
		for i := range a.n {
			copyElement[[4]byte](dst[i*to:], src[i*from:])
		}
	case 8:
		for i := range a.n {
			copyElement[[8]byte](dst[i*to:], src[i*from:])
		}
	default:
		for i := range a.n {
			copy(dst[i*to:i*to+size], src[i*from:])
		}
	}
}

// copyElement copies an element of constant size, which the compiler turns into a single move.
func copyElement[E [2]byte | [4]byte | [8]byte](dst, src []byte) {
	var e E
	copy(dst[:len(e)], src[:len(e)])
}
