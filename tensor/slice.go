package tensor

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// An Extent is a run of indices along one axis. A Length of -1 means the whole axis.
type Extent struct{ Start, Length int }

// Full is the extent that covers a whole axis.
var Full = Extent{0, -1}

// A Slice is a rectangular region of a tensor, one [Extent] per axis: TensorFlow's TensorSlice.
type Slice []Extent

// Resolve returns s with the lengths of its full extents filled in, and the shape of the region. It returns an error if s has
// another rank than full or does not fit in it.
func (s Slice) Resolve(full Shape) (region Slice, shape Shape, err error) {
	if len(s) != len(full) {
		return nil, nil, fmt.Errorf("tensor: slice %v has rank %d, which does not fit shape %v", s, len(s), full)
	}
	region, shape = make(Slice, len(s)), make(Shape, len(s))
	for i, e := range s {
		if e.Length == -1 && e.Start == 0 {
			e.Length = full[i]
		}
		if e.Start < 0 || e.Length < 0 || e.Start > full[i] || e.Length > full[i]-e.Start {
			return nil, nil, fmt.Errorf("tensor: slice %v does not fit shape %v along axis %d", s, full, i)
		}
		region[i], shape[i] = e, e.Length
	}
	return region, shape, nil
}

// Intersect returns the region that s and t share; ok is false if they share none or differ in rank. Neither may have full
// extents: Resolve fills them in.
func (s Slice) Intersect(t Slice) (shared Slice, ok bool) {
	if len(s) != len(t) {
		return nil, false
	}
	shared = make(Slice, len(s))
	for i := range s {
		start := max(s[i].Start, t[i].Start)
		end := min(s[i].Start+s[i].Length, t[i].Start+t[i].Length)
		if start >= end {
			return nil, false
		}
		shared[i] = Extent{start, end - start}
	}
	return shared, true
}

// ParseSlice reads a slice in TensorFlow's notation, in which extents stand between colons: "-:0,5" is all of
// the first axis and indices 0 to 4 of the second, "" the slice of a scalar. As in TensorSlice::Parse a start is
// not negative, a length is positive, and empty extents are skipped ("-:0,5:" has rank 2).
func ParseSlice(spec string) (Slice, error) {
	s := Slice{}
	for part := range strings.SplitSeq(spec, ":") {
		switch part {
		case "":
			continue
		case "-":
			s = append(s, Full)
			continue
		}
		start, length, _ := strings.Cut(part, ",")
		e, err := parseExtent(start, length)
		if err != nil {
			return nil, fmt.Errorf("tensor: slice %q: extent %q: %w", spec, part, err)
		}
		s = append(s, e)
	}
	return s, nil
}

func parseExtent(start, length string) (Extent, error) {
	from, err := strconv.Atoi(start)
	if err != nil {
		return Extent{}, fmt.Errorf(`want "-" or "start,length": %w`, err)
	}
	n, err := strconv.Atoi(length)
	if err != nil {
		return Extent{}, fmt.Errorf(`want "-" or "start,length": %w`, err)
	}
	if from < 0 || n <= 0 || n > math.MaxInt-from {
		return Extent{}, fmt.Errorf("want a start of at least 0 and a length of at least 1, with a sum that fits an int")
	}
	return Extent{from, n}, nil
}

// String returns s in TensorFlow's notation, which [ParseSlice] reads.
func (s Slice) String() string {
	parts := make([]string, len(s))
	for i, e := range s {
		if e == Full {
			parts[i] = "-"
		} else {
			parts[i] = fmt.Sprintf("%d,%d", e.Start, e.Length)
		}
	}
	return strings.Join(parts, ":")
}
