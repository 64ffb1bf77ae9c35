package safetensors

import (
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A stored is an element type of the format.
type stored struct {
	name  string
	bits  int          // bits of an element
	dtype tensor.DType // [tensor.InvalidDType] if package tensor has no such dtype
}

// storedTypes are in the order of the reference implementation, which writes tensors of later types first.
var storedTypes = []stored{
	{"BOOL", 8, tensor.DTBool},
	{"F4", 4, tensor.InvalidDType}, // two elements in a byte, while a tensor would need a byte for each
	{"F6_E2M3", 6, tensor.InvalidDType},
	{"F6_E3M2", 6, tensor.InvalidDType},
	{"U8", 8, tensor.DTUInt8},
	{"I8", 8, tensor.DTInt8},
	{"F8_E5M2", 8, tensor.DTFloat8E5M2},
	{"F8_E4M3", 8, tensor.DTFloat8E4M3FN},
	{"F8_E8M0", 8, tensor.InvalidDType},
	{"F8_E4M3FNUZ", 8, tensor.DTFloat8E4M3FNUZ},
	{"F8_E5M2FNUZ", 8, tensor.DTFloat8E5M2FNUZ},
	{"I16", 16, tensor.DTInt16},
	{"U16", 16, tensor.DTUInt16},
	{"F16", 16, tensor.DTFloat16},
	{"BF16", 16, tensor.DTBFloat16},
	{"I32", 32, tensor.DTInt32},
	{"U32", 32, tensor.DTUInt32},
	{"F32", 32, tensor.DTFloat32},
	{"C64", 64, tensor.DTComplex64},
	{"F64", 64, tensor.DTFloat64},
	{"I64", 64, tensor.DTInt64},
	{"U64", 64, tensor.DTUInt64},
}

// storedAs returns the index in storedTypes of the type for d, or -1 if the format cannot hold d.
func storedAs(d tensor.DType) int {
	if d == tensor.InvalidDType {
		return -1
	}
	return slices.IndexFunc(storedTypes, func(s stored) bool { return s.dtype == d })
}

// storedCalled returns the index in storedTypes of the type called name, or -1.
func storedCalled(name string) int {
	return slices.IndexFunc(storedTypes, func(s stored) bool { return s.name == name })
}
