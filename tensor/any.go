package tensor

import (
	"bytes"
	"fmt"
	"slices"
)

// DTypeOf returns the dtype of a tensor of T.
func DTypeOf[T Element]() DType {
	var zero T
	switch any(zero).(type) {
	case bool:
		return DTBool
	case string:
		return DTString
	case Variant:
		return DTVariant
	case int8:
		return DTInt8
	case int16:
		return DTInt16
	case int32:
		return DTInt32
	case int64:
		return DTInt64
	case uint8:
		return DTUInt8
	case uint16:
		return DTUInt16
	case uint32:
		return DTUInt32
	case uint64:
		return DTUInt64
	case float32:
		return DTFloat32
	case float64:
		return DTFloat64
	case complex64:
		return DTComplex64
	case complex128:
		return DTComplex128
	case Float16:
		return DTFloat16
	case BFloat16:
		return DTBFloat16
	case Float8E5M2:
		return DTFloat8E5M2
	case Float8E4M3FN:
		return DTFloat8E4M3FN
	case Float8E4M3FNUZ:
		return DTFloat8E4M3FNUZ
	case Float8E4M3B11FNUZ:
		return DTFloat8E4M3B11FNUZ
	case Float8E5M2FNUZ:
		return DTFloat8E5M2FNUZ
	case Float4E2M1FN:
		return DTFloat4E2M1FN
	case Int4:
		return DTInt4
	case UInt4:
		return DTUInt4
	case Int2:
		return DTInt2
	case UInt2:
		return DTUInt2
	case QInt8:
		return DTQInt8
	case QUInt8:
		return DTQUInt8
	case QInt16:
		return DTQInt16
	case QUInt16:
		return DTQUInt16
	case QInt32:
		return DTQInt32
	}
	return InvalidDType
}

// Zero returns a tensor of d that is not built. It returns an error if Go has no type for d's elements: for resources, and for
// numbers that are not a DType.
func Zero(d DType) (Any, error) {
	switch d {
	case DTBool:
		return new(Tensor[bool]), nil
	case DTString:
		return new(Tensor[string]), nil
	case DTVariant:
		return new(Tensor[Variant]), nil
	case DTInt8:
		return new(Tensor[int8]), nil
	case DTInt16:
		return new(Tensor[int16]), nil
	case DTInt32:
		return new(Tensor[int32]), nil
	case DTInt64:
		return new(Tensor[int64]), nil
	case DTUInt8:
		return new(Tensor[uint8]), nil
	case DTUInt16:
		return new(Tensor[uint16]), nil
	case DTUInt32:
		return new(Tensor[uint32]), nil
	case DTUInt64:
		return new(Tensor[uint64]), nil
	case DTFloat32:
		return new(Tensor[float32]), nil
	case DTFloat64:
		return new(Tensor[float64]), nil
	case DTComplex64:
		return new(Tensor[complex64]), nil
	case DTComplex128:
		return new(Tensor[complex128]), nil
	case DTFloat16:
		return new(Tensor[Float16]), nil
	case DTBFloat16:
		return new(Tensor[BFloat16]), nil
	case DTFloat8E5M2:
		return new(Tensor[Float8E5M2]), nil
	case DTFloat8E4M3FN:
		return new(Tensor[Float8E4M3FN]), nil
	case DTFloat8E4M3FNUZ:
		return new(Tensor[Float8E4M3FNUZ]), nil
	case DTFloat8E4M3B11FNUZ:
		return new(Tensor[Float8E4M3B11FNUZ]), nil
	case DTFloat8E5M2FNUZ:
		return new(Tensor[Float8E5M2FNUZ]), nil
	case DTFloat4E2M1FN:
		return new(Tensor[Float4E2M1FN]), nil
	case DTInt4:
		return new(Tensor[Int4]), nil
	case DTUInt4:
		return new(Tensor[UInt4]), nil
	case DTInt2:
		return new(Tensor[Int2]), nil
	case DTUInt2:
		return new(Tensor[UInt2]), nil
	case DTQInt8:
		return new(Tensor[QInt8]), nil
	case DTQUInt8:
		return new(Tensor[QUInt8]), nil
	case DTQInt16:
		return new(Tensor[QInt16]), nil
	case DTQUInt16:
		return new(Tensor[QUInt16]), nil
	case DTQInt32:
		return new(Tensor[QInt32]), nil
	}
	return nil, fmt.Errorf("tensor: tensors of %v are not supported", d)
}

// NewAny returns a tensor of d with zeros for values. The errors are those of [Zero] and [Shape.Check].
func NewAny(d DType, shape ...int) (Any, error) {
	t, err := Zero(d)
	if err != nil {
		return nil, err
	}
	if err := t.Build(shape...); err != nil {
		return nil, err
	}
	return t, nil
}

// Clone returns a copy of t with its own elements.
func Clone(t Any) Any { return t.clone() }

func (t *Tensor[T]) clone() Any { return t.Clone() }

// Equal reports whether a and b have one dtype, one shape and the same bits for elements: a NaN equals the NaN with its payload, 0
// and -0 differ, and so do two bytes for one [Int4]. Two tensors that are not built are equal if their dtypes are equal. Two nil
// tensors are equal.
func Equal(a, b Any) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.DType() == b.DType() && (a.Shape() == nil) == (b.Shape() == nil) && a.Shape().Equal(b.Shape()) && a.equal(b)
}

func (t *Tensor[T]) equal(o Any) bool {
	if b, ok := Bytes(t); ok {
		return bytes.Equal(b, o.bytes())
	}
	return slices.Equal(t.data, o.(*Tensor[T]).data)
}

// Assign copies the elements of src into those of dst, which is built. It returns an error, and leaves dst unchanged, if their
// dtypes or shapes differ.
func Assign(dst, src Any) error {
	if dst.DType() != src.DType() {
		return fmt.Errorf("tensor: cannot assign %s to %s: the dtypes differ", src, dst)
	}
	if err := sameShape("assign", dst, src); err != nil {
		return err
	}
	dst.copyRun(0, src, 0, src.Len())
	return nil
}

func (t *Tensor[T]) copyRun(at int, src Any, from, n int) {
	copy(t.data[at:at+n], src.(*Tensor[T]).data[from:from+n])
}

// sameShape returns an error unless dst and src are built and have one shape.
func sameShape(verb string, dst, src Any) error {
	if dst.Shape() == nil || src.Shape() == nil {
		return fmt.Errorf("tensor: cannot %s %s to %s: both must be built", verb, src, dst)
	}
	if !dst.Shape().Equal(src.Shape()) {
		return fmt.Errorf("tensor: cannot %s %s to %s: the shapes differ", verb, src, dst)
	}
	return nil
}
