package shard

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/tensor"
)

// A Range is a run of bytes of a stored part.
type Range struct {
	Stored int   // index into the stored parts that Plan was given
	Offset int64 // from the part's first byte
	Length int64
}

// Plan returns the fewest ranges of stored bytes that hold all of p, in the order of stored parts and of offsets. The ranges
// hold at most waste times p's bytes in addition to p's. With a waste of 0 only p's bytes are read. 0.1 suits object stores,
// where a request costs as much as some hundred kilobytes. stored are the parts that the tensor is stored in, each
// row-major; nil means that the tensor is stored whole. size is the number of bytes per element.
//
// Stored parts must not overlap. It is an error if one exceeds the tensor. If the stored parts lack some of p, the error
// satisfies errors.Is(err, bundle.ErrIncomplete).
func Plan(p Part, stored []tensor.Slice, size int, waste float64) ([]Range, error) {
	if stored == nil {
		stored = []tensor.Slice{whole(p.full)}
	}
	var ranges []Range
	needed := int64(0)
	for i, s := range stored {
		at, _, err := s.Resolve(p.full)
		if err != nil {
			return nil, fmt.Errorf("shard: stored part %d: %w", i, err)
		}
		from := len(ranges)
		for _, box := range p.boxes {
			if common, ok := at.Intersect(box); ok {
				ranges = appendRuns(ranges, i, at, common, int64(size))
			}
		}
		for _, r := range ranges[from:] {
			needed += r.Length
		}
		slices.SortFunc(ranges[from:], func(a, b Range) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	if want := int64(p.Len()) * int64(size); needed < want {
		return nil, fmt.Errorf("shard: the %d stored parts hold %d of the part's %d bytes: %w", len(stored), needed, want, bundle.ErrIncomplete)
	}
	return join(ranges, int64(waste*float64(needed))), nil
}

// appendRuns appends the ranges of stored part i that hold the region common. at is the region of the stored part.
func appendRuns(ranges []Range, i int, at, common tensor.Slice, size int64) []Range {
	outer, n := len(at), int64(1) // axes from outer on are contiguous
	for outer > 0 {
		outer--
		n *= int64(common[outer].Length)
		if common[outer] != at[outer] {
			break
		}
	}
	index := make([]int, outer)
	for {
		offset := int64(0)
		for axis, e := range at {
			here := common[axis].Start
			if axis < outer {
				here += index[axis]
			}
			offset = offset*int64(e.Length) + int64(here-e.Start)
		}
		ranges = append(ranges, Range{i, offset * size, n * size})
		axis := outer - 1
		for ; axis >= 0; axis-- {
			if index[axis]++; index[axis] < common[axis].Length {
				break
			}
			index[axis] = 0
		}
		if axis < 0 {
			return ranges
		}
	}
}

// join joins adjacent ranges, and then the ranges with the smallest gaps between them while the gaps have at most budget bytes in
// total. ranges must be in order.
func join(ranges []Range, budget int64) []Range {
	gap := func(i int) (bytes int64, ok bool) { // before range i
		if i == 0 || ranges[i].Stored != ranges[i-1].Stored {
			return 0, false
		}
		return ranges[i].Offset - ranges[i-1].Offset - ranges[i-1].Length, true
	}
	var gaps []int
	for i := range ranges {
		if _, ok := gap(i); ok {
			gaps = append(gaps, i)
		}
	}
	slices.SortStableFunc(gaps, func(a, b int) int {
		x, _ := gap(a)
		y, _ := gap(b)
		return cmp.Compare(x, y)
	})
	joined := make(map[int]bool)
	for _, i := range gaps {
		bytes, _ := gap(i)
		if budget -= bytes; budget < 0 {
			break
		}
		joined[i] = true
	}
	var out []Range
	for i, r := range ranges {
		if joined[i] {
			last := &out[len(out)-1]
			last.Length = r.Offset + r.Length - last.Offset
		} else {
			out = append(out, r)
		}
	}
	return out
}
