// Package vmath computes functions of many float32 values at a time. It uses AVX-512 or AVX2 if the processor has them, NEON on
// arm64, and plain Go elsewhere.
//
// # Accuracy
//
// The table lists the largest errors for all finite float32 values, in units in the last place (ULP) of the result. A correctly
// rounded result has an error of up to half a unit.
//
//	Exp       1
//	Sigmoid   3
//	Tanh      1.5
//	Erf       1.5
//	SiLU      4, or 2^-149·|x| if that is more
//	GELU      2^-23·|x|, as in Keras: for negative x the result has fewer digits than a float32
//	GELUTanh  20, or 2^-43·|x| if that is more
//
// NaN gives NaN. Infinities, overflow and subnormal results follow the formula. A result depends only on its value and not on
// its position in the slice, so work may be divided among goroutines in any way. Plain Go takes the same steps. It may differ in
// the last place, because it can round a fused operation twice.
package vmath
