package main

import (
	"encoding/json"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

func TestCompareValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	of := func(tt tensor.Any, err error) tensor.Any {
		require.NoError(t, err)
		return tt
	}
	floats := func(v ...float32) tensor.Any { x, err := tensor.FromSlice(v, len(v)); return of(x, err) }
	integers := func(v ...int64) tensor.Any { x, err := tensor.FromSlice(v, len(v)); return of(x, err) }
	unsigned := func(v ...uint64) tensor.Any { x, err := tensor.FromSlice(v, len(v)); return of(x, err) }
	complexes := func(v ...complex64) tensor.Any { x, err := tensor.FromSlice(v, len(v)); return of(x, err) }
	texts := func(v ...string) tensor.Any { x, err := tensor.FromSlice(v, len(v)); return of(x, err) }
	for _, tt := range []struct {
		name      string
		a, b      tensor.Any
		tolerance float64
		differ    int
		largest   float64 // infinite: none can be told
		at        int
	}{
		{name: "the largest of several", a: floats(1, 2, 3), b: floats(1, 2.5, 5), differ: 2, largest: 2, at: 2},
		{name: "within the tolerance", a: floats(1, 2), b: floats(1.25, 2.25), tolerance: 0.25},
		{name: "beyond the tolerance", a: floats(1, 2), b: floats(1.25, 2.5), tolerance: 0.25, differ: 1, largest: 0.5, at: 1},
		{name: "NaN equals NaN, and 0 is -0", a: floats(nan, 0), b: floats(-nan, float32(math.Copysign(0, -1)))},
		{name: "a NaN in one is beyond any tolerance", a: floats(0, nan), b: floats(9, 1), tolerance: 100, differ: 1, largest: math.Inf(1), at: 1},
		{name: "infinities of two signs", a: floats(inf, inf), b: floats(inf, -inf), differ: 1, largest: math.Inf(1), at: 1},
		{name: "integers that no float64 tells apart", a: integers(1<<60, 0), b: integers(1<<60+1, 0), differ: 1, largest: 1},
		{name: "integers further apart than an int64", a: integers(math.MinInt64), b: integers(math.MaxInt64), differ: 1, largest: math.MaxUint64},
		{name: "unsigned integers beyond an int64", a: unsigned(math.MaxUint64), b: unsigned(0), differ: 1, largest: math.MaxUint64},
		{name: "an integer and a fraction", a: integers(2), b: floats(2.5), differ: 1, largest: 0.5},
		{name: "an integer and the same number", a: integers(2), b: floats(2)},
		{name: "complex numbers", a: complexes(1, 3+4i), b: complexes(1, 0), differ: 1, largest: 5, at: 1},
		{name: "texts", a: texts("a", "b"), b: texts("a", "c"), differ: 1, largest: math.Inf(1), at: 1},
		{name: "a text and a number", a: texts("1"), b: floats(1), differ: 1, largest: math.Inf(1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := compareValues(tt.a, tt.b, tt.tolerance)
			if tt.differ == 0 {
				require.Nil(t, d)
				return
			}
			require.NotNil(t, d)
			require.Equal(t, tt.differ, d.Differ)
			require.Equal(t, []int{tt.at}, d.Index)
			if math.IsInf(tt.largest, 1) {
				require.Nil(t, d.Largest)
			} else {
				require.InDelta(t, tt.largest, *d.Largest, 0)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	type state struct {
		Kept   tensor.Tensor[float32]
		Moved  tensor.Tensor[float32]
		Grown  tensor.Tensor[float32]
		Wider  any    `ckpt:"wider"`
		Name   string `ckpt:"name"`
		Only   *tensor.Tensor[int32]
		Others *tensor.Tensor[bool]
	}
	save := func(name string, s *state) string {
		prefix := filepath.Join(t.TempDir(), name)
		require.NoError(t, ckpt.SaveWeights(t.Context(), prefix, s))
		return prefix
	}
	a := save("a", &state{
		Kept: *tensor.New[float32](2), Moved: *tensor.New[float32](2, 3), Grown: *tensor.New[float32](2),
		Wider: tensor.Scalar[float32](1.5), Name: "a", Only: tensor.New[int32](),
	})
	moved := tensor.New[float32](2, 3)
	moved.Set(-0.75, 1, 2)
	moved.Set(0.25, 0, 1)
	b := save("b", &state{
		Kept: *tensor.New[float32](2), Moved: *moved, Grown: *tensor.New[float32](3),
		Wider: tensor.Scalar[float64](1.5), Name: "b", Others: tensor.New[bool](4),
	})
	const suffix = "/.ATTRIBUTES/VARIABLE_VALUE"
	r := runCkpt(t, "diff", a, b)
	require.Equal(t, 1, r.status)
	require.Equal(t, "ckpt: the checkpoints differ\n", r.stderr)
	require.Equal(t, "a: "+a+"\nb: "+b+"\n"+
		"grown"+suffix+": shape: [2] [3]\n"+
		"moved"+suffix+": values: 2 of 6 differ, by up to 0.75 at [1 2]: 0, -0.75\n"+
		"name"+suffix+`: values: 1 of 1 differ, first at []: "a", "b"`+"\n"+
		"only"+suffix+": only in a: int32 []\n"+
		"others"+suffix+": only in b: bool [4]\n"+
		"wider"+suffix+": dtype: float32 float64\n"+
		"6 tensors of 7 differ\n", r.stdout)

	r = runCkpt(t, "diff", "--json", "--tolerance", "0.5", a, b)
	require.Equal(t, 1, r.status)
	var got struct {
		A, B        string
		Equal       bool
		Differences []struct {
			Key, Kind string
			DTypes    []string
			Shapes    [][]int
			Differ    *int
			Largest   *float64
			Index     []int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got), r.stdout)
	require.Equal(t, a, got.A)
	require.Equal(t, b, got.B)
	require.False(t, got.Equal)
	require.Len(t, got.Differences, 6)
	d := got.Differences[1]
	require.Equal(t, "moved"+suffix, d.Key)
	require.Equal(t, "values", d.Kind)
	require.Equal(t, []string{"float32", "float32"}, d.DTypes)
	require.Equal(t, [][]int{{2, 3}, {2, 3}}, d.Shapes)
	require.Equal(t, 1, *d.Differ, "the other is within the tolerance")
	require.InDelta(t, 0.75, *d.Largest, 0)
	require.Equal(t, []int{1, 2}, d.Index)
	require.Nil(t, got.Differences[2].Largest)
	require.Nil(t, got.Differences[0].Differ)

	for _, args := range [][]string{{"diff", a, a}, {"diff", "--json", a, a}} {
		r = runCkpt(t, args...)
		require.Zero(t, r.status)
		require.Empty(t, r.stderr)
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got))
	require.True(t, got.Equal)
}

func TestDiffExitStatus(t *testing.T) {
	good, damaged := filepath.Join(golden, "damaged-none", "ckpt"), filepath.Join(golden, "damaged-data-flip-in-number", "ckpt")
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"one that is damaged", []string{good, damaged}, 1, "checksum"},
		{"one that is not there", []string{good, "nowhere"}, 1, "nowhere"},
		{"one path", []string{good}, 2, "two PATHs are wanted, not 1"},
		{"a tolerance that is none", []string{"--tolerance", "-1", good, good}, 2, "--tolerance"},
		{"NaN for a tolerance", []string{"--tolerance", "NaN", good, good}, 2, "--tolerance"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := runCkpt(t, append([]string{"diff"}, tt.args...)...)
			require.Equal(t, tt.status, r.status)
			require.Contains(t, r.stderr, tt.want)
		})
	}
}
