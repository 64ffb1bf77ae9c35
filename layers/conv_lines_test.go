package layers

import (
	"math/rand/v2"
	"testing"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A convolution by lines gives the same result as one by gathered rows.
func TestLinesAreGatheredRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(t, name) }
		c := convolution{
			batch: draw("batch", 1, 2), in: triple{draw("planes", 1, 3), draw("lines", 1, 6), draw("width", 1, 9)}, channels: draw("channels", 1, 40),
			filters: draw("filters", 1, 9), groups: 1, epilogue: kernel.Epilogue{Activation: activation.ReLU()},
		}
		for i := range c.axes {
			step := draw("step", 1, 2)
			g := gathering{
				outAt: draw("first", 0, step-1), outStep: step, outLen: draw("positions", 1, 7), stride: draw("stride", 1, 3), offset: draw("offset", -3, 3),
				dilation: draw("dilation", 1, 2), taps: draw("taps", 1, 3),
			}
			if i == 2 {
				g.dilation = 1
			}
			c.axes[i], c.out[i] = g, g.outAt+g.outLen*g.outStep
		}
		r := rand.New(rand.NewPCG(1, 2))
		values := func(n int) []float32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(r.IntN(9) - 4) // whole numbers, so all sums are exact
			}
			return x
		}
		x := values(c.batch * c.in.len() * c.channels)
		weights, bias := values(c.axes[0].taps*c.axes[1].taps*c.axes[2].taps*c.channels*c.filters), values(c.filters)
		got := values(c.batch * c.out.len() * c.filters)
		want := append([]float32(nil), got...)
		c.runLines(nil, got, x, weights, bias)
		c.runGathered(nil, want, x, weights, bias, c.axes[0].outLen*c.axes[1].outLen*c.axes[2].outLen)
		require.Equal(t, want, got)
	})
}
