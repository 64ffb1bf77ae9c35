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

// unbuilt has a function for each dtype with a Go type. It is the inverse of [DTypeOf], which a type switch answers without a search.
var unbuilt = [...]func() Any{
	DTBool:              newUnbuilt[bool],
	DTString:            newUnbuilt[string],
	DTVariant:           newUnbuilt[Variant],
	DTInt8:              newUnbuilt[int8],
	DTInt16:             newUnbuilt[int16],
	DTInt32:             newUnbuilt[int32],
	DTInt64:             newUnbuilt[int64],
	DTUInt8:             newUnbuilt[uint8],
	DTUInt16:            newUnbuilt[uint16],
	DTUInt32:            newUnbuilt[uint32],
	DTUInt64:            newUnbuilt[uint64],
	DTFloat32:           newUnbuilt[float32],
	DTFloat64:           newUnbuilt[float64],
	DTComplex64:         newUnbuilt[complex64],
	DTComplex128:        newUnbuilt[complex128],
	DTFloat16:           newUnbuilt[Float16],
	DTBFloat16:          newUnbuilt[BFloat16],
	DTFloat8E5M2:        newUnbuilt[Float8E5M2],
	DTFloat8E4M3FN:      newUnbuilt[Float8E4M3FN],
	DTFloat8E4M3FNUZ:    newUnbuilt[Float8E4M3FNUZ],
	DTFloat8E4M3B11FNUZ: newUnbuilt[Float8E4M3B11FNUZ],
	DTFloat8E5M2FNUZ:    newUnbuilt[Float8E5M2FNUZ],
	DTFloat4E2M1FN:      newUnbuilt[Float4E2M1FN],
	DTInt4:              newUnbuilt[Int4],
	DTUInt4:             newUnbuilt[UInt4],
	DTInt2:              newUnbuilt[Int2],
	DTUInt2:             newUnbuilt[UInt2],
	DTQInt8:             newUnbuilt[QInt8],
	DTQUInt8:            newUnbuilt[QUInt8],
	DTQInt16:            newUnbuilt[QInt16],
	DTQUInt16:           newUnbuilt[QUInt16],
	DTQInt32:            newUnbuilt[QInt32],
}

func newUnbuilt[T Element]() Any { return new(Tensor[T]) }

// Zero returns a tensor of d that is not built. It returns an error if Go has no type for d's elements: for resources, and for
// numbers that are not a DType.
func Zero(d DType) (Any, error) {
	if d < 0 || int(d) >= len(unbuilt) || unbuilt[d] == nil {
		return nil, fmt.Errorf("tensor: tensors of %v are not supported", d)
	}
	return unbuilt[d](), nil
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
