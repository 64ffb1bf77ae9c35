package vmath

//go:generate sh -c "go -C ../generate run ./vmatharm64 > vector_arm64.s"

// A function is applied value by value. The assembly has the functions in this order.
type function uint64

const (
	exp function = iota
	sigmoid
	tanh
	erf
	gelu
	geluTanh
	silu
	relu
	relu6
)

// Exp sets each value x to e^x.
func Exp(x []float32) { exp.apply(x) }

// Sigmoid sets each value x to 1/(1 + e^-x).
func Sigmoid(x []float32) { sigmoid.apply(x) }

// Tanh sets each value to its hyperbolic tangent.
func Tanh(x []float32) { tanh.apply(x) }

// GELU sets each value x to x*(1 + erf(x/√2))/2.
func GELU(x []float32) { gelu.apply(x) }

// GELUTanh sets each value x to x*(1 + tanh(√(2/π)*(x + 0.044715x³)))/2.
func GELUTanh(x []float32) { geluTanh.apply(x) }

// SiLU sets each value x to x/(1 + e^-x).
func SiLU(x []float32) { silu.apply(x) }

// ReLU sets each value below 0 to 0.
func ReLU(x []float32) { relu.apply(x) }

// ReLU6 limits each value to the range 0 to 6.
func ReLU6(x []float32) { relu6.apply(x) }

func (f function) apply(x []float32) {
	if lanes == 0 {
		f.applyPlain(x)
		return
	}
	whole := len(x) &^ (lanes - 1)
	if whole > 0 {
		each(uint64(f), whole, &x[0])
	}
	if whole < len(x) {
		var rest [maxLanes]float32
		copy(rest[:], x[whole:])
		each(uint64(f), lanes, &rest[0])
		copy(x[whole:], rest[:])
	}
}
