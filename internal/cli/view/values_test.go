package view

import (
	"bytes"
	"image/png"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestCompareTensors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	of := func(v []float32, shape ...int) tensor.Any {
		x, err := tensor.FromSlice(v, shape...)
		require.NoError(t, err)
		return x
	}
	compared := func(t *testing.T, a, b tensor.Any) *comparison {
		c, err := compareTensors(t.Context(), a, b)
		require.NoError(t, err)
		return c
	}
	t.Run("numbers", func(t *testing.T) {
		c := compared(t, of([]float32{3, 0, 0, 4}, 2, 2), of([]float32{3, 0, 0, 1}, 2, 2))
		require.Equal(t, changed, c.Change)
		require.EqualValues(t, 1, c.Different)
		require.InDelta(t, 13/(5*math.Sqrt(10)), c.Cosine, 1e-12)
		require.InDelta(t, 3, c.L2, 1e-12)
		require.InDelta(t, 0.6, c.Relative, 1e-12)
		require.Equal(t, []any{3., []int{1, 1}, 4., 1.}, []any{c.Largest, c.At, c.From, c.To})
		require.InDeltaSlice(t, []float64{0, 3 / math.Sqrt2}, c.Bands, 1e-12)
		require.InDeltaSlice(t, []float64{0, 3 / math.Sqrt2}, c.Columns, 1e-12)
		require.NotNil(t, c.Heat)
	})
	t.Run("a NaN is the largest difference", func(t *testing.T) {
		c := compared(t, of([]float32{1, 2, 3}, 3), of([]float32{9, nan, 99}, 3))
		require.True(t, math.IsNaN(c.Largest))
		require.Equal(t, []int{1}, c.At)
		for name, v := range map[string]float64{"cosine": c.Cosine, "L2": c.L2, "relative": c.Relative} {
			require.True(t, math.IsNaN(v), "%s is %v, which ignores the NaN", name, v)
		}
		require.Equal(t, []band{{0, 5.3, 0.08}, {5, 5.3, 1}, {10, 5.3, 1}}, bandsOf(c.Bands, 15))
	})
	t.Run("an infinity", func(t *testing.T) {
		c := compared(t, of([]float32{1, 2}, 2), of([]float32{1, inf}, 2))
		require.Equal(t, []float64{math.Inf(1), math.Inf(1)}, []float64{c.L2, c.Relative})
		require.Equal(t, []float64{0, math.Inf(1)}, c.Bands)
	})
	t.Run("equal infinities and NaNs", func(t *testing.T) {
		c := compared(t, of([]float32{inf, nan, 1}, 3), of([]float32{inf, nan, 2}, 3))
		require.EqualValues(t, 1, c.Different)
		require.Equal(t, []float64{1, 1, 1, 1}, []float64{c.Largest, c.L2, c.Relative, c.Cosine})
		require.Equal(t, []float64{0, 0, 1}, c.Bands)
	})
	t.Run("the same bits", func(t *testing.T) {
		require.Equal(t, same, compared(t, of([]float32{nan, 1}, 2), of([]float32{nan, 1}, 2)).Change)
	})
	t.Run("a scalar", func(t *testing.T) {
		c := compared(t, tensor.Scalar(int64(5)), tensor.Scalar(int64(7)))
		require.Equal(t, []any{2., []int{}}, []any{c.Largest, c.At})
		require.Empty(t, c.Bands)
	})
	t.Run("texts", func(t *testing.T) {
		require.Equal(t, changed, compared(t, tensor.Scalar("a"), tensor.Scalar("b")).Change)
		require.Equal(t, same, compared(t, tensor.Scalar("a"), tensor.Scalar("a")).Change)
	})
	t.Run("bands of a long axis", func(t *testing.T) {
		a, b := tensor.New[float32](1000, 3), tensor.New[float32](1000, 3)
		b.Set(1, 999, 0)
		c := compared(t, a, b)
		require.Len(t, c.Bands, maxBands)
		require.NotZero(t, c.Bands[maxBands-1])
		require.Zero(t, c.Bands[0])
	})
}

