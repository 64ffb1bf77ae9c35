package cli

import (
	"context"
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func of[T tensor.Element](t *testing.T, values ...T) tensor.Any {
	t.Helper()
	tt, err := tensor.FromSlice(values, len(values))
	require.NoError(t, err)
	return tt
}

func TestCompareValues(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, test := range map[string]struct {
		a, b      tensor.Any
		tolerance float64
		want      string // "" if they are the same
	}{
		"the same":                     {of(t, 1.5, 2), of(t, 1.5, 2), 0, ""},
		"the largest difference":       {of(t, 1.0, 2, 3, 4), of(t, 1.5, 2, 1, 4.5), 0, "3 of 4 values differ, most at [2]: 3 -> 1 (by 2)"},
		"within the tolerance":         {of(t, 1.0, 2), of(t, 1.25, 1.75), 0.25, ""},
		"not all within the tolerance": {of(t, 1.0, 2), of(t, 1.25, 1.5), 0.25, "1 of 2 values differ, most at [1]: 2 -> 1.5 (by 0.5)"},
		"0 and -0":                     {of(t, 0.0, 1), of(t, math.Copysign(0, -1), 1), 0, ""},
		"NaN and NaN":                  {of(t, nan, 1), of(t, nan, 1), 0, ""},
		"NaN is a larger difference than infinity":       {of(t, 1.0, 1, 1), of(t, inf, nan, 9), 1, "3 of 3 values differ, most at [1]: 1 -> NaN (by NaN)"},
		"infinities of either sign":                      {of(t, inf, inf), of(t, -inf, inf), 1, "1 of 2 values differ, most at [0]: +Inf -> -Inf (by +Inf)"},
		"float32 in its shortest form":                   {of[float32](t, 0.1, 0), of[float32](t, 0.2, 0), 0, "1 of 2 values differ, most at [0]: 0.1 -> 0.2 (by 0.10000000149011612)"},
		"bfloat16":                                       {of(t, tensor.BFloat16FromFloat32(1), 0), of(t, tensor.BFloat16FromFloat32(1.5), 0), 0, "1 of 2 values differ, most at [0]: 1 -> 1.5 (by 0.5)"},
		"the limits of int64":                            {of[int64](t, math.MinInt64, 0), of[int64](t, math.MaxInt64, 0), 0, "1 of 2 values differ, most at [0]: -9223372036854775808 -> 9223372036854775807 (by 1.8446744073709552e+19)"},
		"uint64 beyond int64":                            {of[uint64](t, math.MaxUint64, 5), of[uint64](t, math.MaxUint64-3, 5), 0, "1 of 2 values differ, most at [0]: 18446744073709551615 -> 18446744073709551612 (by 3)"},
		"quantized":                                      {of[tensor.QInt8](t, -128, 5), of[tensor.QInt8](t, 127, 5), 0, "1 of 2 values differ, most at [0]: -128 -> 127 (by 255)"},
		"complex numbers by their distance in the plane": {of(t, complex(1, 1), 0), of(t, complex(4, 5), 0), 0, "1 of 2 values differ, most at [0]: (1+1i) -> (4+5i) (by 5)"},
		"bools":         {of(t, true, false), of(t, true, true), 0, "1 of 2 values differ, most at [1]: false -> true (by 1)"},
		"strings":       {of(t, "a", "b", "c\n"), of(t, "a", "x", strings.Repeat("y", 50)), 9, `2 of 3 values differ, first at [1]: "b" -> "x"`},
		"a long string": {of(t, "c\n"), of(t, strings.Repeat("y", 50)), 0, `"c\n" -> 50 bytes`},
		"a scalar":      {tensor.Scalar[int32](1), tensor.Scalar[int32](3), 0, "1 -> 3 (by 2)"},
		"nothing":       {of[float32](t), of[float32](t), 0, ""},
	} {
		t.Run("V-07 "+name, func(t *testing.T) {
			got, err := compareValues(t.Context(), test.a, test.b, test.tolerance)
			require.NoError(t, err)
			if test.want == "" {
				require.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			require.Equal(t, test.want, got.String())
			_, err = json.Marshal(got)
			require.NoError(t, err)
		})
	}
	t.Run("the position in many axes, in tensors of several chunks", func(t *testing.T) {
		a, b := tensor.New[float32](7, 100, 100), tensor.New[float32](7, 100, 100)
		b.Set(1, 0, 0, 0)
		b.Set(-5, 6, 54, 32)
		got, err := compareValues(t.Context(), a, b, 0)
		require.NoError(t, err)
		require.Equal(t, "2 of 70000 values differ, most at [6 54 32]: 0 -> -5 (by 5)", got.String())
	})
	t.Run("diff ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := compareValues(ctx, of(t, 1.0), of(t, 2.0), 0)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestDiffWithItself compares every undamaged golden checkpoint with itself.
func TestDiffWithItself(t *testing.T) {
	for name, e := range expectations(t) {
		if e.Want == nil && name != "saved-wide" {
			path := golden + "/" + name + "/" + e.Prefix
			r := runCkpt(t, "diff", path, path)
			require.Zero(t, r.status, r.stdout+r.stderr)
			require.Contains(t, r.stdout, "all the same")
		}
	}
}

func TestDiffDirections(t *testing.T) {
	a, b := filepath.Join(golden, "saved-root", "plain-1"), filepath.Join(golden, "saved-root", "ckpt-1")
	kinds := func(from, to string) map[string]differenceKind {
		r := runCkpt(t, "diff", "--json", from, to)
		require.Equal(t, 1, r.status)
		require.Empty(t, r.stderr)
		var out struct {
			A, B        string
			Differences []difference
		}
		require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(r.stdout, `"largest"`, `"-"`)), &out))
		require.Equal(t, []string{from, to}, []string{out.A, out.B})
		found := make(map[string]differenceKind)
		for _, d := range out.Differences {
			found[d.Key] = d.Kind
		}
		return found
	}
	require.Equal(t, map[string]differenceKind{
		"_CHECKPOINTABLE_OBJECT_GRAPH": values, "aux/.ATTRIBUTES/VARIABLE_VALUE": added, "step/.ATTRIBUTES/VARIABLE_VALUE": added}, kinds(a, b))
	require.Equal(t, map[string]differenceKind{
		"_CHECKPOINTABLE_OBJECT_GRAPH": values, "aux/.ATTRIBUTES/VARIABLE_VALUE": removed, "step/.ATTRIBUTES/VARIABLE_VALUE": removed}, kinds(b, a))
}

// Two formats spell keys differently, but diff finds no difference after a conversion.
func TestDiffOfTwoFormats(t *testing.T) {
	source := filepath.Join(golden, "saved-root", "ckpt-1")
	for _, name := range []string{"m.safetensors", "m.npz"} {
		converted := filepath.Join(t.TempDir(), name)
		require.Zero(t, runCkpt(t, "convert", source, converted).status)
		r := runCkpt(t, "diff", source, converted)
		require.Zero(t, r.status, r.stdout+r.stderr)
		require.Contains(t, r.stdout, "all the same")
		r = runCkpt(t, "diff", "--only", "aux*", converted, filepath.Join(golden, "saved-root", "plain-1"))
		require.Equal(t, 1, r.status, r.stdout+r.stderr)
		require.Contains(t, r.stdout, "- aux  ")
	}
}
