package raw

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A Tensor describes where a tensor lies and how its numbers are stored.
type Tensor struct {
	Key   string
	DType tensor.DType // of the values; [tensor.InvalidDType] if Refuse is set and this module has no matching dtype
	Shape tensor.Shape

	Blob      int     // index of the blob that holds the tensor
	Offset    int64   // of the first element, in bytes from the beginning of the blob
	Strides   []int64 // from one index of each axis to the next, in elements, not negative; nil means row-major order without gaps
	BigEndian bool    // byte order of each number
	Code      *Code   // nil if numbers are stored as DType says

	Stored string // the format's name of the stored type, such as "F32", "<f4" or "Q8_0"; for listings
	Size   int64  // bytes in the blob; set by NewReader, or by the format's package if Refuse is set

	// Sum, if it is not nil, is compared whenever all of the tensor is read. It must be nil for blocks and streams.
	Sum *Sum

	// Refuse is the error of reading a tensor that can only be listed; nil for all others. It should satisfy
	// errors.Is(err, errors.ErrUnsupported).
	Refuse error
}

// A Code describes numbers that are stored in blocks. All blocks have the same number of elements and of bytes. Blocks
// follow one another without gaps, and their elements are in row-major order.
type Code struct {
	Elements int // per block
	Bytes    int // per block
	// Decode converts whole blocks in src to numbers of the tensor's dtype in this machine's byte order. It fills dst and
	// accepts any bytes. Several goroutines may call it at once.
	Decode func(dst, src []byte)
}

// A Sum is the CRC-32 (IEEE) of the bytes of a blob from its beginning to the end of a tensor. Archives have such checksums
// of their members.
type Sum struct {
	Before uint32 // of the bytes before the tensor
	Want   uint32 // of those bytes and the tensor
}

// An entry is a tensor that newEntry has checked.
type entry struct {
	*Tensor
	blob *Blob
	n    int // elements
}

// newEntry checks t by itself and normalizes it: it removes strides that describe row-major order.
func newEntry(t *Tensor, blobs []*Blob) (entry, error) {
	e := entry{Tensor: t}
	if t.Blob < 0 || t.Blob >= len(blobs) {
		return e, fmt.Errorf("it lies in blob %d of %d", t.Blob, len(blobs))
	}
	e.blob = blobs[t.Blob]
	if len(t.Shape) > tensor.MaxRank {
		return e, fmt.Errorf("its shape has %d axes, at most %d are supported", len(t.Shape), tensor.MaxRank)
	}
	if err := t.Shape.Check(); err != nil {
		return e, err
	}
	if e.Shape == nil {
		e.Shape = tensor.Shape{}
	}
	e.n = t.Shape.Len()
	if t.Refuse != nil {
		if t.Offset < 0 || t.Size < 0 || t.Size > e.blob.size || t.Offset > e.blob.size-t.Size {
			return e, fmt.Errorf("its %d bytes at offset %d exceed the %d bytes of %s", t.Size, t.Offset, e.blob.size, e.blob.name)
		}
		return e, nil
	}
	if t.Code != nil || e.blob.open != nil {
		e.Sum = nil
	}
	if t.DType.Size() == 0 {
		return e, fmt.Errorf("%v is not a numeric type", t.DType)
	}
	var err error
	switch {
	case t.Code != nil:
		e.Size, err = e.codedSize()
	case len(t.Strides) > 0:
		e.Size, err = e.spanSize()
	default:
		e.Strides = nil
		e.Size, err = product(int64(e.n), int64(t.DType.Size()))
	}
	if err != nil {
		return e, err
	}
	if t.Offset < 0 || e.Size > e.blob.size || t.Offset > e.blob.size-e.Size {
		return e, fmt.Errorf("its %d bytes at offset %d exceed the %d bytes of %s: the file was cut off, or its header is damaged",
			e.Size, t.Offset, e.blob.size, e.blob.name)
	}
	return e, nil
}

