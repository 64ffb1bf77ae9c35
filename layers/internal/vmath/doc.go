// Package vmath computes functions of many float32 values at a time, with AVX-512 or AVX2 where the processor has it, with NEON on arm64 and in plain Go elsewhere.
//
// # Accuracy
//
// Errors are in units of the result's last place (ULP), for every finite float32. Correct rounding leaves up to half of one.
//
//	Exp       1
//	Sigmoid   3
//	Tanh      1.5
//	Erf       1.5
//	SiLU      4, or 2^-149·|x| where that is more
//	GELU      2^-23·|x|, as Keras's: to the left the result has fewer digits than a float32
//	GELUTanh  20, or 2^-43·|x| where that is more
//
// NaN gives NaN; infinities, overflow and subnormal results are those of the formula. A value's result depends on nothing but the value, not on its
// place in the slice, so that work may be shared among goroutines as one likes. Plain Go takes the same steps; it may differ in the
// last place where a fused operation is rounded twice.
package vmath
