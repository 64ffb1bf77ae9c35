package tensor

import "math"

// Float16 is an IEEE 754 half: one sign bit, five of exponent, ten of fraction. Its bits are its value.
type Float16 uint16

// Float16FromFloat32 returns the Float16 nearest to f, with ties to even. Values that exceed the largest, 65504, by half a step or
// more become an infinity. A NaN keeps its sign and the upper ten bits of its payload, as in NumPy.
func Float16FromFloat32(f float32) Float16 {
	if f != f {
		bits := math.Float32bits(f)
		return float16NaN(bits>>31 != 0, uint16(bits>>(fraction32-float16Layout.fraction)))
	}
	return Float16FromFloat64(float64(f))
}

// Float16FromFloat64 is [Float16FromFloat32] for a float64, in one rounding, as NumPy does it. TensorFlow's cast rounds to float32
// first, so its result may be the other neighbour of f.
func Float16FromFloat64(f float64) Float16 {
	if f != f {
		bits := math.Float64bits(f)
		return float16NaN(bits>>63 != 0, uint16(bits>>(fraction64-float16Layout.fraction)))
	}
	code, _ := float16Layout.encode(f)
	return Float16(code)
}

// float16NaN returns a NaN with the lower ten bits of payload, or 1 if they are zero, which would be an infinity.
func float16NaN(negative bool, payload uint16) Float16 {
	payload &= 1<<float16Layout.fraction - 1
	code := float16Layout.inf | max(payload, 1)
	if negative {
		code |= 1 << float16Layout.sign
	}
	return Float16(code)
}

// Float32 returns f's value, which a float32 holds exactly; a NaN keeps its sign and payload.
func (f Float16) Float32() float32 {
	if magnitude := uint32(f) & 0x7fff; magnitude > uint32(float16Layout.inf) {
		return math.Float32frombits(uint32(f>>15)<<31 | 0xff<<fraction32 | magnitude<<(fraction32-float16Layout.fraction))
	}
	return float16Layout.decode(uint16(f))
}

// Float64 returns f's value, which a float64 holds exactly.
func (f Float16) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f Float16) String() string { return formatFloat(f.Float32()) }

// BFloat16 is the upper half of a float32: one sign bit, eight of exponent, seven of fraction.
type BFloat16 uint16

// BFloat16FromFloat32 returns the BFloat16 nearest to f, with ties to even. Values that exceed the largest by half a step or more
// become an infinity. A NaN keeps only its sign, as in ml_dtypes.
func BFloat16FromFloat32(f float32) BFloat16 {
	bits := math.Float32bits(f)
	if f != f {
		return BFloat16(bits>>31<<15) | BFloat16(bfloat16Layout.nan)
	}
	// Add just under half a step, and one more if the last kept bit is odd: the carry rounds, also to infinity.
	return BFloat16((bits + 0x7fff + bits>>16&1) >> 16)
}

// BFloat16FromFloat64 is [BFloat16FromFloat32] for a float64, in one rounding. TensorFlow and ml_dtypes round to float32 first, so
// their result may be the other neighbour of f.
func BFloat16FromFloat64(f float64) BFloat16 {
	code, _ := bfloat16Layout.encode(f)
	return BFloat16(code)
}

// Float32 returns f's value, which a float32 holds exactly; a NaN keeps its sign and payload.
func (f BFloat16) Float32() float32 { return math.Float32frombits(uint32(f) << 16) }

// Float64 returns f's value, which a float64 holds exactly.
func (f BFloat16) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f BFloat16) String() string { return formatFloat(f.Float32()) }
