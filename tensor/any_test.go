package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func vector[T tensor.Element](t testing.TB, values ...T) *tensor.Tensor[T] {
	t.Helper()
	v, err := tensor.FromSlice(values, len(values))
	require.NoError(t, err)
	return v
}

// filled returns a tensor of d without zeros. All elements differ, except in tensors of bools.
func filled(t testing.TB, d tensor.DType, shape ...int) tensor.Any {
	t.Helper()
	a, err := tensor.NewAny(d, shape...)
	require.NoError(t, err)
	switch values := a.Values().(type) {
	case []string:
		for i := range values {
			values[i] = string(rune('a' + i))
		}
	case []tensor.Variant:
		for i := range values {
			values[i] = tensor.Variant(rune('a' + i))
		}
	case []bool:
		for i := range values {
			values[i] = true
		}
	default:
		b, ok := tensor.Bytes(a)
		require.True(t, ok)
		for i := range b {
			b[i] = byte(i/d.Size() + 1)
		}
	}
	return a
}

func TestAnyElement(t *testing.T) {
	for _, e := range elements {
		if e.goType == nil {
			continue
		}
		t.Run(e.name, func(t *testing.T) {
			a := filled(t, e.dtype, 2, 3)
			zeros, err := tensor.NewAny(e.dtype, 2, 3)
			require.NoError(t, err)

			copied := tensor.Clone(a)
			require.True(t, tensor.Equal(a, copied))
			require.Equal(t, a.Shape(), copied.Shape())
			require.False(t, tensor.Equal(a, zeros))

			require.NoError(t, tensor.Assign(a, zeros))
			require.True(t, tensor.Equal(a, zeros))
			require.False(t, tensor.Equal(a, copied), "a clone has separate elements")
		})
	}
}

func TestEqual(t *testing.T) {
	nan, payload := math.Float32frombits(0x7fc00000), math.Float32frombits(0x7fc00001)
	var unbuilt, other tensor.Tensor[float32]
	row := vector[float32](t, 1, 2)
	column, err := row.Reshape(2, 1)
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		a, b tensor.Any
		want bool
	}{
		{"the same NaN", vector(t, nan), vector(t, nan), true},
		{"a NaN with another payload", vector(t, nan), vector(t, payload), false},
		{"zeros of either sign", vector[float32](t, 0), vector(t, float32(math.Copysign(0, -1))), false},
		{"another shape with the same elements", row, column, false},
		{"another dtype with the same bits", vector[int32](t, 0), vector[float32](t, 0), false},
		{"strings are compared by their bytes", vector(t, "a\x00", ""), vector(t, "a\x00", ""), true},
		{"strings that differ", vector(t, "a\x00", ""), vector(t, "a", "\x00"), false},
		{"one Int4 value with different upper bits", vector(t, tensor.Int4(-1)), vector(t, tensor.Int4FromInt8(-1)), false},
		{"neither built", &unbuilt, &other, true},
		{"one not built, one empty", &unbuilt, tensor.New[float32](0), false},
		{"nil and nil", nil, nil, true},
		{"nil and a tensor", nil, row, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, tensor.Equal(c.a, c.b))
			require.Equal(t, c.want, tensor.Equal(c.b, c.a))
		})
	}
}

func TestAssignRefuses(t *testing.T) {
	var unbuilt tensor.Tensor[float32]
	for _, c := range []struct {
		name     string
		dst, src tensor.Any
		problem  string
	}{
		{"another dtype", tensor.New[int32](2), tensor.New[float32](2), "tensor: cannot assign float32[2] to int32[2]: the dtypes differ"},
		{"another shape", tensor.New[int32](2), tensor.New[int32](2, 1), "tensor: cannot assign int32[2 1] to int32[2]: the shapes differ"},
		{"a destination that is not built", &unbuilt, tensor.New[float32](), "tensor: cannot assign float32[] to float32 (not built): both must be built"},
		{"a source that is not built", tensor.New[float32](), &unbuilt, "tensor: cannot assign float32 (not built) to float32[]: both must be built"},
	} {
		t.Run(c.name, func(t *testing.T) { require.EqualError(t, tensor.Assign(c.dst, c.src), c.problem) })
	}
}
