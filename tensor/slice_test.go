package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/tensor"
)

func TestParseSlice(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		want       tensor.Slice
	}{
		{"all of the first axis, five of the second", "-:0,5", tensor.Slice{tensor.Full, {0, 5}}},
		{"the slice of a scalar", "", tensor.Slice{}},
		{"one axis", "10,20", tensor.Slice{{10, 20}}},
		{"other forms of numbers that TensorFlow reads", "+1,007", tensor.Slice{{1, 7}}},
		{"empty extents are skipped", ":-::0,1:", tensor.Slice{tensor.Full, {0, 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tensor.ParseSlice(c.spec)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	for _, c := range []struct{ name, spec, problem string }{
		{"one number", "-:5", `tensor: slice "-:5": extent "5": want "-" or "start,length"`},
		{"three numbers", "0,1,2", `extent "0,1,2": want "-" or "start,length"`},
		{"no numbers", "a,b", `want "-" or "start,length"`},
		{"a blank", "0, 2", `want "-" or "start,length"`},
		{"a negative start", "-1,2", "a start of at least 0"},
		{"no length", "0,0", "a length of at least 1"},
		{"a negative length", "0,-1", "a length of at least 1"},
		{"an end that overflows an int", "1,9223372036854775807", "extent"},
		{"a number that overflows an int", "0,9223372036854775808", "out of range"},
	} {
		t.Run("not "+c.name, func(t *testing.T) {
			_, err := tensor.ParseSlice(c.spec)
			require.ErrorContains(t, err, c.problem)
		})
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		name   string
		slice  tensor.Slice
		full   tensor.Shape
		region tensor.Slice
		shape  tensor.Shape
	}{
		{"full extents take their axis's length", tensor.Slice{tensor.Full, {2, 3}}, tensor.Shape{4, 5}, tensor.Slice{{0, 4}, {2, 3}}, tensor.Shape{4, 3}},
		{"a scalar", tensor.Slice{}, tensor.Shape{}, tensor.Slice{}, tensor.Shape{}},
		{"an empty slice at the end", tensor.Slice{{4, 0}}, tensor.Shape{4}, tensor.Slice{{4, 0}}, tensor.Shape{0}},
		{"all of an empty axis", tensor.Slice{tensor.Full}, tensor.Shape{0}, tensor.Slice{{0, 0}}, tensor.Shape{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			region, shape, err := c.slice.Resolve(c.full)
			require.NoError(t, err)
			require.Equal(t, c.region, region)
			require.Equal(t, c.shape, shape)
		})
	}
	for _, c := range []struct {
		name    string
		slice   tensor.Slice
		full    tensor.Shape
		problem string
	}{
		{"another rank", tensor.Slice{tensor.Full}, tensor.Shape{4, 5}, "tensor: slice - has rank 1, which does not fit shape [4 5]"},
		{"beyond the end", tensor.Slice{{2, 3}}, tensor.Shape{4}, "tensor: slice 2,3 does not fit shape [4] along axis 0"},
		{"a start beyond the end", tensor.Slice{{5, 0}}, tensor.Shape{4}, "does not fit shape [4]"},
		{"an end that wraps around", tensor.Slice{{math.MaxInt, math.MaxInt}}, tensor.Shape{4}, "does not fit shape [4]"},
		{"a negative start", tensor.Slice{{-1, 2}}, tensor.Shape{4}, "does not fit shape [4]"},
		{"a negative length", tensor.Slice{{0, -2}}, tensor.Shape{4}, "does not fit shape [4]"},
		{"a full extent with a start", tensor.Slice{{1, -1}}, tensor.Shape{4}, "does not fit shape [4]"},
	} {
		t.Run("not "+c.name, func(t *testing.T) {
			_, _, err := c.slice.Resolve(c.full)
			require.ErrorContains(t, err, c.problem)
		})
	}
}

func TestIntersect(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b tensor.Slice
		want tensor.Slice // nil: they do not overlap
	}{
		{"they overlap", tensor.Slice{{0, 4}, {0, 2}}, tensor.Slice{{3, 4}, {1, 5}}, tensor.Slice{{3, 1}, {1, 1}}},
		{"one contains the other", tensor.Slice{{0, 9}}, tensor.Slice{{3, 2}}, tensor.Slice{{3, 2}}},
		{"they touch", tensor.Slice{{0, 3}}, tensor.Slice{{3, 2}}, nil},
		{"they overlap along one axis only", tensor.Slice{{0, 4}, {0, 2}}, tensor.Slice{{3, 4}, {2, 2}}, nil},
		{"one is empty", tensor.Slice{{0, 4}}, tensor.Slice{{2, 0}}, nil},
		{"scalars", tensor.Slice{}, tensor.Slice{}, tensor.Slice{}},
		{"another rank", tensor.Slice{{0, 1}}, tensor.Slice{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, pair := range [][2]tensor.Slice{{c.a, c.b}, {c.b, c.a}} {
				got, ok := pair[0].Intersect(pair[1])
				require.Equal(t, c.want != nil, ok)
				require.Equal(t, c.want, got)
			}
		})
	}
}

func TestParseSliceReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		extent := rapid.Custom(func(t *rapid.T) tensor.Extent {
			if rapid.Bool().Draw(t, "full") {
				return tensor.Full
			}
			start := rapid.IntRange(0, math.MaxInt-1).Draw(t, "start")
			return tensor.Extent{Start: start, Length: rapid.IntRange(1, math.MaxInt-start).Draw(t, "length")}
		})
		s := tensor.Slice(rapid.SliceOfN(extent, 0, 5).Draw(t, "slice"))
		got, err := tensor.ParseSlice(s.String())
		require.NoError(t, err)
		require.Equal(t, s.String(), got.String())
		require.Len(t, got, len(s))
	})
}

func FuzzParseSlice(f *testing.F) {
	for _, seed := range []string{"", "-", "-:0,5", "0,1:2,3", "0,0", ",", ":", "-1,2", "1,9223372036854775807"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := tensor.ParseSlice(spec)
		if err != nil {
			return
		}
		again, err := tensor.ParseSlice(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
		for _, e := range s {
			require.True(t, e == tensor.Full || e.Start >= 0 && e.Length > 0 && e.Start+e.Length > 0)
		}
	})
}
