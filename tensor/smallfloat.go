package tensor

import (
	"math"
	"strconv"
)

// A layout describes the bits of a small float. From the top they are a sign, an exponent and a fraction. The codes of positive
// values have the same order as the values, so one number bounds the finite ones.
type layout struct {
	sign     uint   // the position of the sign bit: the width less one
	fraction uint   // bits of fraction
	bias     int    // what is added to an exponent before it is stored
	max      uint16 // the code of the largest finite value
	inf      uint16 // the code of infinity, 0 if there is none
	over     uint16 // the code for finite values that round to more than max: inf, nan or max itself
	nan      uint16 // the code that a NaN becomes; its sign is flipped for a NaN with a sign
	noNaN    bool   // the code nan is a number
	unsigned bool   // zero and NaN have no sign: the code of -0 is that of NaN
}

// The layouts, and the results for values that they cannot hold, are those of the package ml_dtypes, which TensorFlow uses.
var (
	float16Layout     = layout{sign: 15, fraction: 10, bias: 15, max: 0x7bff, inf: 0x7c00, over: 0x7c00, nan: 0x7e00}
	bfloat16Layout    = layout{sign: 15, fraction: 7, bias: 127, max: 0x7f7f, inf: 0x7f80, over: 0x7f80, nan: 0x7fc0}
	e5m2Layout        = layout{sign: 7, fraction: 2, bias: 15, max: 0x7b, inf: 0x7c, over: 0x7c, nan: 0x7e}
	e4m3fnLayout      = layout{sign: 7, fraction: 3, bias: 7, max: 0x7e, over: 0x7f, nan: 0x7f}
	e4m3fnuzLayout    = layout{sign: 7, fraction: 3, bias: 8, max: 0x7f, over: 0x80, nan: 0x80, unsigned: true}
	e4m3b11fnuzLayout = layout{sign: 7, fraction: 3, bias: 11, max: 0x7f, over: 0x80, nan: 0x80, unsigned: true}
	e5m2fnuzLayout    = layout{sign: 7, fraction: 2, bias: 16, max: 0x7f, over: 0x80, nan: 0x80, unsigned: true}
	e2m1fnLayout      = layout{sign: 3, fraction: 1, bias: 1, max: 0x7, over: 0x7, nan: 0x8, noNaN: true}
)

// The parts of a float64 and of a float32.
const (
	fraction64, bias64 = 52, 1023
	fraction32, bias32 = 23, 127
	inf64              = 0x7ff << fraction64
	nan32              = 0x7fc00000
)

// encode returns the code of the value nearest to f, with ties to even and one rounding. fits is false if f is finite but too
// large for the layout, or if f is an infinity or a NaN and the layout has none.
func (l *layout) encode(f float64) (code uint16, fits bool) {
	bits := math.Float64bits(f)
	sign := uint16(bits>>63) << l.sign
	bits &^= 1 << 63
	switch {
	case bits > inf64:
		if l.unsigned {
			return l.nan, true
		}
		return l.nan ^ sign, !l.noNaN
	case bits == inf64:
		return l.overflow(sign), l.inf != 0
	}

	// Below the smallest exponent the fraction is shifted further, and its leading one shows: 0.fff, not 1.fff.
	exponent := int(bits>>fraction64) - bias64 + l.bias
	significand := bits&(1<<fraction64-1) | 1<<fraction64
	drop := fraction64 - l.fraction
	if exponent < 1 {
		drop += uint(1 - exponent)
		exponent = 1
	}
	if drop > fraction64+1 {
		drop = fraction64 + 2 // less than half of the smallest value, and so are the denormals of a float64
	}
	// The leading one, if present, adds one to the exponent, and so does a carry out of the fraction.
	kept := significand >> drop
	half := uint64(1) << (drop - 1)
	if rest := significand & (1<<drop - 1); rest > half || rest == half && kept&1 == 1 {
		kept++
	}
	kept += uint64(exponent-1) << l.fraction
	switch {
	case kept > uint64(l.max):
		return l.overflow(sign), false
	case kept == 0 && l.unsigned:
		return 0, true
	}
	return uint16(kept) | sign, true
}

// overflow returns the code for values beyond the largest.
func (l *layout) overflow(sign uint16) uint16 {
	if l.unsigned {
		return l.over
	}
	return l.over | sign
}

// decode returns the value of code. It ignores the bits above the sign. A float32 can hold every value of every layout. A NaN
// becomes the quiet NaN with the sign of code.
func (l *layout) decode(code uint16) float32 {
	sign := uint32(code>>l.sign&1) << 31
	magnitude := code & (1<<l.sign - 1)
	switch {
	case l.unsigned && sign != 0 && magnitude == 0:
		return math.Float32frombits(sign | nan32)
	case magnitude > l.max && magnitude == l.inf:
		return math.Float32frombits(sign | 0xff<<fraction32)
	case magnitude > l.max:
		return math.Float32frombits(sign | nan32)
	}
	exponent, fraction := int(magnitude>>l.fraction), uint32(magnitude)&(1<<l.fraction-1)
	if exponent == 0 {
		// The fraction counts steps of the smallest value, a power of two: the product is exact.
		step := math.Float32frombits(uint32(1-l.bias-int(l.fraction)+bias32) << fraction32)
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*step))
	}
	return math.Float32frombits(sign | uint32(exponent-l.bias+bias32)<<fraction32 | fraction<<(fraction32-l.fraction))
}

// formatFloat prints a small float as the shortest decimal that names its value among float32s.
func formatFloat(f float32) string { return strconv.FormatFloat(float64(f), 'g', -1, 32) }
