package bundle

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/tensor"
)

// A part is one stored part of a partitioned tensor.
type part struct {
	stored
	at tensor.Slice // position in the whole; extents are resolved
}

// partsFor returns the parts of the tensor rec that overlap region, located in their data files. It returns an error if parts
// overlap each other, are missing, or do not cover region.
func (r *Reader) partsFor(key string, rec *record, region tensor.Slice) ([]part, error) {
	whole := &stored{key: key, rec: *rec}
	places := make([]tensor.Slice, len(rec.slices))
	for i, s := range rec.slices {
		at, _, err := s.Resolve(rec.shape)
		if err != nil {
			return nil, r.indexFault(whole, "part %d, %v, is not a region of shape %v", i, s, rec.shape)
		}
		places[i] = at
	}
	if i, j, err := overlap(places); err != nil {
		return nil, r.indexFault(whole, "%v", err)
	} else if i != j {
		return nil, r.indexFault(whole, "parts %v and %v overlap", rec.slices[i], rec.slices[j])
	}
	entries, err := r.storedParts(key)
	if err != nil {
		return nil, err
	}
	var parts []part
	covered := 0
	for i, at := range places {
		common, ok := at.Intersect(region)
		if !ok {
			continue
		}
		covered += lengths(common).Len()
		p := part{stored{key: key, part: rec.slices[i].String()}, at}
		if err := r.findPart(&p, rec, entries[string(slicekey.AppendSlice(nil, rec.slices[i]))]); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	if want := lengths(region).Len(); covered < want {
		return nil, &Error{File: IndexFile(r.prefix), Key: key, Offset: -1, Err: ErrIncomplete,
			Reason: fmt.Sprintf("its %d stored parts have %d of the %d elements of %v", len(rec.slices), covered, want, region)}
	}
	return parts, nil
}

// findPart decodes p's entry, value, compares it with the entry rec of its tensor, and locates p.
func (r *Reader) findPart(p *part, rec *record, value []byte) error {
	if value == nil {
		return r.indexFault(&p.stored, "this part is listed, but has no entry")
	}
	if err := p.rec.decode(value); err != nil {
		return r.entryError(p.key, p.part, err)
	}
	got, shape := &p.rec, lengths(p.at)
	if got.dtype != rec.dtype || got.unknownRank || !got.shape.Equal(shape) || len(got.slices) > 0 {
		return r.indexFault(&p.stored, "its entry says %v%v, want %v%v", got.dtype, got.shape, rec.dtype, shape)
	}
	return r.locate(&p.stored)
}

// overlap returns two regions that have an element in common, or i == j if there are none. All must be
// resolved and have the same rank. It returns an error if there are too many regions to compare.
func overlap(regions []tensor.Slice) (i, j int, err error) {
	if len(regions) == 0 || len(regions[0]) == 0 {
		if len(regions) > 1 {
			return 0, 1, nil // a scalar has one part
		}
		return 0, 0, nil
	}
	axis := busiestAxis(regions)
	order := make([]int, len(regions))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int { return regions[a][axis].Start - regions[b][axis].Start })
	comparisons := 0
	for k, a := range order {
		end := regions[a][axis].Start + regions[a][axis].Length
		for _, b := range order[k+1:] {
			if regions[b][axis].Start >= end {
				break
			}
			if meet(regions[a], regions[b]) {
				return min(a, b), max(a, b), nil
			}
			if comparisons += len(regions[a]); comparisons > maxComparisons {
				return 0, 0, fmt.Errorf("its %d parts are too many to check for overlaps", len(regions))
			}
		}
	}
	return 0, 0, nil
}

// meet reports whether two regions, resolved and of one rank, have an element in common.
func meet(a, b tensor.Slice) bool {
	for i := range a {
		if max(a[i].Start, b[i].Start) >= min(a[i].Start+a[i].Length, b[i].Start+b[i].Length) {
			return false
		}
	}
	return true
}

// busiestAxis returns the axis along which the regions begin at the most different indices. It separates
// most of them.
func busiestAxis(regions []tensor.Slice) int {
	best, most := 0, 0
	for axis := range regions[0] {
		starts := make(map[int]struct{})
		for _, s := range regions {
			starts[s[axis].Start] = struct{}{}
		}
		if len(starts) > most {
			best, most = axis, len(starts)
		}
	}
	return best
}
