package tensor

// The float8 kinds are named by their bits of exponent and of mantissa, then FN: finite, without infinities; UZ: without a
// negative zero; B11: with an exponent bias of 11 instead of the usual one.

// Float8E5M2 is an eight-bit float with five bits of exponent and two of fraction: the upper half of a [Float16],
// with its infinities and NaNs. The largest finite value is 57344.
type Float8E5M2 uint8

// Float8E5M2FromFloat32 returns the Float8E5M2 nearest to f, with ties to even, as ml_dtypes does. Values that exceed the largest
// by half a step or more become an infinity. A NaN keeps its sign.
func Float8E5M2FromFloat32(f float32) Float8E5M2 { return Float8E5M2FromFloat64(float64(f)) }

// Float8E5M2FromFloat64 is [Float8E5M2FromFloat32] for a float64, in one rounding, where ml_dtypes rounds to
// float32 first.
func Float8E5M2FromFloat64(f float64) Float8E5M2 {
	code, _ := e5m2Layout.encode(f)
	return Float8E5M2(code)
}

// Float32 returns f's value, which a float32 holds exactly.
func (f Float8E5M2) Float32() float32 { return e5m2Layout.decode(uint16(f)) }

// Float64 returns f's value, which a float64 holds exactly.
func (f Float8E5M2) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f Float8E5M2) String() string { return formatFloat(f.Float32()) }

// Float8E4M3FN is an eight-bit float with four bits of exponent and three of fraction. It has no infinities, and
// one NaN for each sign. The largest value is 448.
type Float8E4M3FN uint8

// Float8E4M3FNFromFloat32 returns the Float8E4M3FN nearest to f, with ties to even, as ml_dtypes does. Infinities, and values that
// exceed the largest by more than half a step, become NaN. A NaN keeps its sign.
func Float8E4M3FNFromFloat32(f float32) Float8E4M3FN { return Float8E4M3FNFromFloat64(float64(f)) }

// Float8E4M3FNFromFloat64 is [Float8E4M3FNFromFloat32] for a float64, in one rounding, where ml_dtypes rounds to
// float32 first.
func Float8E4M3FNFromFloat64(f float64) Float8E4M3FN {
	code, _ := e4m3fnLayout.encode(f)
	return Float8E4M3FN(code)
}

// Float32 returns f's value, which a float32 holds exactly.
func (f Float8E4M3FN) Float32() float32 { return e4m3fnLayout.decode(uint16(f)) }

// Float64 returns f's value, which a float64 holds exactly.
func (f Float8E4M3FN) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f Float8E4M3FN) String() string { return formatFloat(f.Float32()) }

// Float8E4M3FNUZ is an eight-bit float with four bits of exponent, biased by 8, and three of fraction. It has no
// infinities, no negative zero and one NaN, 0x80. The largest value is 240.
type Float8E4M3FNUZ uint8

// Float8E4M3FNUZFromFloat32 returns the Float8E4M3FNUZ nearest to f, with ties to even, as ml_dtypes does. Infinities, and values
// that exceed the largest by half a step or more, become NaN. A zero is never negative.
func Float8E4M3FNUZFromFloat32(f float32) Float8E4M3FNUZ {
	return Float8E4M3FNUZFromFloat64(float64(f))
}

// Float8E4M3FNUZFromFloat64 is [Float8E4M3FNUZFromFloat32] for a float64, in one rounding, where ml_dtypes rounds
// to float32 first.
func Float8E4M3FNUZFromFloat64(f float64) Float8E4M3FNUZ {
	code, _ := e4m3fnuzLayout.encode(f)
	return Float8E4M3FNUZ(code)
}

// Float32 returns f's value, which a float32 holds exactly.
func (f Float8E4M3FNUZ) Float32() float32 { return e4m3fnuzLayout.decode(uint16(f)) }

// Float64 returns f's value, which a float64 holds exactly.
func (f Float8E4M3FNUZ) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f Float8E4M3FNUZ) String() string { return formatFloat(f.Float32()) }

// Float8E4M3B11FNUZ is an eight-bit float with four bits of exponent, biased by 11, and three of fraction. It has
// no infinities, no negative zero and one NaN, 0x80. The largest value is 30.
type Float8E4M3B11FNUZ uint8

// Float8E4M3B11FNUZFromFloat32 returns the Float8E4M3B11FNUZ nearest to f, with ties to even, as ml_dtypes does. Infinities, and
// values that exceed the largest by half a step or more, become NaN. A zero is never negative.
func Float8E4M3B11FNUZFromFloat32(f float32) Float8E4M3B11FNUZ {
	return Float8E4M3B11FNUZFromFloat64(float64(f))
}

// Float8E4M3B11FNUZFromFloat64 is [Float8E4M3B11FNUZFromFloat32] for a float64, in one rounding, where ml_dtypes
// rounds to float32 first.
func Float8E4M3B11FNUZFromFloat64(f float64) Float8E4M3B11FNUZ {
	code, _ := e4m3b11fnuzLayout.encode(f)
	return Float8E4M3B11FNUZ(code)
}

// Float32 returns f's value, which a float32 holds exactly.
func (f Float8E4M3B11FNUZ) Float32() float32 { return e4m3b11fnuzLayout.decode(uint16(f)) }

// Float64 returns f's value, which a float64 holds exactly.
func (f Float8E4M3B11FNUZ) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f Float8E4M3B11FNUZ) String() string { return formatFloat(f.Float32()) }

// Float8E5M2FNUZ is an eight-bit float with five bits of exponent, biased by 16, and two of fraction. It has no
// infinities, no negative zero and one NaN, 0x80. The largest value is 57344.
type Float8E5M2FNUZ uint8

// Float8E5M2FNUZFromFloat32 returns the Float8E5M2FNUZ nearest to f, with ties to even, as ml_dtypes does. Infinities, and values
// that exceed the largest by half a step or more, become NaN. A zero is never negative.
func Float8E5M2FNUZFromFloat32(f float32) Float8E5M2FNUZ {
	return Float8E5M2FNUZFromFloat64(float64(f))
}

// Float8E5M2FNUZFromFloat64 is [Float8E5M2FNUZFromFloat32] for a float64, in one rounding, where ml_dtypes rounds
// to float32 first.
func Float8E5M2FNUZFromFloat64(f float64) Float8E5M2FNUZ {
	code, _ := e5m2fnuzLayout.encode(f)
	return Float8E5M2FNUZ(code)
}

// Float32 returns f's value, which a float32 holds exactly.
func (f Float8E5M2FNUZ) Float32() float32 { return e5m2fnuzLayout.decode(uint16(f)) }

// Float64 returns f's value, which a float64 holds exactly.
func (f Float8E5M2FNUZ) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f Float8E5M2FNUZ) String() string { return formatFloat(f.Float32()) }
