package vmath

import "golang.org/x/sys/cpu"

//go:generate go -C ../generate run ./vmath -pkg vmath -out ../vmath/vector_amd64.s

// lanes is the number of values in a register, or 0 if the assembly must not be called. The functions below
// take a number of values that is a multiple of lanes.
var lanes = func() int {
	switch {
	case cpu.X86.HasAVX512F:
		return 16
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return 8
	}
	return 0
}()

// leastLanes and maxLanes are the smallest and largest number of values in a register.
const leastLanes, maxLanes = 8, 16

func each(f uint64, n int, x *float32) {
	if lanes == 16 {
		each512(f, n, x)
	} else {
		each256(f, n, x)
	}
}

func sumExp(n int, y, x *float32, shift float32) float64 {
	if lanes == 16 {
		return sumExp512(n, y, x, shift)
	}
	return sumExp256(n, y, x, shift)
}

func largest(n int, x *float32) float32 {
	if lanes == 16 {
		return largest512(n, x)
	}
	return largest256(n, x)
}

func sum(n int, x *float32) float64 {
	if lanes == 16 {
		return sum512(n, x)
	}
	return sum256(n, x)
}

func sumSquares(n int, x *float32, mean float32) float64 {
	if lanes == 16 {
		return sumSquares512(n, x, mean)
	}
	return sumSquares256(n, x, mean)
}

func normalize(n int, x, gamma, beta *float32, mean, scale float32) {
	if lanes == 16 {
		normalize512(n, x, gamma, beta, mean, scale)
	} else {
		normalize256(n, x, gamma, beta, mean, scale)
	}
}

func scale(n int, x *float32, by float32) {
	if lanes == 16 {
		scale512(n, x, by)
	} else {
		scale256(n, x, by)
	}
}

func add(n int, y, x *float32) {
	if lanes == 16 {
		add512(n, y, x)
	} else {
		add256(n, y, x)
	}
}

func maximum(n int, y, x *float32) {
	if lanes == 16 {
		maximum512(n, y, x)
	} else {
		maximum256(n, y, x)
	}
}

func lstm(n int, h, c, z *float32, units int) {
	if lanes == 16 {
		lstm512(n, h, c, z, units)
	} else {
		lstm256(n, h, c, z, units)
	}
}

func gru(n int, h, z, inner *float32, units int) {
	if lanes == 16 {
		gru512(n, h, z, inner, units)
	} else {
		gru256(n, h, z, inner, units)
	}
}

func affine(n int, y, x, mul, add *float32) {
	if lanes == 16 {
		affine512(n, y, x, mul, add)
	} else {
		affine256(n, y, x, mul, add)
	}
}

func weigh(n, count, taps int, at *int, y *float32, yStep int, x *float32, xStep int, w, bias *float32) {
	if n == 16 {
		weigh512(count, taps, at, y, yStep, x, xStep, w, bias)
	} else {
		weigh256(count, taps, at, y, yStep, x, xStep, w, bias)
	}
}

func largestOf(n, count, taps int, at *int, y *float32, yStep int, x *float32, xStep int) {
	if n == 16 {
		largestOf512(count, taps, at, y, yStep, x, xStep)
	} else {
		largestOf256(count, taps, at, y, yStep, x, xStep)
	}
}

// The functions below are in vector_amd64.s, once for registers of 512 bits and once for 256 bits.

//go:noescape
func each512(f uint64, n int, x *float32)

//go:noescape
func sumExp512(n int, y *float32, x *float32, shift float32) float64

//go:noescape
func largest512(n int, x *float32) float32

//go:noescape
func sum512(n int, x *float32) float64

//go:noescape
func sumSquares512(n int, x *float32, mean float32) float64

//go:noescape
func normalize512(n int, x *float32, gamma *float32, beta *float32, mean float32, scale float32)

//go:noescape
func scale512(n int, x *float32, by float32)

//go:noescape
func add512(n int, y *float32, x *float32)

//go:noescape
func maximum512(n int, y *float32, x *float32)

//go:noescape
func lstm512(n int, h *float32, c *float32, z *float32, units int)

//go:noescape
func gru512(n int, h *float32, z *float32, inner *float32, units int)

//go:noescape
func each256(f uint64, n int, x *float32)

//go:noescape
func sumExp256(n int, y *float32, x *float32, shift float32) float64

//go:noescape
func largest256(n int, x *float32) float32

//go:noescape
func sum256(n int, x *float32) float64

//go:noescape
func sumSquares256(n int, x *float32, mean float32) float64

//go:noescape
func normalize256(n int, x *float32, gamma *float32, beta *float32, mean float32, scale float32)

//go:noescape
func scale256(n int, x *float32, by float32)

//go:noescape
func add256(n int, y *float32, x *float32)

//go:noescape
func maximum256(n int, y *float32, x *float32)

//go:noescape
func lstm256(n int, h *float32, c *float32, z *float32, units int)

//go:noescape
func gru256(n int, h *float32, z *float32, inner *float32, units int)

//go:noescape
func affine512(n int, y *float32, x *float32, mul *float32, add *float32)

//go:noescape
func weigh512(count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int, w *float32, bias *float32)

//go:noescape
func largestOf512(count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int)

//go:noescape
func affine256(n int, y *float32, x *float32, mul *float32, add *float32)

//go:noescape
func weigh256(count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int, w *float32, bias *float32)

//go:noescape
func largestOf256(count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int)
