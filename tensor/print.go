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

// Format implements [fmt.Formatter]. The verb %s prints what String returns. %v adds the elements as nested
// rows. If there are more than a dozen, it prints only the first and last three along the innermost axis, and
// the first and last row along the others. %+v prints up to a thousand elements. If there are more, it prints
// the first and last three along each axis. Any other verb, such as "%.2f" or "%q", prints the same rows as
// %+v and formats each element with that verb; small floats and integers are formatted as numbers.
//
// The receiver is a value, so a tensor in a field prints like this, too.
func (t Tensor[T]) Format(f fmt.State, verb rune) {
	format, short := fmt.FormatString(f, verb), false
	if verb == 's' || verb == 'v' {
		io.WriteString(f, t.String())
		if verb == 's' || t.shape == nil {
			return
		}
		io.WriteString(f, " ")
		format, short = "%v", !f.Flag('+')
		if t.DType().Size() == 0 {
			format = "%q" // strings: their ends must show
		}
	}
	if t.shape == nil {
		return
	}
	p := rowPrinter[T]{w: f, element: func(v T) { fmt.Fprintf(f, format, number(v, verb)) }}
	switch {
	case short && len(t.data) > shortSummarized:
		p.outer, p.inner = 1, edge
	case len(t.data) > summarized:
		p.outer, p.inner = edge, edge
	}
	p.rows(t.shape, t.data)
}

// summarized and edge are NumPy's print options of the same meaning (threshold and edgeitems).
const (
	summarized      = 1000
	shortSummarized = 12
	edge            = 3
)

// A rowPrinter prints rows of elements.
type rowPrinter[T Element] struct {
	w       io.Writer
	element func(T)
	// The numbers of elements to print at each end of the innermost axis and of the others; 0 means all.
	inner, outer int
}

// rows prints data, which has shape: the rows of its first axis in brackets, separated by blanks.
func (p *rowPrinter[T]) rows(shape Shape, data []T) {
	if len(shape) == 0 {
		p.element(data[0])
		return
	}
	if len(data) == 0 {
		io.WriteString(p.w, "[]") // and not one pair for each of what may be 2^40 empty rows
		return
	}
	n, row, ends := shape[0], shape[1:].Len(), p.outer
	if len(shape) == 1 {
		ends = p.inner
	}
	io.WriteString(p.w, "[")
	for i := 0; i < n; i++ {
		if i > 0 {
			io.WriteString(p.w, " ")
		}
		if i == ends && ends > 0 && n > 2*ends {
			io.WriteString(p.w, "... ")
			i = n - ends
		}
		p.rows(shape[1:], data[i*row:(i+1)*row])
	}
	io.WriteString(p.w, "]")
}

// number returns the number to print for the element v: %f must not print the bits of a small float, and %d must not print those
// of an Int4.
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
