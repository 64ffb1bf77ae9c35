package shard

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A Part is the part of a tensor that one worker holds: rectangles, one after the other in the worker's memory.
type Part struct {
	full  tensor.Shape
	boxes []tensor.Slice // resolved, none empty
}

// Box returns the part that consists of one region. In memory it is a tensor of the region's shape. It is an error if region
// exceeds full.
func Box(full tensor.Shape, region tensor.Slice) (Part, error) {
	resolved, shape, err := region.Resolve(full)
	if err != nil {
		return Part{}, fmt.Errorf("shard: %w", err)
	}
	p := Part{full: slices.Clone(full)}
	if shape.Len() > 0 {
		p.boxes = []tensor.Slice{resolved}
	}
	return p, nil
}

// Flat returns the part that consists of the elements from start up to, not including, end, counted in row-major order
// across all axes. This is what a worker holds under ZeRO or fully sharded data parallelism. In memory it is a vector. It is
// an error if the range exceeds full.
func Flat(full tensor.Shape, start, end int) (Part, error) {
	if start < 0 || start > end || end > full.Len() {
		return Part{}, fmt.Errorf("shard: elements %d to %d exceed a tensor of shape %v, which has %d", start, end, full, full.Len())
	}
	p := Part{full: slices.Clone(full)}
	if start < end {
		p.boxes = flat(full, start, end)
	}
	return p, nil
}

// FlatRange returns the range that a worker holds of a flat tensor with n elements. Pieces have ceil(n/of) elements; the
// last pieces are shorter or empty.
func FlatRange(n, worker, of int) (start, end int) {
	e := chunk(n, worker, of)
	return e.Start, e.Start + e.Length
}

// flat returns the rectangles that make up elements start to end of shape, in order. There must be at least one element. There are
// at most two rectangles for each axis but the last, and one more.
func flat(shape tensor.Shape, start, end int) []tensor.Slice {
	if len(shape) == 0 {
		return []tensor.Slice{{}}
	}
	inner := shape[1:].Len()
	first, last := start/inner, (end-1)/inner // rows that hold some of the elements
	row := func(i, start, end int) []tensor.Slice {
		boxes := flat(shape[1:], start, end)
		for k, b := range boxes {
			boxes[k] = append(tensor.Slice{{Start: i, Length: 1}}, b...)
		}
		return boxes
	}
	start, end = start-first*inner, end-last*inner
	if first == last && end-start < inner {
		return row(first, start, end)
	}
	var boxes []tensor.Slice
	if start > 0 {
		boxes = row(first, start, inner)
		first++
	}
	var tail []tensor.Slice
	if end < inner {
		tail = row(last, 0, end)
		last--
	}
	if first <= last {
		whole := tensor.Slice{{Start: first, Length: last - first + 1}}
		for _, n := range shape[1:] {
			whole = append(whole, tensor.Extent{Start: 0, Length: n})
		}
		boxes = append(boxes, whole)
	}
	return append(boxes, tail...)
}

// Full returns the whole tensor's shape.
func (p Part) Full() tensor.Shape { return slices.Clone(p.full) }

// Boxes returns the regions of the part, in their order in memory.
func (p Part) Boxes() []tensor.Slice {
	boxes := make([]tensor.Slice, len(p.boxes))
	for i, b := range p.boxes {
		boxes[i] = slices.Clone(b)
	}
	return boxes
}

// Len returns the number of elements.
func (p Part) Len() int {
	n := 0
	for _, b := range p.boxes {
		n += lengths(b).Len()
	}
	return n
}

// lengths returns the shape of a region with resolved extents.
func lengths(region tensor.Slice) tensor.Shape {
	s := make(tensor.Shape, len(region))
	for i, e := range region {
		s[i] = e.Length
	}
	return s
}
