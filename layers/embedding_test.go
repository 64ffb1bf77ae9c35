package layers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

func TestEmbeddingGolden(t *testing.T) { runGolden(t, "embedding", callEmbedding) }

func TestEmbeddingErrors(t *testing.T) {
	table := *newTensor(t, []float32{1, 2, 3, 4, 5, 6}, 3, 2)
	ids := func(v ...float32) *Tensor { return newTensor(t, v, len(v)) }
	for _, tt := range []struct {
		name string
		e    Embedding
		x    *Tensor
		want string
	}{
		{"no table and no size", Embedding{}, ids(0), "layers: embedding: not built: the weights were not loaded, and the options do not give their sizes"},
		{"no input", Embedding{Embeddings: table}, nil, "layers: embedding: input has no values, want a tensor of rank 0 or more"},
		{"an index after the table", Embedding{Embeddings: table, Name: "words"}, ids(2, 3), `layers: embedding "words": value 1 of the input is 3, want an index into the table's 3 rows`},
		{"an index before the table", Embedding{Embeddings: table}, ids(-4), "layers: embedding: value 0 of the input is -4, want an index into the table's 3 rows"},
		{"NaN as an index", Embedding{Embeddings: table}, ids(float32(math.NaN())), "layers: embedding: value 0 of the input is NaN, want an index into the table's 3 rows"},
		{"a table of another size", Embedding{Embeddings: table, InputDim: 4}, ids(0), "layers: embedding: embeddings shape [3 2], want [4 …] by the layer's options"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.e.Call(tt.x)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestEmbeddingLookup(t *testing.T) {
	const last = 1<<24 + 1 // which a float32 cannot distinguish from the index before
	e := &Embedding{Embeddings: *tensor.New[float32](last+1, 1)}
	e.Embeddings.Data()[last] = 7
	n, err := tensor.FromSlice([]int64{last, 0}, 2)
	require.NoError(t, err)
	y, err := e.Lookup(n)
	require.NoError(t, err)
	require.Equal(t, []float32{7, 0}, y.Data())
}

func TestEmbeddingBuild(t *testing.T) {
	e := NewEmbedding(100, 10)
	require.NoError(t, e.Build(nil))
	values := e.Embeddings.Data()
	require.Len(t, values, 1000)
	require.InDelta(t, -0.05, slices.Min(values), 0.005, "uniform within ±0.05")
	require.InDelta(t, 0.05, slices.Max(values), 0.005)
}

func TestMasksThatLayersMake(t *testing.T) {
	t.Run("an embedding masks padding only if MaskZero is set", func(t *testing.T) {
		x := newTensor(t, []float32{1, 0, 2, 0}, 2, 2)
		m, err := (&Embedding{MaskZero: true}).OutputMask(nil, x)
		require.NoError(t, err)
		require.Equal(t, []bool{true, false, true, false}, m.Data())
		m, err = new(Embedding).OutputMask(nil, x)
		require.NoError(t, err)
		require.Nil(t, m)
	})
	t.Run("Masking masks the steps in which every value is the mask value", func(t *testing.T) {
		x := newTensor(t, []float32{3, 3, 3, 1, 0, 0}, 1, 3, 2)
		m, err := (&Masking{MaskValue: 3}).OutputMask(nil, x)
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{1, 3}, m.Shape())
		require.Equal(t, []bool{false, true, true}, m.Data())
	})
	t.Run("Add's mask is the union of the masks, unless an input lacks a mask", func(t *testing.T) {
		a, b := newMask(t, true, false, false), newMask(t, false, true, false)
		m, err := new(Add).OutputMask(&Context{Masks: []*Mask{a, b}}, nil, nil)
		require.NoError(t, err)
		require.Equal(t, []bool{true, true, false}, m.Data())
		m, err = new(Add).OutputMask(&Context{Masks: []*Mask{a}}, nil, nil)
		require.NoError(t, err)
		require.Nil(t, m)
	})
	t.Run("Concatenate joins masks along its axis", func(t *testing.T) {
		x, y := tensor.New[float32](1, 3, 2), tensor.New[float32](1, 2, 2)
		first := 1
		m, err := (&Concatenate{Axis: &first}).OutputMask(&Context{Masks: []*Mask{newMask(t, true, false, true)}}, x, y)
		require.NoError(t, err)
		require.Equal(t, []bool{true, false, true, true, true}, m.Data(), "without a mask, all steps of an input count")
	})
}

// newMask returns a mask for a batch of one.
func newMask(t testing.TB, keep ...bool) *Mask {
	t.Helper()
	m, err := tensor.FromSlice(keep, 1, len(keep))
	require.NoError(t, err)
	return m
}

func ExampleEmbedding() {
	table, _ := tensor.FromSlice([]float32{0, 0, 1, 10, 2, 20}, 3, 2)
	e := Embedding{Embeddings: *table, MaskZero: true}
	words, _ := tensor.FromSlice([]float32{2, 1, 0}, 1, 3)

	y, err := e.Call(words)
	fmt.Println(y.Shape(), y.Data(), err)
	mask, err := e.OutputMask(nil, words)
	fmt.Println(mask.Data(), err)
	// Output:
	// [1 3 2] [2 20 1 10 0 0] <nil>
	// [true true false] <nil>
}

func BenchmarkEmbedding(b *testing.B) {
	e := NewEmbedding(10000, 256)
	require.NoError(b, e.Build(nil))
	x := tensor.New[int64](32, 64)
	for i := range x.Data() {
		x.Data()[i] = int64(i * 7919 % 10000)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Lookup(x); err != nil {
			b.Fatal(err)
		}
	}
}

// callEmbedding calls a ReversibleEmbedding in the direction of the case.
func callEmbedding(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	if string(c.Kwargs["reverse"]) == "true" {
		return asList(layer.(*ReversibleEmbedding).Reverse(xs[0]))
	}
	return callGolden(t, c, layer, ctx, xs)
}
