package build

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

func builder(trained ...tensor.Any) *Builder {
	return &Builder{Trained: trained, All: new([]tensor.Any), Names: make(map[any]string), Name: func(i int, what string) string { return fmt.Sprintf("%s of %d", what, i) }}
}

// names returns the names of variables.
func (b *Builder) names(variables []tensor.Any) (all []string) {
	for _, v := range variables {
		all = append(all, b.Names[v])
	}
	return all
}

func TestPerVariable(t *testing.T) {
	b := builder(tensor.New[float32](2, 3), tensor.New[float64](4), new(tensor.Tensor[float32]))
	var momenta, velocities []tensor.Any
	b.PerVariable(List{&momenta, "m"}, List{&velocities, "v"})
	require.NoError(t, b.Err())
	require.Equal(t, []string{"m of 0", "v of 0", "m of 1", "v of 1", "m of 2", "v of 2"}, b.names(*b.All), "the order of creation")
	require.Equal(t, []string{"v of 0", "v of 1", "v of 2"}, b.names(velocities))
	for i, v := range b.Trained {
		require.Equal(t, v.DType(), momenta[i].DType())
		require.Equal(t, v.Shape(), momenta[i].Shape(), "a variable that is not built has one that is not built")
	}
	require.True(t, tensor.Equal(tensor.New[float32](2, 3), momenta[0]), "zeros")

	b = builder()
	b.PerVariable(List{&momenta, "m"})
	require.Equal(t, []tensor.Any{}, momenta, "an empty list is a list")
}

func TestApart(t *testing.T) {
	b := builder()
	v := b.Apart(tensor.DTInt64, tensor.Shape{}, "iterations")
	require.NoError(t, b.Err())
	require.Empty(t, *b.All)
	require.Equal(t, "iterations", b.Names[v])
}

func TestErrIsTheFirst(t *testing.T) {
	b := builder()
	b.Make(tensor.DTFloat32, tensor.Shape{-1}, "a")
	first := b.Err()
	require.Error(t, first)
	b.Make(tensor.DTFloat32, tensor.Shape{-2}, "b")
	b.Make(tensor.DTFloat32, tensor.Shape{1}, "c")
	require.Equal(t, first, b.Err())
}

func TestReduced(t *testing.T) {
	shape := tensor.Shape{2, 3, 5}
	require.Equal(t, tensor.Shape{2, 3}, Reduced(shape, 1))
	require.Equal(t, tensor.Shape{2, 5}, Reduced(shape, 2))
	require.Equal(t, tensor.Shape{2, 3, 5}, shape, "the argument stays")
	require.Nil(t, Reduced(nil, 1))
}
