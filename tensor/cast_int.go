package tensor

import "math"

// castIntegers casts by way of int64. Only uint64 does not fit: its bits are kept, and the conversion to the target is told that
// they have no sign.
func castIntegers(dst, src Any) int {
	unsigned := src.DType() == DTUInt64
	return castThrough(dst, src, widenIntegers, func(dst Any, at int, wide []int64) int {
		return narrowIntegers(dst, at, wide, unsigned)
	})
}

// widenIntegers writes the elements of src, starting with number from, to wide.
func widenIntegers(src Any, from int, wide []int64) {
	switch src := src.(type) {
	case *Tensor[int64]:
		copy(wide, src.data[from:])
	case *Tensor[int8]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[int16]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[int32]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[uint8]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[uint16]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[uint32]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[uint64]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[QInt8]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[QInt16]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[QInt32]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[QUInt8]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[QUInt16]:
		widenEach(src.data[from:], wide, toInt64)
	case *Tensor[Int4]:
		widenEach(src.data[from:], wide, func(v Int4) int64 { return int64(v.Int8()) })
	case *Tensor[UInt4]:
		widenEach(src.data[from:], wide, func(v UInt4) int64 { return int64(v.Uint8()) })
	case *Tensor[Int2]:
		widenEach(src.data[from:], wide, func(v Int2) int64 { return int64(v.Int8()) })
	case *Tensor[UInt2]:
		widenEach(src.data[from:], wide, func(v UInt2) int64 { return int64(v.Uint8()) })
	}
}

// integers are the element types with values that are their bits.
type integers interface {
	~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

func toInt64[T integers](v T) int64   { return int64(v) }
func fromInt64[T integers](v int64) T { return T(v) }

// limits returns the least and the largest number that a dtype can hold.
type limits struct {
	least   int64
	largest uint64
}

// narrowIntegers writes wide to the elements of dst, starting with number at. It returns the index in wide of the first value that
// dst cannot hold, or -1.
func narrowIntegers(dst Any, at int, wide []int64, unsigned bool) int {
	switch dst := dst.(type) {
	case *Tensor[int8]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{math.MinInt8, math.MaxInt8}, fromInt64)
	case *Tensor[int16]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{math.MinInt16, math.MaxInt16}, fromInt64)
	case *Tensor[int32]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{math.MinInt32, math.MaxInt32}, fromInt64)
	case *Tensor[int64]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{math.MinInt64, math.MaxInt64}, fromInt64)
	case *Tensor[uint8]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, math.MaxUint8}, fromInt64)
	case *Tensor[uint16]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, math.MaxUint16}, fromInt64)
	case *Tensor[uint32]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, math.MaxUint32}, fromInt64)
	case *Tensor[uint64]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, math.MaxUint64}, fromInt64)
	case *Tensor[QInt8]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{math.MinInt8, math.MaxInt8}, fromInt64)
	case *Tensor[QInt16]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{math.MinInt16, math.MaxInt16}, fromInt64)
	case *Tensor[QInt32]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{math.MinInt32, math.MaxInt32}, fromInt64)
	case *Tensor[QUInt8]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, math.MaxUint8}, fromInt64)
	case *Tensor[QUInt16]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, math.MaxUint16}, fromInt64)
	case *Tensor[Int4]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{-8, 7}, func(v int64) Int4 { return Int4FromInt8(int8(v)) })
	case *Tensor[UInt4]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, 15}, func(v int64) UInt4 { return UInt4FromUint8(uint8(v)) })
	case *Tensor[Int2]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{-2, 1}, func(v int64) Int2 { return Int2FromInt8(int8(v)) })
	case *Tensor[UInt2]:
		return narrowEach(dst.data[at:], wide, unsigned, limits{0, 3}, func(v int64) UInt2 { return UInt2FromUint8(uint8(v)) })
	}
	return -1
}

func narrowEach[T any](data []T, wide []int64, unsigned bool, within limits, value func(int64) T) int {
	for i, v := range wide {
		if v < 0 && !unsigned {
			if v < within.least {
				return i
			}
		} else if uint64(v) > within.largest {
			return i
		}
		data[i] = value(v)
	}
	return -1
}
