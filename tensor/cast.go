package tensor

import (
	"fmt"
	"reflect"
)

// Cast copies the elements of src to dst, which is built and has src's shape, as values of dst's dtype. It converts between the
// floats, rounding to nearest, ties to even; between the integers, including the integers of quantized dtypes; and between the
// complex dtypes. Bools, strings and variants can only be copied.
//
// An element that dst's dtype cannot hold is a [*ValueError]: an integer out of range, a finite float beyond the largest, an
// infinity or a NaN if dst's dtype has none. Then only some of dst's elements have been assigned.
func Cast(dst, src Any) error {
	if err := sameShape("cast", dst, src); err != nil {
		return err
	}
	from, to := src.DType(), dst.DType()
	bad := -1
	switch {
	case from == to:
		dst.copyRun(0, src, 0, src.Len())
	case from.kind() != to.kind() || from.kind() == other:
		return fmt.Errorf("tensor: cannot cast %s to %v: only casts between floats, between integers and between complex numbers are possible", src, to)
	case from.kind() == floating:
		bad = castFloats(dst, src)
	case from.kind() == integer:
		bad = castIntegers(dst, src)
	case from.kind() == complexes:
		bad = castComplexes(dst, src)
	}
	if bad >= 0 {
		return &ValueError{Index: indexOf(bad, src.Shape()), Value: fmt.Sprint(reflect.ValueOf(src.Values()).Index(bad)), From: from, To: to}
	}
	return nil
}

// A ValueError is the error of [Cast] about the first element that the other dtype cannot hold.
type ValueError struct {
	Index    []int  // the element's index, one number per axis
	Value    string // the element, as %v prints it
	From, To DType
}

// Error names the element, its value and both dtypes.
func (e *ValueError) Error() string {
	return fmt.Sprintf("tensor: cannot cast %v to %v: element %v is %s, which %v cannot hold", e.From, e.To, e.Index, e.Value, e.To)
}

// indexOf returns the index of the element with number at in row-major order.
func indexOf(at int, shape Shape) []int {
	index := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		index[axis] = at % shape[axis]
		at /= shape[axis]
	}
	return index
}

// castChunk is the number of elements that pass through a buffer at once, few enough for a processor's first cache.
const castChunk = 512

// castThrough moves the elements of src to dst in chunks by way of W, which holds every value of either. It returns the number of
// the first element that narrow refuses, or -1.
func castThrough[W any](dst, src Any, widen func(src Any, from int, wide []W), narrow func(dst Any, at int, wide []W) int) int {
	var buffer [castChunk]W
	for at, n := 0, src.Len(); at < n; at += castChunk {
		wide := buffer[:min(castChunk, n-at)]
		widen(src, at, wide)
		if bad := narrow(dst, at, wide); bad >= 0 {
			return at + bad
		}
	}
	return -1
}

func castComplexes(dst, src Any) int {
	switch src := src.(type) {
	case *Tensor[complex64]:
		out := dst.(*Tensor[complex128]).data
		for i, v := range src.data {
			out[i] = complex128(v)
		}
	case *Tensor[complex128]:
		out := dst.(*Tensor[complex64]).data
		for i, v := range src.data {
			re, okRe := float32FromFloat64(real(v))
			im, okIm := float32FromFloat64(imag(v))
			if !okRe || !okIm {
				return i
			}
			out[i] = complex(re, im)
		}
	}
	return -1
}
