package ops

import (
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// promote returns the dtype of arithmetic on two dtypes (keras.src.backend.common.dtypes). A dtype is weak if it belongs to a number
// in the model's description.
func promote(a, b tensor.DType, aWeak, bWeak bool) tensor.DType {
	switch {
	case a == b:
		return a
	case IsFloat(a) || IsFloat(b):
		return tensor.DTFloat32
	case a == tensor.DTBool:
		return b
	case b == tensor.DTBool:
		return a
	case aWeak && !bWeak:
		return b
	case bWeak && !aWeak:
		return a
	}
	small, large := a, b
	if small.Size() > large.Size() {
		small, large = large, small
	}
	if isUnsigned(small) == isUnsigned(large) || small.Size() < large.Size() && !isUnsigned(large) {
		return large
	}
	switch large.Size() { // an unsigned dtype at least as wide as the other: use the next wider signed dtype
	case 1:
		return tensor.DTInt16
	case 2:
		return tensor.DTInt32
	}
	return tensor.DTInt64
}

func isUnsigned(d tensor.DType) bool {
	switch d {
	case tensor.DTUInt8, tensor.DTUInt16, tensor.DTUInt32, tensor.DTUInt64:
		return true
	}
	return false
}

// IsFloat reports whether d is a floating-point dtype.
func IsFloat(d tensor.DType) bool {
	switch d {
	case tensor.DTFloat32, tensor.DTFloat64, tensor.DTFloat16, tensor.DTBFloat16, tensor.DTFloat8E4M3FN, tensor.DTFloat8E5M2:
		return true
	}
	return false
}

// isInt reports whether d is an integer dtype.
func isInt(d tensor.DType) bool {
	switch d {
	case tensor.DTInt8, tensor.DTInt16, tensor.DTInt32, tensor.DTInt64, tensor.DTUInt8, tensor.DTUInt16, tensor.DTUInt32, tensor.DTUInt64:
		return true
	}
	return false
}

// intLimits returns the smallest and the largest value of an integer dtype, at most int64's.
func intLimits(d tensor.DType) (lo, hi int64) {
	switch d {
	case tensor.DTInt8:
		return math.MinInt8, math.MaxInt8
	case tensor.DTInt16:
		return math.MinInt16, math.MaxInt16
	case tensor.DTInt32:
		return math.MinInt32, math.MaxInt32
	case tensor.DTUInt8:
		return 0, math.MaxUint8
	case tensor.DTUInt16:
		return 0, math.MaxUint16
	case tensor.DTUInt32:
		return 0, math.MaxUint32
	case tensor.DTUInt64:
		return 0, math.MaxInt64
	}
	return math.MinInt64, math.MaxInt64
}

// wrap returns n as a value of an integer dtype.
func wrap(n int64, d tensor.DType) int64 {
	switch d {
	case tensor.DTInt8:
		return int64(int8(n))
	case tensor.DTInt16:
		return int64(int16(n))
	case tensor.DTInt32:
		return int64(int32(n))
	case tensor.DTUInt8:
		return int64(uint8(n))
	case tensor.DTUInt16:
		return int64(uint16(n))
	case tensor.DTUInt32:
		return int64(uint32(n))
	}
	return n
}
