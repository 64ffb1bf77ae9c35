package activation

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/vmath"
)

// Linear returns the identity, the zero [Func].
func Linear() Func { return Func{} }

// ReLU returns max(x, 0).
func ReLU() Func {
	return Func{name: "relu", each: vmath.ReLU, known: relu}
}

// ReLU6 returns x limited to [0, 6].
func ReLU6() Func {
	return Func{name: "relu6", each: vmath.ReLU6, known: relu6}
}

// ReLUWith returns keras.activations.relu with all its options: min(x, maxValue) if x is above threshold, and negativeSlope*(x
// - threshold) otherwise. A maxValue of +Inf means no limit; maxValue must not be negative.
func ReLUWith(negativeSlope, maxValue, threshold float32) Func {
	if negativeSlope == 0 && threshold == 0 {
		switch {
		case math.IsInf(float64(maxValue), 1):
			return ReLU()
		case maxValue == 6:
			f := ReLU6()
			f.name = "relu"
			return f
		}
	}
	return Each("relu", func(x float32) float32 {
		switch {
		case x > threshold:
			// Keras also clips from below, which matters only for a negative threshold.
			if threshold != 0 && !math.IsInf(float64(maxValue), 1) {
				x = max(0, x)
			}
			return min(x, maxValue)
		case negativeSlope == 0 && x == x:
			return 0
		}
		return negativeSlope * (x - threshold)
	})
}

// LeakyReLU returns x if x is positive, and slope*x otherwise. Keras's function has a slope of 0.2, its layer one of 0.3.
func LeakyReLU(slope float32) Func {
	return Func{name: "leaky_relu", each: func(x []float32) {
		for i, v := range x {
			if v < 0 {
				x[i] = slope * v
			}
		}
	}}
}

// ELU returns x if x is positive, and alpha*(e^x - 1) otherwise.
func ELU(alpha float32) Func {
	return Each("elu", func(x float32) float32 {
		if x > 0 {
			return x
		}
		return alpha * float32(math.Expm1(float64(x)))
	})
}

// SELU returns the self-normalizing ELU: scale*x, or scale*alpha*(e^x - 1) if x is negative.
func SELU() Func {
	const scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
	return Each("selu", func(x float32) float32 {
		if x > 0 {
			return scale * x
		}
		return float32(scale * alpha * math.Expm1(float64(x)))
	})
}

// CELU returns max(x, 0) + alpha*(e^(min(x, 0)/alpha) - 1).
func CELU(alpha float32) Func {
	return Each("celu", func(x float32) float32 {
		if x > 0 {
			return x
		}
		return float32(float64(alpha) * math.Expm1(float64(x)/float64(alpha)))
	})
}

// GELU returns x*P(X <= x) for a normal X: 0.5*x*(1 + erf(x/sqrt 2)).
func GELU() Func {
	return Func{name: "gelu", each: vmath.GELU, known: gelu}
}

// GELUApproximate returns keras.activations.gelu with approximate=True, which uses a tanh instead of the erf.
func GELUApproximate() Func {
	return Func{name: "gelu", each: vmath.GELUTanh, known: geluApproximate}
}

// Sigmoid returns 1/(1 + e^-x).
func Sigmoid() Func {
	return Func{name: "sigmoid", each: vmath.Sigmoid, known: sigmoid}
}

// HardSigmoid returns Keras 3's straight-line sigmoid: x/6 + 1/2, limited to [0, 1].
func HardSigmoid() Func { return Each("hard_sigmoid", hardSigmoid) }

func hardSigmoid(x float32) float32 { return max(0, min(6, x+3)) / 6 }

// HardSigmoidV2 returns the hard_sigmoid of TF 2.0's Keras: 0.2*x + 0.5, limited to [0, 1].
func HardSigmoidV2() Func {
	return Each("hard_sigmoid", func(x float32) float32 { return max(0, min(1, 0.2*x+0.5)) })
}

// SiLU returns x*sigmoid(x), also called swish.
func SiLU() Func {
	return Func{name: "silu", each: vmath.SiLU, known: silu}
}

// HardSiLU returns x*hard_sigmoid(x), also called hard_swish.
func HardSiLU() Func {
	return Each("hard_silu", func(x float32) float32 { return x * hardSigmoid(x) })
}

// LogSigmoid returns log(sigmoid(x)).
func LogSigmoid() Func {
	return Each("log_sigmoid", func(x float32) float32 { return float32(-softplus(-float64(x))) })
}

// Softplus returns log(1 + e^x).
func Softplus() Func {
	return Each("softplus", func(x float32) float32 { return float32(softplus(float64(x))) })
}

// Softsign returns x/(1 + |x|).
func Softsign() Func {
	return Each("softsign", func(x float32) float32 { return float32(float64(x) / (1 + math.Abs(float64(x)))) })
}

// Tanh returns the hyperbolic tangent.
func Tanh() Func {
	return Func{name: "tanh", each: vmath.Tanh, known: tanh}
}

// HardTanh returns x limited to [-1, 1].
func HardTanh() Func {
	return Each("hard_tanh", func(x float32) float32 { return max(-1, min(1, x)) })
}

// TanhShrink returns x - tanh(x).
func TanhShrink() Func {
	return Each("tanh_shrink", func(x float32) float32 { return float32(float64(x) - math.Tanh(float64(x))) })
}

// SoftShrink moves x towards 0 by threshold, and returns 0 if |x| is at most threshold.
func SoftShrink(threshold float32) Func {
	return Each("soft_shrink", func(x float32) float32 {
		switch {
		case x > threshold:
			return x - threshold
		case x < -threshold:
			return x + threshold
		}
		return 0
	})
}

// HardShrink returns x if |x| is above threshold, otherwise 0.
func HardShrink(threshold float32) Func {
	return Each("hard_shrink", func(x float32) float32 {
		if x > threshold || x < -threshold {
			return x
		}
		return 0
	})
}

// Threshold returns x if x is above threshold, otherwise value.
func Threshold(threshold, value float32) Func {
	return Each("threshold", func(x float32) float32 {
		if x > threshold {
			return x
		}
		return value
	})
}

// Exponential returns e^x.
func Exponential() Func {
	return Func{name: "exponential", each: vmath.Exp, known: exponential}
}

// Mish returns x*tanh(softplus(x)).
func Mish() Func {
	return Each("mish", func(x float32) float32 { return float32(float64(x) * math.Tanh(softplus(float64(x)))) })
}

// SparsePlus returns 0 for x <= -1, x for x >= 1, and (x + 1)²/4 in between.
func SparsePlus() Func {
	return Each("sparse_plus", func(x float32) float32 {
		switch {
		case x <= -1:
			return 0
		case x < 1:
			return (x + 1) * (x + 1) / 4
		}
		return x
	})
}

// SparseSigmoid returns 0 for x <= -1, 1 for x >= 1, and (x + 1)/2 in between.
func SparseSigmoid() Func {
	return Each("sparse_sigmoid", func(x float32) float32 { return max(0, min(1, 0.5*(x+1))) })
}

// Squareplus returns (x + sqrt(x² + b))/2; Keras's b is 4.
func Squareplus(b float32) Func {
	return Each("squareplus", func(x float32) float32 {
		v := float64(x)
		square := v*v + float64(b)
		if square > math.MaxFloat32 { // as in Keras
			square = math.Inf(1)
		}
		return float32((v + math.Sqrt(square)) / 2)
	})
}
