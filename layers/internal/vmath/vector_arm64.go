package vmath

// lanes is the number of values in a NEON register. Every arm64 processor has NEON. The functions below take
// a number of values that is a multiple of lanes. Tests set it to 0 for plain Go.
var lanes = 4

// leastLanes is the number of values in a register. maxLanes is the number of values that tails have memory for.
const leastLanes, maxLanes = 4, 16

func weigh(_, count, taps int, at *int, y *float32, yStep int, x *float32, xStep int, w, bias *float32) {
	weigh4(count, taps, at, y, yStep, x, xStep, w, bias)
}

func largestOf(_, count, taps int, at *int, y *float32, yStep int, x *float32, xStep int) {
	largestOf4(count, taps, at, y, yStep, x, xStep)
}

// The functions below are in vector_arm64.s.

//go:noescape
func each(f uint64, n int, x *float32)

//go:noescape
func sumExp(n int, y *float32, x *float32, shift float32) float64

//go:noescape
func largest(n int, x *float32) float32

//go:noescape
func sum(n int, x *float32) float64

//go:noescape
func sumSquares(n int, x *float32, mean float32) float64

//go:noescape
func normalize(n int, x *float32, gamma *float32, beta *float32, mean float32, scale float32)

//go:noescape
func affine(n int, y *float32, x *float32, mul *float32, add *float32)

//go:noescape
func scale(n int, x *float32, by float32)

//go:noescape
func add(n int, y *float32, x *float32)

//go:noescape
func maximum(n int, y *float32, x *float32)

//go:noescape
func lstm(n int, h *float32, c *float32, z *float32, units int)

//go:noescape
func gru(n int, h *float32, z *float32, inner *float32, units int)

//go:noescape
func weigh4(count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int, w *float32, bias *float32)

//go:noescape
func largestOf4(count int, taps int, at *int, y *float32, yStep int, x *float32, xStep int)
