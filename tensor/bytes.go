package tensor

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"
)

// This file has the module's only uses of unsafe, except in generated code: it views numeric memory as bytes, and a Go value's
// memory or bytes as a tensor. Go allocated all of this memory with the named type, except in FromBytes, where the memory has no
// pointers and its alignment is checked.

// memory is implemented by every tensor, for this file.
type memory interface {
	bytes() []byte // of elements with a fixed size
	alias(p unsafe.Pointer, n int, s Shape)
}

// Bytes returns the memory of t's elements, not copied; ok is false if the elements have no fixed size (strings and variants).
//
// b has t.Len()*t.DType().Size() bytes: the elements in row-major order without gaps, each in this machine's byte order. A complex
// number is its real part and then its imaginary part. A data file stores exactly these bytes if [NativeLittleEndian] is true;
// otherwise [SwapBytes] converts between the two. b is t's memory until [Tensor.Build] gives t new elements.
//
// Any bytes may be written to b, except that the byte of a Go bool must be 0 or 1: other values make the program undefined. If the
// bytes come from a file, call [DType.Normalize] on them before anything reads t, even if the writing failed half-way.
func Bytes(t Any) (b []byte, ok bool) {
	if t.DType().Size() == 0 {
		return nil, false
	}
	return t.bytes(), true
}

// Addresses returns the address of the first byte of t's elements and the address after the last byte, to find tensors that share
// memory. Both are 0 if there are no elements, or if the elements have no fixed size.
func Addresses(t Any) (from, to uintptr) {
	b, _ := Bytes(t)
	if len(b) == 0 {
		return 0, 0
	}
	from = uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return from, from + uintptr(len(b))
}

func (t *Tensor[T]) bytes() []byte {
	if len(t.data) == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(t.data))), len(t.data)*t.DType().Size())
}

