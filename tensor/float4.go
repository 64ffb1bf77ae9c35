package tensor

// Float4E2M1FN is a four-bit float in the low bits of a byte: a sign, two bits of exponent and one of fraction. Its
// values are 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives; it has no infinities and no NaN. The upper
// bits of the byte do not count.
type Float4E2M1FN uint8

// Float4E2M1FNFromFloat32 returns the Float4E2M1FN nearest to f, with ties to even, as ml_dtypes does. Values beyond 6, and
// infinities, become 6. A NaN becomes a zero with the opposite sign.
func Float4E2M1FNFromFloat32(f float32) Float4E2M1FN { return Float4E2M1FNFromFloat64(float64(f)) }

// Float4E2M1FNFromFloat64 is [Float4E2M1FNFromFloat32] for a float64, in one rounding, where ml_dtypes rounds to
// float32 first.
func Float4E2M1FNFromFloat64(f float64) Float4E2M1FN {
	code, _ := e2m1fnLayout.encode(f)
	return Float4E2M1FN(code)
}

// Float32 returns f's value, which a float32 holds exactly.
func (f Float4E2M1FN) Float32() float32 { return e2m1fnLayout.decode(uint16(f)) }

// Float64 returns f's value, which a float64 holds exactly.
func (f Float4E2M1FN) Float64() float64 { return float64(f.Float32()) }

// String returns f's value as the shortest decimal that names it among float32s.
func (f Float4E2M1FN) String() string { return formatFloat(f.Float32()) }
