package activation

import "math"

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// tanh is math.Tanh in half its time; math.Exp is written for each processor, that is not. It is exact to 1e-11, where a float32
// shows 6e-8.
func tanh(x float64) float64 {
	if x > -1e-4 && x < 1e-4 { // the difference below would lose digits
		return x - x*x*x/3
	}
	return 1 - 2/(math.Exp(2*x)+1)
}

func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}
