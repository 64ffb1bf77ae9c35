package vmath

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWindows(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for _, channels := range []int{1, 7, 8, 16, 21, 40} {
			for count := range 12 {
				// The window has three positions of one line of the input, and one of the next.
				line := (2*count + 3) * channels
				taps := []Tap{{0, 3 * channels}, {channels, 0}, {2 * channels, channels}, {line + channels, 2 * channels}}
				x, weights, bias := normal(2*line), normal(4*channels), normal(channels)
				got, largest := normal(count*(channels+1)), normal(count*(channels+1))
				l := Line{Y: got, X: x, YStep: channels + 1, XStep: 2 * channels, Count: count, Channels: channels}
				l.Weigh(taps, weights, bias)
				l.Y = largest
				l.Largest(taps)
				between := normal(count * (channels + 1))
				for i := range got {
					p, c := i/(channels+1), i%(channels+1)
					if c == channels {
						require.Equal(t, between[i], got[i])
						require.Equal(t, between[i], largest[i])
						continue
					}
					sum, top := float64(bias[c]), float32(math.Inf(-1))
					for _, tap := range taps {
						v := x[p*2*channels+tap.X+c]
						sum += float64(v) * float64(weights[tap.W+c])
						top = max(top, v)
					}
					require.InDelta(t, sum, got[i], 1e-4)
					require.Equal(t, top, largest[i])
				}
			}
		}
		nan := float32(math.NaN())
		for i := range 3 {
			x := make([]float32, 3*16)
			x[i*16+5] = nan
			l := Line{Y: make([]float32, 16), X: x, Count: 1, Channels: 16}
			l.Largest([]Tap{{X: 0}, {X: 16}, {X: 32}})
			require.True(t, math.IsNaN(float64(l.Y[5])))
			require.Equal(t, float32(0), l.Y[6])
		}
		l := Line{Y: make([]float32, 16), X: make([]float32, 16), Count: 1, Channels: 16}
		require.Panics(t, func() { l.Largest([]Tap{{X: 1}}) })
		require.Panics(t, func() { l.Weigh([]Tap{{X: 0, W: 1}}, make([]float32, 16), nil) })
	})
}
