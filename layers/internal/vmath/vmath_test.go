package vmath

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/stretchr/testify/require"
)

// functions lists each function with a version that computes with more digits, and with the largest
// allowed error in units in the last place.
var functions = []struct {
	name  string
	f     function
	exact func(x float64) float64
	ulps  float64
	// slack is added to the allowed error in ulps.
	slack func(x float64) float64
}{
	{name: "exp", f: exp, exact: math.Exp, ulps: 1},
	{name: "sigmoid", f: sigmoid, exact: exactSigmoid, ulps: 3},
	{name: "tanh", f: tanh, exact: math.Tanh, ulps: 1.5},
	{name: "erf", f: erf, exact: math.Erf, ulps: 1.5},
	{name: "silu", f: silu, exact: func(x float64) float64 { return x * exactSigmoid(x) }, ulps: 4, slack: func(x float64) float64 {
		return 0x1p-149 * math.Abs(x)
	}},
	{name: "gelu", f: gelu, exact: func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }, ulps: 0.5, slack: func(x float64) float64 {
		return 0x1p-23 * math.Abs(x)
	}},
	{name: "gelu tanh", f: geluTanh, exact: func(x float64) float64 {
		return x * exactSigmoid(2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x))
	}, ulps: 20, slack: func(x float64) float64 { return 0x1p-43 * math.Abs(x) }},
	{name: "relu", f: relu, exact: func(x float64) float64 { return max(x, 0) }, ulps: 0.5},
	{name: "relu6", f: relu6, exact: func(x float64) float64 { return max(0, min(x, 6)) }, ulps: 0.5},
}

func exactSigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// ulp returns the distance between neighbouring float32 values near x.
func ulp(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(1, max(e-24, -149))
}

// eachSet runs f with registers of every length that this machine has, and with plain Go.
func eachSet(t *testing.T, f func(t *testing.T)) {
	most := lanes
	defer func() { setLanes(most) }()
	for _, n := range laneSets {
		if n <= most {
			t.Run(fmt.Sprintf("lanes=%d", n), func(t *testing.T) {
				setLanes(n)
				f(t)
			})
		}
	}
}

// everywhere returns finite values with all exponents and both signs.
func everywhere() []float32 {
	step := uint32(1) << thorough.Pick(13, 17)
	r := rand.New(rand.NewPCG(1, 2))
	var all []float32
	for sign := range uint32(2) {
		for b := uint32(0); b < 0xff<<23; b += step {
			for _, bits := range []uint32{b, b + r.Uint32N(step)} {
				all = append(all, math.Float32frombits(sign<<31|bits))
			}
		}
	}
	for range thorough.Pick(1<<18, 1<<14) { // the range of most values in a model
		all = append(all, float32(r.NormFloat64()*4))
	}
	return all
}

func TestErrorBounds(t *testing.T) {
	all := everywhere()
	eachSet(t, func(t *testing.T) {
		for _, f := range functions {
			got := slices.Clone(all)
			f.f.apply(got)
			worst, at := 0.0, float32(0)
			for i, x := range all {
				want := f.exact(float64(x))
				if rounded := float32(want); math.IsInf(float64(rounded), 0) {
					require.Equal(t, rounded, got[i], "%s(%v)", f.name, x)
					continue
				}
				slack := 0.0
				if f.slack != nil {
					slack = f.slack(float64(x))
				}
				off := max(math.Abs(float64(got[i])-want)-slack, 0) / ulp(want)
				if off > worst || off != off {
					worst, at = off, x
				}
			}
			t.Logf("%s: at most %.2f ULP, at %v", f.name, worst, at)
			// The values must agree with the table in doc.go.
			require.LessOrEqual(t, worst, f.ulps, "%s(%v)", f.name, at)
		}
	})
}

func TestSpecialValues(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		f        function
		x, wants []float32
	}{
		{exp, []float32{0, inf, -inf, nan, 1000, -1000, 88.8, -103}, []float32{1, inf, 0, nan, inf, 0, inf, 1.4e-45}},
		{sigmoid, []float32{0, inf, -inf, nan, 1000, -1000}, []float32{0.5, 1, 0, nan, 1, 0}},
		{tanh, []float32{0, inf, -inf, nan, 1e-45, 1000}, []float32{0, 1, -1, nan, 1e-45, 1}},
		{erf, []float32{0, inf, -inf, nan, 1000, -1000}, []float32{0, 1, -1, nan, 1, -1}},
		{gelu, []float32{0, inf, -inf, nan, 1e30, -1e30, 3e38}, []float32{0, inf, nan, nan, 1e30, 0, 3e38}},
		{geluTanh, []float32{0, inf, -inf, nan, 1e30, -1e30}, []float32{0, inf, nan, nan, 1e30, 0}},
		{silu, []float32{0, inf, -inf, nan, 1e30, -1e30}, []float32{0, inf, nan, nan, 1e30, 0}},
		{relu6, []float32{0, inf, -inf, nan, 2, 7}, []float32{0, 6, 0, nan, 2, 6}},
		{relu, []float32{0, inf, -inf, nan, 2, -2}, []float32{0, inf, 0, nan, 2, 0}},
	} {
		eachSet(t, func(t *testing.T) {
			got := slices.Clone(c.x)
			c.f.apply(got)
			for i, want := range c.wants {
				if want != want {
					require.True(t, math.IsNaN(float64(got[i])), "function %d of %v: %v", c.f, c.x[i], got[i])
				} else {
					require.True(t, want == got[i], "function %d of %v: %v", c.f, c.x[i], got[i]) // 0 equals -0
				}
			}
		})
	}
}