// FromBytes returns a tensor of d with the elements in b, in row-major order and in this machine's byte
// order. It shares the memory and does not copy it. b may be memory that Go did not allocate, which must then
// outlive the tensor. It returns an error if the length of b does not fit shape, if b is not aligned for the
// elements, or if elements of d have no fixed size. If the bytes come from a file, call [DType.Normalize] on
// them first.
func FromBytes(d DType, b []byte, shape ...int) (Any, error) {
	s := Shape(append([]int{}, shape...))
	if err := s.Check(); err != nil {
		return nil, err
	}
	t, err := Zero(d)
	if err != nil {
		return nil, err
	}
	size := d.Size()
	if size == 0 {
		return nil, fmt.Errorf("tensor: elements of %v have no fixed size", d)
	}
	if len(b)%size != 0 || len(b)/size != s.Len() {
		return nil, fmt.Errorf("tensor: got %d bytes for %[3]v%[2]v, want %[4]d elements of %[5]d bytes", len(b), s, d, s.Len(), size)
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if align := reflect.TypeOf(t.Values()).Elem().Align(); uintptr(p)%uintptr(align) != 0 {
		return nil, fmt.Errorf("tensor: the memory for %v is not aligned to %d bytes", d, align)
	}
	t.alias(p, s.Len(), s)
	return t, nil
}

// Normalize makes b, the memory of elements of d with bytes from a file, valid for Go: every bool that is not 0 becomes 1, true,
// as NumPy reads it. All bytes are valid for the other dtypes.
func (d DType) Normalize(b []byte) {
	if d != DTBool {
		return
	}
	for i, v := range b {
		if v > 1 {
			b[i] = 1
		}
	}
}

// SwapBytes reverses the byte order of every element of t in place: big-endian numbers become little-endian and the other way
// round. A complex number is two numbers. Strings, variants and elements of one byte do not change.
func SwapBytes(t Any) {
	if b, ok := Bytes(t); ok {
		t.DType().SwapBytes(b)
	}
}

// SwapBytes is [SwapBytes] for elements of d that are still bytes. If the last bytes of b are not a whole element, they do not
// change.
func (d DType) SwapBytes(b []byte) {
	width := d.Size()
	if d == DTComplex64 || d == DTComplex128 {
		width /= 2
	}
	little, big := binary.LittleEndian, binary.BigEndian
	switch width {
	case 2:
		for ; len(b) >= 2; b = b[2:] {
			little.PutUint16(b, big.Uint16(b))
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			little.PutUint32(b, big.Uint32(b))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			little.PutUint64(b, big.Uint64(b))
		}
	}
}

// Alias returns a tensor of shape that shares the memory of v. v must be a slice, an addressable array or an
// addressable scalar. Its element type must be an [Element] or have the kind of one, such as `type Celsius
// float64`. int and uint count as int64 and uint64 on machines on which they have 64 bits. It returns an
// error if v is not one of these or has another number of elements. Nested arrays are one run of memory.
// Nested slices are not, and are an error.
func Alias(v reflect.Value, shape ...int) (Any, error) {
	if !v.IsValid() {
		return nil, fmt.Errorf("tensor: cannot share the memory of an invalid reflect.Value")
	}
	n, typ := 1, v.Type()
	var ptr unsafe.Pointer
	if typ.Kind() == reflect.Slice {
		n, ptr, typ = v.Len(), v.UnsafePointer(), typ.Elem()
	} else if v.CanAddr() {
		ptr = v.Addr().UnsafePointer()
	} else {
		return nil, fmt.Errorf("tensor: %v is not addressable", typ)
	}
	for typ.Kind() == reflect.Array {
		n *= typ.Len()
		typ = typ.Elem()
	}
	d := DTypeOfType(typ)
	if d == InvalidDType {
		return nil, fmt.Errorf("tensor: %v is not an element type", typ)
	}
	s := Shape(append([]int{}, shape...))
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.Len() != n {
		return nil, fmt.Errorf("tensor: got %d values for shape %v, want %d", n, s, s.Len())
	}
	t, err := Zero(d)
	if err != nil {
		return nil, err
	}
	t.alias(ptr, n, s)
	return t, nil
}

func (t *Tensor[T]) alias(p unsafe.Pointer, n int, s Shape) {
	t.shape, t.data = s, unsafe.Slice((*T)(p), n)
	if t.data == nil {
		t.data = []T{}
	}
}

var elementTypes = func() map[reflect.Type]DType {
	m := make(map[reflect.Type]DType)
	for i := range dtypes {
		if t, err := Zero(DType(i)); err == nil {
			m[reflect.TypeOf(t.Values()).Elem()] = DType(i)
		}
	}
	return m
}()

// DTypeOfType returns the dtype under which a value of Go type t is stored, or [InvalidDType] if there is
// none. A named type that is not an [Element] itself is stored as its kind, so `type Half Float16` is a
// uint16. int and uint are stored as int64 and uint64 on machines on which they have 64 bits. On other
// machines they do not have a dtype.
func DTypeOfType(t reflect.Type) DType {
	if t == nil {
		return InvalidDType
	}
	if d, ok := elementTypes[t]; ok {
		return d
	}
	switch t.Kind() {
	case reflect.Bool:
		return DTBool
	case reflect.String:
		return DTString
	case reflect.Int8:
		return DTInt8
	case reflect.Int16:
		return DTInt16
	case reflect.Int32:
		return DTInt32
	case reflect.Int64:
		return DTInt64
	case reflect.Uint8:
		return DTUInt8
	case reflect.Uint16:
		return DTUInt16
	case reflect.Uint32:
		return DTUInt32
	case reflect.Uint64:
		return DTUInt64
	case reflect.Float32:
		return DTFloat32
	case reflect.Float64:
		return DTFloat64
	case reflect.Complex64:
		return DTComplex64
	case reflect.Complex128:
		return DTComplex128
	case reflect.Int:
		if t.Size() == 8 {
			return DTInt64
		}
	case reflect.Uint:
		if t.Size() == 8 {
			return DTUInt64
		}
	}
	return InvalidDType
}
