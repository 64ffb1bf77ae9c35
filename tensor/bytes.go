package tensor

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"
)

// This file holds the package's, and the module's, only uses of unsafe: views of numeric memory as bytes, and of
// a Go value's memory as a tensor. Each is over memory that Go itself allocated with the type named.

// NativeLittleEndian reports whether this machine keeps numbers as data files do, so that the memory of a
// tensor is its bytes in a file.
var NativeLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// Bytes returns the memory of t's elements, in this machine's byte order, not copied; ok is false where the
// elements have no fixed size (strings and variants).
func Bytes(t Any) (b []byte, ok bool) {
	size := t.DType().Size()
	if size == 0 {
		return nil, false
	}
	v := reflect.ValueOf(t.Values())
	if v.Len() == 0 {
		return []byte{}, true
	}
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*size), true
}

// Alias returns a tensor of shape that shares the memory of v: a slice, an addressable array or an
// addressable scalar whose element type is an [Element], or has the kind of one (a named type such as
// `type Celsius float64`; int and uint are int64 and uint64 where they are as wide). The error says where v
// is none of these or has another number of elements. Nested arrays are one run of memory; nested slices
// are not and are refused.
func Alias(v reflect.Value, shape ...int) (Any, error) {
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
	t.(interface {
		alias(unsafe.Pointer, int, Shape)
	}).alias(ptr, n, s)
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
// A named type that is no [Element] itself is stored as its kind is; int and uint as int64 and uint64 on
// machines where they have that size.
func DTypeOfType(t reflect.Type) DType {
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
