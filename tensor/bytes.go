package tensor

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"
)

// This file holds the package's only uses of unsafe, and the module's but for generated code: views of numeric
// memory as bytes, and of a Go value's memory or of bytes as a tensor. Each is over memory that Go itself allocated with the
// type named, but for that of FromBytes, which holds no pointers and is checked to be aligned.

// memory is what every tensor gives this file.
type memory interface {
	bytes() []byte // of elements with a fixed size
	alias(p unsafe.Pointer, n int, s Shape)
}

// Bytes returns the memory of t's elements, not copied; ok is false where the elements have no fixed size
// (strings and variants).
//
// What it guarantees: b has t.Len()*t.DType().Size() bytes, the elements in row-major order without gaps,
// each in this machine's byte order, a complex number as its real part and then its imaginary one. So where
// [NativeLittleEndian] holds b is what a data file stores; elsewhere it is after [SwapBytes], both ways. b is
// t's memory for as long as t keeps its elements: until [Tensor.Build].
//
// Any bytes may be written to b, with one care: a Go bool is 0 or 1, and code that meets another is
// undefined. Whoever writes bytes of foreign origin calls [DType.Normalize] on them before anyone looks at t,
// also where the writing failed half-way.
func Bytes(t Any) (b []byte, ok bool) {
	if t.DType().Size() == 0 {
		return nil, false
	}
	return t.bytes(), true
}

// Addresses returns where t's elements lie: from the first byte to the one after the last, for telling which tensors share
// memory. Both are 0 if there are no elements, or where they have no fixed size.
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

// FromBytes returns a tensor of d whose elements are b, in row-major order and in this machine's byte order: it shares the
// memory and makes no copy. b may be memory that Go did not allocate, which must then outlive the tensor. The error says
// where b is not as long as shape asks or does not lie at a multiple of what the elements are aligned to, or where elements
// of d have no fixed size. Bytes of foreign origin are to be [DType.Normalize]d first.
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
		return nil, fmt.Errorf("tensor: %d bytes for shape %v of %v, which takes %d elements of %d", len(b), s, d, s.Len(), size)
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if align := reflect.TypeOf(t.Values()).Elem().Align(); uintptr(p)%uintptr(align) != 0 {
		return nil, fmt.Errorf("tensor: memory for %v that is not at a multiple of %d", d, align)
	}
	t.alias(p, s.Len(), s)
	return t, nil
}

// Normalize makes bytes of foreign origin in b, the memory of elements of d, such as Go's own are: every bool
// that is not 0 becomes 1, true, as NumPy reads it. To the other dtypes any bytes are values.
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

// SwapBytes reverses the byte order of every element of t in place: big-endian numbers become little-endian and
// the other way round. A complex number is two numbers. Strings, variants and elements of one byte stay.
func SwapBytes(t Any) {
	if b, ok := Bytes(t); ok {
		t.DType().SwapBytes(b)
	}
}

// SwapBytes is [SwapBytes] for elements of d that are still bytes. Bytes at the end of b that are not a whole element stay.
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

// Alias returns a tensor of shape that shares the memory of v: a slice, an addressable array or an
// addressable scalar whose element type is an [Element], or has the kind of one (a named type such as
// `type Celsius float64`; int and uint are int64 and uint64 where they are as wide). The error says where v
// is not one of these or has another number of elements. Nested arrays are one run of memory; nested slices
// are not and are refused.
func Alias(v reflect.Value, shape ...int) (Any, error) {
	if !v.IsValid() {
		return nil, fmt.Errorf("tensor: no value to share the memory of")
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
		return nil, fmt.Errorf("tensor: %d values for shape %v, which takes %d", n, s, s.Len())
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

// DTypeOfType returns the dtype under which a value of Go type t is stored, [InvalidDType] if there is none.
// A named type that is not an [Element] itself is stored as its kind is, so that `type Half Float16` is a uint16;
// int and uint are int64 and uint64 on machines where they have that size, and nothing elsewhere.
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
