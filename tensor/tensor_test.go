package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestTensorIsRowMajor(t *testing.T) {
	m, err := tensor.FromSlice([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	require.NoError(t, err)
	require.Equal(t, int32(6), m.At(1, 2))
	require.Equal(t, int32(4), m.At(1, 0))
	m.Set(9, 0, 1)
	require.Equal(t, []int32{1, 9, 3, 4, 5, 6}, m.Data())
	require.Equal(t, 6, m.Len())
	require.Equal(t, tensor.Shape{2, 3}, m.Shape())
	require.Equal(t, m.Data(), m.Values())
}

func TestFromSliceSharesItsData(t *testing.T) {
	data := []float32{1, 2}
	v, err := tensor.FromSlice(data, 2)
	require.NoError(t, err)
	data[1] = 7
	require.Equal(t, float32(7), v.At(1))
}

func TestFromSliceCountsItsData(t *testing.T) {
	_, err := tensor.FromSlice([]float32{1, 2, 3}, 2, 2)
	require.EqualError(t, err, "tensor: got 3 values for shape [2 2], want 4")
	_, err = tensor.FromSlice([]float32{1, 2})
	require.EqualError(t, err, "tensor: got 2 values for shape [], want 1")
	_, err = tensor.FromSlice([]float32{1, 2}, -1, -2)
	require.ErrorContains(t, err, "axis 0 is negative")
	none, err := tensor.FromSlice[float32](nil, 0, 5)
	require.NoError(t, err)
	require.True(t, none.Built(), "zero values are enough for an empty tensor")
}

func TestShapesAreNotShared(t *testing.T) {
	shape := []int{2, 3}
	v := tensor.New[bool](shape...)
	shape[0] = 100
	require.Equal(t, tensor.Shape{2, 3}, v.Shape())
	copied := v.Clone()
	copied.Shape()[0] = 100
	require.Equal(t, tensor.Shape{2, 3}, v.Shape())
}

func TestNotBuilt(t *testing.T) {
	var v tensor.Tensor[float32]
	require.False(t, v.Built())
	require.Nil(t, v.Shape())
	require.Zero(t, v.Len())
	_, err := v.Reshape(0)
	require.EqualError(t, err, "tensor: cannot reshape float32 (not built) to [0]")
	require.False(t, v.Clone().Built())

	require.NoError(t, v.Build())
	require.True(t, v.Built())
	require.Equal(t, tensor.Shape{}, v.Shape(), "a scalar, which differs from a tensor that is not built")
	require.Equal(t, []float32{0}, v.Data())
	require.True(t, v.Clone().Built())
}

func TestBuild(t *testing.T) {
	v := tensor.Scalar[int8](5)
	require.NoError(t, v.Build(3))
	require.Equal(t, []int8{0, 0, 0}, v.Data(), "the old values are gone")

	for _, c := range []struct {
		name    string
		shape   []int
		problem string
	}{
		{"negative", []int{-1}, "axis 0 is negative"},
		{"uncountable", []int{math.MaxInt, math.MaxInt}, "more elements than an int can count"},
		{"countable, but beyond any memory", []int{math.MaxInt}, "do not fit the memory of any machine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v tensor.Tensor[float64]
			require.ErrorContains(t, v.Build(c.shape...), c.problem)
			require.False(t, v.Built())
			got, err := tensor.NewAny(tensor.DTFloat64, c.shape...)
			require.ErrorContains(t, err, c.problem)
			require.Nil(t, got)
			require.Panics(t, func() { tensor.New[float64](c.shape...) })
		})
	}
}

func TestReshapeSharesElements(t *testing.T) {
	v, err := tensor.FromSlice([]int64{1, 2, 3, 4}, 4)
	require.NoError(t, err)
	m, err := v.Reshape(2, 2)
	require.NoError(t, err)
	m.Set(30, 1, 0)
	require.Equal(t, int64(30), v.At(2))
	_, err = v.Reshape(3)
	require.EqualError(t, err, "tensor: got 4 values for shape [3], want 3")
}

func TestIndexingPanicsAsASliceDoes(t *testing.T) {
	v := tensor.New[float32](2, 3)
	for _, index := range [][]int{{}, {0}, {0, 0, 0}, {2, 0}, {0, 3}, {-1, 0}, {0, -1}, {math.MinInt, 0}} {
		require.Panics(t, func() { v.At(index...) }, fmt.Sprint(index))
		require.Panics(t, func() { v.Set(1, index...) }, fmt.Sprint(index))
	}
	require.PanicsWithValue(t, "tensor: index [0 3] out of range of shape [2 3]", func() { v.At(0, 3) })
	require.PanicsWithValue(t, "tensor: index [0] into a tensor of shape [2 3]", func() { v.At(0) })
	var none tensor.Tensor[float32]
	require.Panics(t, func() { none.At() })
}

func TestIndexingDoesNotAllocate(t *testing.T) {
	v := tensor.New[float32](4, 5)
	require.Zero(t, testing.AllocsPerRun(100, func() { v.Set(v.At(1, 2)+1, 3, 4) }))
}

func TestAs(t *testing.T) {
	var a tensor.Any = tensor.Scalar("text")
	s, ok := tensor.As[string](a)
	require.True(t, ok)
	require.Equal(t, "text", s.At())
	_, ok = tensor.As[tensor.Variant](a)
	require.False(t, ok, "a string is not a variant, although Go stores both in the same way")
}
