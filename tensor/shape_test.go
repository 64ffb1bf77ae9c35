package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func TestShape(t *testing.T) {
	for _, c := range []struct {
		name    string
		shape   tensor.Shape
		len     int
		text    string
		problem string
	}{
		{"a scalar has one element", tensor.Shape{}, 1, "[]", ""},
		{"axes multiply", tensor.Shape{2, 3, 4}, 24, "[2 3 4]", ""},
		{"an empty axis makes the tensor empty", tensor.Shape{16, 0, 18}, 0, "[16 0 18]", ""},
		{"an empty axis makes the tensor empty, whatever comes before it", tensor.Shape{math.MaxInt, math.MaxInt, 0}, 0, "", ""},
		{"or after it", tensor.Shape{0, math.MaxInt, math.MaxInt}, 0, "", ""},
		{"the largest number of elements", tensor.Shape{1, math.MaxInt, 1}, math.MaxInt, "", ""},
		{"one axis too long for the others", tensor.Shape{2, math.MaxInt}, 0, "", "more elements than an int can count"},
		{"a product that wraps around to a small number", tensor.Shape{math.MaxInt/2 + 1, 4, 3}, 0, "", "more elements than an int can count"},
		{"a negative axis", tensor.Shape{3, -4}, 0, "", "tensor: shape [3 -4]: axis 1 is negative"},
		{"a negative axis next to an empty one", tensor.Shape{0, -1}, 0, "", "axis 1 is negative"},
		{"two negative axes with a product that is right", tensor.Shape{-3, -4}, 0, "", "axis 0 is negative"},
		{"the most negative axis", tensor.Shape{math.MinInt}, 0, "", "axis 0 is negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.shape.Check()
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.len, c.shape.Len())
			if c.text != "" {
				require.Equal(t, c.text, c.shape.String())
			}
		})
	}
}

func TestShapeEqual(t *testing.T) {
	require.True(t, tensor.Shape{2, 3}.Equal(tensor.Shape{2, 3}))
	require.False(t, tensor.Shape{2, 3}.Equal(tensor.Shape{3, 2}), "order counts")
	require.False(t, tensor.Shape{2}.Equal(tensor.Shape{2, 1}), "the rank counts, not only the number of elements")
	require.True(t, tensor.Shape{}.Equal(nil), "the shape of a scalar and nil are equal")
}