// codedSize returns the number of bytes of the blocks.
func (e *entry) codedSize() (int64, error) {
	c := e.Code
	if len(e.Strides) > 0 || e.BigEndian {
		return 0, fmt.Errorf("blocks with strides or big-endian numbers are not supported")
	}
	if e.n%c.Elements != 0 {
		return 0, fmt.Errorf("its %d elements are not a multiple of the %d in a block", e.n, c.Elements)
	}
	if _, err := product(int64(e.n), int64(e.DType.Size())); err != nil {
		return 0, err
	}
	return product(int64(e.n/c.Elements), int64(c.Bytes))
}

// spanSize checks the strides and returns the number of bytes from the first element to the end of the last.
func (e *entry) spanSize() (int64, error) {
	if len(e.Strides) != len(e.Shape) {
		return 0, fmt.Errorf("it has %d strides for %d axes", len(e.Strides), len(e.Shape))
	}
	size := int64(e.DType.Size())
	if e.n == 0 {
		e.Strides = nil
		return 0, nil
	}
	last := int64(0)
	for axis, stride := range e.Strides {
		if stride < 0 {
			return 0, fmt.Errorf("its stride %d at axis %d is negative", stride, axis)
		}
		far, err := product(int64(e.Shape[axis]-1), stride)
		if err == nil {
			last, err = sum(last, far)
		}
		if err != nil {
			return 0, err
		}
	}
	if slices.Equal(e.strides(), rowMajor(e.Shape)) {
		e.Strides = nil
	}
	elements, err := sum(last, 1)
	if err != nil {
		return 0, err
	}
	span, err := product(elements, size)
	if err != nil {
		return 0, err
	}
	values, err := product(int64(e.n), size)
	if err != nil {
		return 0, err
	}
	if values > freeRepeats && values/maxRepeats > e.blob.size {
		return 0, fmt.Errorf("its strides %v make %d bytes of the %d in %s: so much repetition is not supported", e.Tensor.Strides, values, e.blob.size, e.blob.name)
	}
	return span, nil
}

// strides returns the strides. If they describe row-major order, it returns those of [rowMajor]: strides of axes of length 1 do
// not matter.
func (e *entry) strides() []int64 {
	s := slices.Clone(e.Strides)
	next := int64(1)
	for i := len(s) - 1; i >= 0; i-- {
		if e.Shape[i] == 1 {
			s[i] = next
		}
		next = s[i] * int64(e.Shape[i])
	}
	return s
}

// rowMajor returns the strides of row-major order. shape must have elements.
func rowMajor(shape tensor.Shape) []int64 {
	s := make([]int64, len(shape))
	next := int64(1)
	for i := len(s) - 1; i >= 0; i-- {
		s[i] = next
		next *= int64(shape[i])
	}
	return s
}

// dense reports whether the elements fill their span without overlap: reading them in the order of the strides never goes back.
func (e *entry) dense() bool {
	return e.Strides == nil || e.Size == int64(e.n)*int64(e.DType.Size()) && e.permuted()
}

// permuted reports whether the strides are those of row-major order, except for the order of axes.
func (e *entry) permuted() bool {
	axes := make([]axis, 0, len(e.Shape))
	for i, n := range e.Shape {
		if n != 1 {
			axes = append(axes, axis{n: n, src: e.Strides[i]})
		}
	}
	slices.SortFunc(axes, bySource)
	next := int64(1)
	for _, a := range slices.Backward(axes) {
		if a.src != next {
			return false
		}
		next *= int64(a.n)
	}
	return true
}

var errTooLarge = fmt.Errorf("its size does not fit 64 bits")

// product returns a*b. Neither may be negative.
func product(a, b int64) (int64, error) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi != 0 || lo > 1<<63-1 {
		return 0, errTooLarge
	}
	return int64(lo), nil
}

// sum returns a+b. Neither may be negative.
func sum(a, b int64) (int64, error) {
	if a+b < 0 {
		return 0, errTooLarge
	}
	return a + b, nil
}
