package tensor

import "fmt"

// A DType is the type of a tensor's elements. Its numbers are those of TensorFlow's DataType enum
// (tensorflow/core/framework/types.proto), so that a DType is what a checkpoint's index stores.
type DType int32

// The element types of TensorFlow 2.21, in the order of its enum.
const (
	InvalidDType        DType = 0
	DTFloat32           DType = 1
	DTFloat64           DType = 2
	DTInt32             DType = 3
	DTUInt8             DType = 4
	DTInt16             DType = 5
	DTInt8              DType = 6
	DTString            DType = 7
	DTComplex64         DType = 8
	DTInt64             DType = 9
	DTBool              DType = 10
	DTQInt8             DType = 11
	DTQUInt8            DType = 12
	DTQInt32            DType = 13
	DTBFloat16          DType = 14
	DTQInt16            DType = 15
	DTQUInt16           DType = 16
	DTUInt16            DType = 17
	DTComplex128        DType = 18
	DTFloat16           DType = 19
	DTResource          DType = 20
	DTVariant           DType = 21
	DTUInt32            DType = 22
	DTUInt64            DType = 23
	DTFloat8E5M2        DType = 24
	DTFloat8E4M3FN      DType = 25
	DTFloat8E4M3FNUZ    DType = 26
	DTFloat8E4M3B11FNUZ DType = 27
	DTFloat8E5M2FNUZ    DType = 28
	DTInt4              DType = 29
	DTUInt4             DType = 30
	DTInt2              DType = 31
	DTUInt2             DType = 32
	DTFloat4E2M1FN      DType = 33
)

// A kind is a set of dtypes among which [Cast] converts.
type kind int

const (
	other kind = iota // converts only to itself
	floating
	integer // includes the quantized dtypes: their scale is not in the tensor
	complexes
)

// dtypes holds, per DType, TensorFlow's name for it, the bytes of one element in a data file (0: no fixed size) and its kind. A
// type of less than eight bits takes a whole byte, as TensorFlow stores it.
var dtypes = [...]struct {
	name string
	size int
	kind kind
}{
	DTFloat32:           {"float32", 4, floating},
	DTFloat64:           {"float64", 8, floating},
	DTInt32:             {"int32", 4, integer},
	DTUInt8:             {"uint8", 1, integer},
	DTInt16:             {"int16", 2, integer},
	DTInt8:              {"int8", 1, integer},
	DTString:            {"string", 0, other},
	DTComplex64:         {"complex64", 8, complexes},
	DTInt64:             {"int64", 8, integer},
	DTBool:              {"bool", 1, other},
	DTQInt8:             {"qint8", 1, integer},
	DTQUInt8:            {"quint8", 1, integer},
	DTQInt32:            {"qint32", 4, integer},
	DTBFloat16:          {"bfloat16", 2, floating},
	DTQInt16:            {"qint16", 2, integer},
	DTQUInt16:           {"quint16", 2, integer},
	DTUInt16:            {"uint16", 2, integer},
	DTComplex128:        {"complex128", 16, complexes},
	DTFloat16:           {"float16", 2, floating},
	DTResource:          {"resource", 0, other},
	DTVariant:           {"variant", 0, other},
	DTUInt32:            {"uint32", 4, integer},
	DTUInt64:            {"uint64", 8, integer},
	DTFloat8E5M2:        {"float8_e5m2", 1, floating},
	DTFloat8E4M3FN:      {"float8_e4m3fn", 1, floating},
	DTFloat8E4M3FNUZ:    {"float8_e4m3fnuz", 1, floating},
	DTFloat8E4M3B11FNUZ: {"float8_e4m3b11fnuz", 1, floating},
	DTFloat8E5M2FNUZ:    {"float8_e5m2fnuz", 1, floating},
	DTInt4:              {"int4", 1, integer},
	DTUInt4:             {"uint4", 1, integer},
	DTInt2:              {"int2", 1, integer},
	DTUInt2:             {"uint2", 1, integer},
	DTFloat4E2M1FN:      {"float4_e2m1fn", 1, floating},
}

// Valid reports whether d is one of TensorFlow's element types.
func (d DType) Valid() bool { return d > 0 && int(d) < len(dtypes) }

// HasValues reports whether this package has tensors of d. It has them for every element type except resource handles.
func (d DType) HasValues() bool { return d.Valid() && d != DTResource }

// String returns TensorFlow's name for d, such as "float32" or "bfloat16".
func (d DType) String() string {
	if !d.Valid() {
		return fmt.Sprintf("dtype(%d)", int32(d))
	}
	return dtypes[d].name
}

// Size returns the number of bytes of one element in a data file, or 0 if elements have no fixed size (strings, variants,
// resources and numbers that are not a DType).
func (d DType) Size() int {
	if !d.Valid() {
		return 0
	}
	return dtypes[d].size
}

func (d DType) kind() kind {
	if !d.Valid() {
		return other
	}
	return dtypes[d].kind
}

// ParseDType returns the DType that TensorFlow calls name.
func ParseDType(name string) (DType, error) {
	for d, t := range dtypes {
		if d > 0 && t.name == name {
			return DType(d), nil
		}
	}
	return InvalidDType, fmt.Errorf("tensor: unknown dtype %q", name)
}