func TestHeat(t *testing.T) {
	for _, c := range []struct {
		name                        string
		shape                       []int
		at                          []int
		rows, columns, down, across int
		width, height               int
		wrapped                     bool
		first                       float64 // the value in the upper left corner
	}{
		{name: "a matrix", shape: []int{2, 3}, rows: 2, columns: 3, down: 1, across: 1, width: 48, height: 32},
		{name: "a vector", shape: []int{5}, rows: 1, columns: 5, down: 1, across: 1, width: 80, height: 16},
		{name: "a long vector", shape: []int{1000}, rows: 7, columns: 128, down: 1, across: 1, width: 256, height: 14, wrapped: true},
		{name: "a large matrix", shape: []int{300, 1000}, rows: 300, columns: 1000, down: 3, across: 8, width: 250, height: 200},
		{name: "distant columns", shape: []int{2, 20000}, rows: 2, columns: 20000, down: 1, across: 157, width: 256, height: 4},
		{name: "a later slice", shape: []int{2, 3, 2, 2}, at: []int{1, 2}, rows: 2, columns: 2, down: 1, across: 1, width: 32, height: 32, first: 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := newHeat(values(0, c.shape...), c.at)
			require.NoError(t, err)
			require.Equal(t, []int{c.rows, c.columns, c.down, c.across}, []int{h.Rows, h.Columns, h.StepDown, h.StepAcross})
			require.Equal(t, c.wrapped, h.Wrapped)
			img, err := png.Decode(bytes.NewReader(h.png))
			require.NoError(t, err)
			require.LessOrEqual(t, img.Bounds().Dx(), 2*maxPixels)
			require.Equal(t, c.width, img.Bounds().Dx())
			require.Equal(t, c.height, img.Bounds().Dy())
			require.Equal(t, palette[shade(c.first, h.Limit)], img.At(0, 0))
		})
	}
	t.Run("nothing to draw", func(t *testing.T) {
		for _, v := range []tensor.Any{tensor.Scalar(float32(1)), tensor.New[float32](0, 3), tensor.New[float32](1)} {
			h, err := newHeat(v, nil)
			require.NoError(t, err)
			require.Nil(t, h)
		}
	})
	t.Run("a missing slice", func(t *testing.T) {
		_, err := newHeat(values(0, 2, 2, 2), []int{2})
		require.ErrorContains(t, err, "index 2 is out of range for axis 0 of length 2")
	})
	t.Run("NaN has a separate colour", func(t *testing.T) {
		require.EqualValues(t, notFinite, shade(math.NaN(), 1))
		require.EqualValues(t, notFinite, shade(math.Inf(-1), 1))
		require.EqualValues(t, middle, shade(0, 1))
		require.EqualValues(t, middle, shade(0, 0))
		require.EqualValues(t, 0, shade(-9, 1))
	})
}

func TestPlots(t *testing.T) {
	require.Equal(t, []bar{{0, 5, 1.84, 5}, {4, 0, 1.84, 10}, {8, 9, 1.84, 1}}, bars([]int64{50, 0, 100, 0, 1}, 10, 10), "every count is visible")
	require.Equal(t, []band{{5, 5.3, 1}, {10, 5.3, 0.08}}, bandsOf([]float64{0, 9, 0.001}, 15))
	require.Equal(t, []point{{2, 8}, {18, 2}}, curveOf([]float64{1, math.NaN(), 3}, 20, 10, 2).Points)
	require.Equal(t, []point{{2, 5}, {18, 5}}, curveOf([]float64{7, 7}, 20, 10, 2).Points)
}

func TestWords(t *testing.T) {
	require.Equal(t, "1,234,567", grouped(1234567))
	require.Equal(t, "−1.5e-7", number3(-1.5e-7))
	require.Equal(t, "−9.83e4", number3(-98280))
	require.Equal(t, "9828", number3(9828))
	require.Equal(t, "1e100", number3(1e100))
	require.Equal(t, "4.94e-324", number3(math.SmallestNonzeroFloat64))
	require.Equal(t, "–", number3(math.NaN()))
	require.Equal(t, "−∞", number3(math.Inf(-1)))
	require.Equal(t, "1−2e-06", cosine(1-2e-6))
	require.Equal(t, "1", cosine(1))
	require.Equal(t, "every 22nd row", every(22, "row"))
	require.Equal(t, "every 11th row", every(11, "row"))
	require.Equal(t, "all rows", every(1, "row"))
}
