package cli

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/cmplx"
	"reflect"
	"strconv"

	"github.com/gockpt/ckpt/tensor"
)

// A valueDifference says how the values of two tensors with the same dtype and shape differ.
type valueDifference struct {
	Different int          `json:"different"` // number of different elements
	Elements  int          `json:"elements"`
	Largest   *number      `json:"largest,omitempty"` // the largest difference; NaNs do not count
	At        tensor.Shape `json:"at"`                // the position of the largest difference, or else of the first
	A         string       `json:"a"`                 // the values at this position
	B         string       `json:"b"`
}

// String returns the difference in words.
func (v *valueDifference) String() string {
	text, which := fmt.Sprintf("%d of %d values differ", v.Different, v.Elements), "first"
	by := ""
	if v.Largest != nil {
		which, by = "most", fmt.Sprintf(" (by %v)", float64(*v.Largest))
	}
	if v.Elements == 1 {
		return fmt.Sprintf("%s -> %s%s", v.A, v.B, by)
	}
	return fmt.Sprintf("%s, %s at %v: %s -> %s%s", text, which, v.At, v.A, v.B, by)
}

// compareValues compares two tensors of the same dtype and shape. It returns nil if all values are equal: if they have the same
// bits, or are numbers that differ by at most tolerance.
func compareValues(ctx context.Context, a, b tensor.Any, tolerance float64) (*valueDifference, error) {
	v := &valueDifference{Elements: a.Len()}
	var err error
	if bytesA, ok := tensor.Bytes(a); ok {
		bytesB, _ := tensor.Bytes(b)
		err = v.compareNumbers(ctx, a.DType(), a.Shape(), bytesA, bytesB, tolerance)
	} else {
		v.compareTexts(a, b)
	}
	if err != nil || v.Different == 0 {
		return nil, err
	}
	return v, nil
}

// chunkElements is the number of elements that are converted and compared at once.
const chunkElements = 1 << 14

// compareNumbers compares the bytes of two tensors, and compares them as numbers if the bytes differ.
func (v *valueDifference) compareNumbers(ctx context.Context, d tensor.DType, shape tensor.Shape, a, b []byte, tolerance float64) error {
	size := d.Size()
	for at := 0; at < len(a); at += chunkElements * size {
		if err := ctx.Err(); err != nil {
			return err
		}
		end := min(len(a), at+chunkElements*size)
		if bytes.Equal(a[at:end], b[at:end]) {
			continue
		}
		x, err := convert(d, a[at:end])
		if err != nil {
			return err
		}
		y, err := convert(d, b[at:end])
		if err != nil {
			return err
		}
		for i := range (end - at) / size {
			from := at + i*size
			if bytes.Equal(a[from:from+size], b[from:from+size]) {
				continue
			}
			by := distance(x.wide, y.wide, i)
			if by <= tolerance {
				continue
			}
			v.Different++
			if v.Largest == nil || further(by, float64(*v.Largest)) {
				v.Largest, v.At = (*number)(&by), indices(from/size, shape)
				v.A, v.B = x.text(i), y.text(i)
			}
		}
	}
	return nil
}

// further reports whether a is a larger difference than b. NaN is the largest.
func further(a, b float64) bool { return a > b || math.IsNaN(a) && !math.IsNaN(b) }

// A chunk is a run of a tensor's elements, converted to the widest type of their kind.
type chunk struct {
	elements tensor.Any
	wide     any
}

func (c *chunk) text(i int) string {
	return fmt.Sprint(reflect.ValueOf(c.elements.Values()).Index(i).Interface())
}

// convert returns the elements in raw, the memory of a tensor of dtype d.
func convert(d tensor.DType, raw []byte) (*chunk, error) {
	n := len(raw) / d.Size()
	narrow, err := tensor.NewAny(d, n)
	if err != nil {
		return nil, err
	}
	memory, _ := tensor.Bytes(narrow)
	copy(memory, raw)
	wide := []tensor.Any{tensor.New[float64](n), tensor.New[int64](n), tensor.New[complex128](n), tensor.New[bool](n)}
	if d == tensor.DTypeOf[uint64]() {
		wide = []tensor.Any{tensor.New[uint64](n)}
	}
	for _, w := range wide {
		if err = tensor.Cast(w, narrow); err == nil {
			return &chunk{narrow, w.Values()}, nil
		}
	}
	return nil, err
}

// distance returns the difference of the elements i of two slices of the same type.
func distance(a, b any, i int) float64 {
	switch a := a.(type) {
	case []float64:
		return math.Abs(a[i] - b.([]float64)[i])
	case []complex128:
		return cmplx.Abs(a[i] - b.([]complex128)[i])
	case []int64: // as unsigned numbers the difference does not overflow
		return float64(uint64(max(a[i], b.([]int64)[i])) - uint64(min(a[i], b.([]int64)[i])))
	case []uint64:
		return float64(max(a[i], b.([]uint64)[i]) - min(a[i], b.([]uint64)[i]))
	}
	return 1 // the bools differ
}

// compareTexts compares strings and variants.
func (v *valueDifference) compareTexts(a, b tensor.Any) {
	x, y := reflect.ValueOf(a.Values()), reflect.ValueOf(b.Values())
	for i := range x.Len() {
		one, other := x.Index(i).String(), y.Index(i).String()
		if one == other {
			continue
		}
		if v.Different++; v.Different == 1 {
			v.At, v.A, v.B = indices(i, a.Shape()), excerpt(one), excerpt(other)
		}
	}
}

// excerpt returns a text in quotation marks, or only the length of a long text.
func excerpt(s string) string {
	if len(s) > 40 {
		return count(len(s), "byte")
	}
	return strconv.Quote(s)
}

// indices returns the indices of an element in a tensor of the given shape.
func indices(element int, shape tensor.Shape) tensor.Shape {
	at := make(tensor.Shape, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		at[axis], element = element%shape[axis], element/shape[axis]
	}
	return at
}
