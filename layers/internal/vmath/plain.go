package vmath

import "math"

// This file has the functions for one value at a time and tells where their constants come from. The assembly takes the same
// steps. The coefficients are minimax, computed by Remez's algorithm with 40 digits.

// fma returns a*b + c, rounded once, except in rare cases in which float64 rounds first.
func fma(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

// polynomial returns the polynomial of x with coefficients c, the lowest first.
func polynomial(x float32, c []float32) float32 {
	y := c[len(c)-1]
	for i := len(c) - 2; i >= 0; i-- {
		y = fma(y, x, c[i])
	}
	return y
}

var (
	// expTerms is (e^r - 1 - r)/r² for |r| up to ln(2)/2, to within 3e-9 of e^r.
	expTerms = []float32{0.4999999344783835, 0.16666520631773323, 0.041668388031037609, 0.0083687168752623599, 0.0013814599553094666}

	// tanhTerms is (tanh(√t) - √t)/√t³ for t up to 0.625². The error in tanh is at most 2e-9.
	tanhTerms = []float32{-0.33333283925362723, 0.13331491288271197, -0.053743498152432982, 0.020650587461858943, -0.0057170451920333707}

	// erfTerms is erf(√t)/√t - 1 for t up to 0.875², to within 2e-10.
	erfTerms = []float32{
		0.12837916689411075, -0.37612636293675944, 0.11283736427002117, -0.026861773548854023, 0.0052072193037814118, -0.00082165474443188585,
		8.6989682749511999e-5,
	}

	// erfcTerms is -ln(1 - erf(a)) for a from 0.875 to 4. The error in erf is at most 5e-9. For larger a it continues to rise.
	erfcTerms = []float32{
		2.6809379866278863e-5, 1.1285956876339193, 0.63508042539932062, 0.10653213224831059, -0.024103244850503111, 0.0038307134323971983,
		-0.00037363651130372455, 1.6615133920966185e-5,
	}
)

// expOf returns e^x. x is n*ln(2) + r, and ln(2) is split in two parts. The first part has few digits, so its product with n is
// exact.
func expOf(x float32) float32 {
	const (
		rounder       = 3 << 22 // adding it leaves the integer part in the lowest bits
		log2e         = 1.44269504088896340736
		ln2Hi, ln2Low = 0.693145751953125, 1.428606765330187e-06
	)
	if x != x {
		return x
	}
	x = max(min(x, 89), -104) // beyond, the result is infinity or 0
	n := fma(x, log2e, rounder)
	n -= rounder
	r := fma(n, -ln2Low, fma(n, -ln2Hi, x))
	return float32(math.Ldexp(float64(fma(polynomial(r, expTerms), r*r, r)+1), int(n)))
}

func sigmoidOf(x float32) float32 {
	e := expOf(-abs(x))
	if x < 0 {
		return e / (1 + e)
	}
	return 1 / (1 + e)
}

func tanhOf(x float32) float32 {
	a := abs(x)
	if a < 0.625 {
		return fma(polynomial(x*x, tanhTerms), x*x*x, x)
	}
	return withSign(1-2/(expOf(2*a)+1), x)
}

func erfOf(x float32) float32 {
	if abs(x) < 0.875 {
		return fma(polynomial(x*x, erfTerms), x, x)
	}
	return withSign(1-expOf(-polynomial(abs(x), erfcTerms)), x)
}

func geluOf(x float32) float32 {
	v := x * (1 / math.Sqrt2)
	y := float32(0)
	switch a := abs(v); {
	case a < 0.875:
		y = 1 + fma(polynomial(v*v, erfTerms), v, v)
	case x < 0:
		y = expOf(-polynomial(a, erfcTerms))
	default:
		y = 2 - expOf(-polynomial(a, erfcTerms))
	}
	return 0.5 * x * y
}

// geluTanhOf uses that (1 + tanh(u))/2 is the sigmoid of 2u.
func geluTanhOf(x float32) float32 {
	const twice = 1.5957691216057308 // 2√(2/π)
	return x * sigmoidOf(x*fma(0.044715*twice, x*x, twice))
}

func siluOf(x float32) float32 { return x * sigmoidOf(x) }

func reluOf(x float32) float32 {
	if x < 0 {
		return 0
	}
	return x
}

func relu6Of(x float32) float32 { return max(0, min(6, x)) }

func abs(x float32) float32 { return float32(math.Abs(float64(x))) }

func withSign(x, sign float32) float32 { return float32(math.Copysign(float64(x), float64(sign))) }

var plain = [...]func(float32) float32{exp: expOf, sigmoid: sigmoidOf, tanh: tanhOf, erf: erfOf, gelu: geluOf, geluTanh: geluTanhOf, silu: siluOf, relu: reluOf, relu6: relu6Of}

func (f function) applyPlain(x []float32) {
	of := plain[f]
	for i, v := range x {
		x[i] = of(v)
	}
}
