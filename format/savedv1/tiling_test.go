package savedv1

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// box makes a slice from alternating starts and lengths.
func box(numbers ...int) (s tensor.Slice) {
	for i := 0; i < len(numbers); i += 2 {
		s = append(s, tensor.Extent{Start: numbers[i], Length: numbers[i+1]})
	}
	return s
}

func TestTiling(t *testing.T) {
	square := box(0, 4, 0, 4)
	for _, tt := range []struct {
		name   string
		region tensor.Slice
		parts  []tensor.Slice
		want   string // in the error; "" for none
	}{
		{"one part for everything", square, []tensor.Slice{square}, ""},
		{"a scalar", tensor.Slice{}, []tensor.Slice{{}}, ""},
		{"rows", square, []tensor.Slice{box(2, 2, 0, 4), box(0, 2, 0, 4)}, ""},
		{"a pinwheel", box(0, 3, 0, 3), []tensor.Slice{box(0, 1, 0, 2), box(0, 2, 2, 1), box(2, 1, 1, 2), box(1, 2, 0, 1), box(1, 1, 1, 1)}, ""},
		{"nothing", square, nil, "have 0 of the 16 elements"},
		{"a row is missing", square, []tensor.Slice{box(0, 3, 0, 4)}, "have 12 of the 16 elements of 0,4:0,4"},
		{"the same part twice", square, []tensor.Slice{square, square}, "its parts overlap"},
		{"a scalar twice", tensor.Slice{}, []tensor.Slice{{}, {}}, "its parts overlap"},
		{"an overlap as large as a gap", square, []tensor.Slice{box(0, 3, 0, 4), box(2, 1, 0, 4)}, "overlap, and leave others"},
		{"corners that cancel out, with a wrong area", square, []tensor.Slice{square, box(1, 1, 1, 1)}, "its parts overlap"},
		{"numbers with a sum that overflows an int", box(0, math.MaxInt), []tensor.Slice{box(0, math.MaxInt-1), box(1, math.MaxInt-1)}, "its parts overlap"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkTiling(tt.region, tt.parts)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, format.ErrCorrupt)
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("cut along more axes than supported", func(t *testing.T) {
		var region, half tensor.Slice
		for range maxCutAxes + 1 {
			region, half = append(region, tensor.Extent{Length: 2}), append(half, tensor.Extent{Length: 1})
		}
		require.ErrorIs(t, checkTiling(region, []tensor.Slice{half}), errors.ErrUnsupported)
	})
}

// Adding up the corners gives the same answer as counting every element.
func TestTilingIsCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		region := box(0, rapid.IntRange(1, 4).Draw(t, "x"), 0, rapid.IntRange(1, 4).Draw(t, "y"), 5, rapid.IntRange(1, 2).Draw(t, "z"))
		var parts []tensor.Slice
		var cut func(tensor.Slice) // split a box in two repeatedly
		cut = func(s tensor.Slice) {
			axis := rapid.IntRange(0, 2).Draw(t, "axis")
			if s[axis].Length < 2 || rapid.IntRange(0, 3).Draw(t, "stop") == 0 {
				parts = append(parts, s)
				return
			}
			at := rapid.IntRange(1, s[axis].Length-1).Draw(t, "at")
			first, second := append(tensor.Slice{}, s...), append(tensor.Slice{}, s...)
			first[axis].Length = at
			second[axis] = tensor.Extent{Start: s[axis].Start + at, Length: s[axis].Length - at}
			cut(first)
			cut(second)
		}
		cut(region)
		if rapid.Bool().Draw(t, "spoil") { // move or stretch one box
			i, axis := rapid.IntRange(0, len(parts)-1).Draw(t, "part"), rapid.IntRange(0, 2).Draw(t, "axis")
			p := append(tensor.Slice{}, parts[i]...)
			p[axis].Start = rapid.IntRange(region[axis].Start, region[axis].Start+region[axis].Length-1).Draw(t, "start")
			p[axis].Length = rapid.IntRange(1, region[axis].Start+region[axis].Length-p[axis].Start).Draw(t, "length")
			parts[i] = p
		}
		count := map[[3]int]int{}
		for _, p := range parts {
			for x := range p[0].Length {
				for y := range p[1].Length {
					for z := range p[2].Length {
						count[[3]int{p[0].Start + x, p[1].Start + y, p[2].Start + z}]++
					}
				}
			}
		}
		once := len(count) == volume(region)
		for _, n := range count {
			once = once && n == 1
		}
		require.Equal(t, once, checkTiling(region, parts) == nil, "%v in %v", parts, region)
	})
}
