package tensor

import (
	"fmt"
	"io"
	"strings"
)

// String returns t's dtype and shape, such as "float32[3 4]".
func (t Tensor[T]) String() string {
	if t.shape == nil {
		return t.DType().String() + " (not built)"
	}
	return t.DType().String() + t.shape.String()
}

// Format implements [fmt.Formatter]. The verbs %v and %s print what String returns, so that a struct full of
// weights prints in a few lines; %+v adds the elements as nested rows. Any other verb prints the nested rows with
// itself applied to each element, the small floats and integers as the numbers they are: "%.2f", "%q". Of more
// than a thousand elements only the first and last three along each axis are printed.
//
// It belongs to the value and not the pointer, so that a tensor that is a field prints like this too.
func (t Tensor[T]) Format(f fmt.State, verb rune) {
	format := fmt.FormatString(f, verb)
	switch {
	case verb == 's', verb == 'v' && !f.Flag('+'):
		io.WriteString(f, t.String())
		return
	case verb == 'v':
		io.WriteString(f, t.String())
		if t.shape != nil {
			io.WriteString(f, " ")
		}
		format = "%v"
		if t.DType().Size() == 0 {
			format = "%q" // strings: their ends must show
		}
	}
	if t.shape == nil {
		return
	}
	t.printRows(f, t.shape, t.data, func(v T) { fmt.Fprintf(f, format, number(v, verb)) })
}

// summarized and edge are NumPy's print options of the same meaning (threshold and edgeitems).
const (
	summarized = 1000
	edge       = 3
)

// printRows prints data, which has shape: the rows of its first axis in brackets, separated by blanks.
func (t Tensor[T]) printRows(w io.Writer, shape Shape, data []T, element func(T)) {
	if len(shape) == 0 {
		element(data[0])
		return
	}
	if len(data) == 0 {
		io.WriteString(w, "[]") // and not one pair for each of what may be 2^40 empty rows
		return
	}
	n, row := shape[0], shape[1:].Len()
	io.WriteString(w, "[")
	for i := 0; i < n; i++ {
		if i > 0 {
			io.WriteString(w, " ")
		}
		if i == edge && n > 2*edge && len(t.data) > summarized {
			io.WriteString(w, "... ")
			i = n - edge
		}
		t.printRows(w, shape[1:], data[i*row:(i+1)*row], element)
	}
	io.WriteString(w, "]")
}

// number returns what verb is to print for the element v: the bits of a small float are no number to %f, nor
// are those of an Int4 to %d.
func number(v any, verb rune) any {
	switch v := v.(type) {
	case interface{ Float32() float32 }:
		if strings.ContainsRune("eEfFgG", verb) {
			return v.Float32()
		}
	case interface{ Int8() int8 }:
		if verb == 'd' {
			return v.Int8()
		}
	case interface{ Uint8() uint8 }:
		if verb == 'd' {
			return v.Uint8()
		}
	}
	return v
}
