package tensor

import (
	"fmt"
	"strings"
)

// An Extent is a run of indices along one axis. A Length of -1 is the whole axis, whatever its length.
type Extent struct{ Start, Length int }

// Full is the extent that covers an axis whatever its length.
var Full = Extent{0, -1}

// A Slice is a rectangular region of a tensor, one [Extent] per axis: TensorFlow's TensorSlice.
type Slice []Extent

// Resolve returns the region with every full extent given its axis's length, and the region's own shape.
// The error says where s has another rank than full or leaves it.
func (s Slice) Resolve(full Shape) (region Slice, shape Shape, err error) {
	if len(s) != len(full) {
		return nil, nil, fmt.Errorf("tensor: slice %v of rank %d for shape %v", s, len(s), full)
	}
	region, shape = make(Slice, len(s)), make(Shape, len(s))
	for i, e := range s {
		if e.Length == -1 && e.Start == 0 {
			e.Length = full[i]
		}
		if e.Start < 0 || e.Length < 0 || e.Start > full[i] || e.Length > full[i]-e.Start {
			return nil, nil, fmt.Errorf("tensor: slice %v leaves shape %v at axis %d", s, full, i)
		}
		region[i], shape[i] = e, e.Length
	}
	return region, shape, nil
}

// String returns s in TensorFlow's notation: "-:0,5" is all of the first axis and indices 0 to 4 of the second.
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
