package tensor

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Shape is the length of each axis of a tensor, outermost first. The empty shape is a scalar's; the nil Shape is that of a
// tensor that is not built.
type Shape []int

// MaxRank is the largest number of axes in TensorFlow (TensorShape::MaxDimensions). Readers of files reject longer shapes. This
// package does not.
const MaxRank = 254

// Len returns the number of elements of a tensor of shape s: 1 for a scalar, 0 if an axis is empty. It is meaningful only if
// [Shape.Check] returns nil.
func (s Shape) Len() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Check returns an error if an axis is negative or the number of elements does not fit an int.
func (s Shape) Check() error {
	for axis, d := range s {
		if d < 0 {
			return fmt.Errorf("tensor: shape %v: axis %d is negative", s, axis)
		}
	}
	if slices.Contains(s, 0) {
		return nil // empty, however long the other axes are
	}
	n := 1
	for _, d := range s {
		if n > math.MaxInt/d {
			return fmt.Errorf("tensor: shape %v: more elements than an int can count", s)
		}
		n *= d
	}
	return nil
}

// Equal reports whether s and t have the same axes. The shape of a scalar equals that of a tensor that is not built: compare with
// nil to distinguish them.
func (s Shape) Equal(t Shape) bool { return slices.Equal(s, t) }

// String returns s as Go prints a []int: "[3 4]", and "[]" for a scalar.
func (s Shape) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, d := range s {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Itoa(d))
	}
	b.WriteByte(']')
	return b.String()
}
