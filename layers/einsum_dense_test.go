package layers

import (
	"testing"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestEinsumDenseGolden(t *testing.T) { runGolden(t, "einsum_dense", nil) }

func TestEinsumDenseBuilds(t *testing.T) {
	for _, tt := range []struct {
		equation string
		outputs  []int
		bias     string
		input    []int
		kernel   tensor.Shape
		biases   tensor.Shape
	}{
		{"abc,cd->abd", []int{-1, 4}, "d", []int{2, 3, 5}, tensor.Shape{5, 4}, tensor.Shape{4}},
		{"abc,cde->abde", []int{-1, 2, 4}, "de", []int{2, 3, 5}, tensor.Shape{5, 2, 4}, tensor.Shape{2, 4}},
		{"abc,cd->abd", []int{3, 4}, "b", []int{2, 3, 5}, tensor.Shape{5, 4}, tensor.Shape{3, 1}},
		{"...x,xy->...y", []int{4}, "y", []int{2, 3, 6, 5}, tensor.Shape{5, 4}, tensor.Shape{4}},
		{"ab...,bc->ac...", []int{4}, "c", []int{2, 3, 6, 5}, tensor.Shape{3, 4}, tensor.Shape{4, 1, 1}},
	} {
		t.Run(tt.equation+" bias "+tt.bias, func(t *testing.T) {
			d := &EinsumDense{Equation: tt.equation, OutputShape: tt.outputs, BiasAxes: tt.bias}
			require.NoError(t, d.Build(tt.input))
			require.Equal(t, tt.kernel, d.Kernel.Shape())
			require.Equal(t, tt.biases, d.Bias.Shape())
			_, err := d.Call(random(t, 1, tt.input...))
			require.NoError(t, err)
		})
	}
}

func TestEinsumDenseErrors(t *testing.T) {
	weights := *tensor.New[float32](5, 4)
	for _, tt := range []struct {
		name, want string
		d          EinsumDense
	}{
		{"no equation", "layers: einsum_dense: no equation: not built: the weights were not loaded, and the options do not give their sizes", EinsumDense{}},
		{"no output shape", "layers: einsum_dense: no output shape: not built: the weights were not loaded, and the options do not give their sizes", EinsumDense{Equation: "abc,cd->abd"}},
		{"an input of another width", "layers: einsum_dense: input shape [2 3 6], want [… … 5] for kernel shape [5 4] and equation \"abc,cd->abd\"", EinsumDense{Equation: "abc,cd->abd", Kernel: weights}},
		{"an input of another rank", "layers: einsum_dense: input shape [2 3 6], want rank 2 for equation \"ac,cd->ad\"", EinsumDense{Equation: "ac,cd->ad", Kernel: weights}},
		{"no labels", "layers: einsum_dense: equation \"a1,b->c\": '1' is not a label", EinsumDense{Equation: "a1,b->c"}},
		{"three operands", "layers: einsum_dense: equation \"a,b,c->abc\", want one of the form \"ab,bc->ac\"", EinsumDense{Equation: "a,b,c->abc"}},
		{"an ellipsis in the middle", "layers: einsum_dense: equation \"a...b,bc->a...c\": \"...\" must be first or last in both input and output", EinsumDense{Equation: "a...b,bc->a...c"}},
		{"a label twice", "layers: einsum_dense: einsum abb,bc->ac: label 'b' stands twice in \"abb\", which is not supported", EinsumDense{Equation: "abb,bc->ac"}},
		{"a label that no operand has", "layers: einsum_dense: einsum abc,cd->abe: label 'e' is in no operand", EinsumDense{Equation: "abc,cd->abe"}},
		{"too few outputs", "layers: einsum_dense: output shape [4], want one length for each of the axes \"bd\" of equation \"abc,cd->abd\"", EinsumDense{Equation: "abc,cd->abd", OutputShape: []int{4}}},
		{"a bias that does not fit", "layers: einsum_dense: bias shape [3], want one that broadcasts to output shape [2 3 4]", EinsumDense{Equation: "abc,cd->abd", Kernel: *tensor.New[float32](6, 4), Bias: *tensor.New[float32](3)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.d.Call(tensor.New[float32](2, 3, 6))
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestContractionIsTheSumOfProducts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// Each label is in one of four combinations of x, w and y, or unused.
		var x, w, y string
		sizes := map[rune]int{}
		for _, l := range "abcdef" {
			sizes[l] = rapid.IntRange(1, 3).Draw(rt, string(l))
			switch rapid.IntRange(0, 4).Draw(rt, "position of "+string(l)) {
			case 0:
				x, w, y = x+string(l), w+string(l), y+string(l)
			case 1:
				x, y = x+string(l), y+string(l)
			case 2:
				x, w = x+string(l), w+string(l)
			case 3:
				w, y = w+string(l), y+string(l)
			}
		}
		shuffle := func(s, name string) string { return string(rapid.Permutation([]rune(s)).Draw(rt, name)) }
		x, w, y = shuffle(x, "x"), shuffle(w, "w"), shuffle(y, "y")
		c, err := kernel.NewContraction(x, w, y)
		require.NoError(t, err)
		a, b := random(t, 1, kernel.Labelled(x, sizes)...), random(t, 2, kernel.Labelled(w, sizes)...)
		got, want := tensor.New[float32](kernel.Labelled(y, sizes)...), tensor.New[float32](kernel.Labelled(y, sizes)...)
		c.Add(nil, got.Data(), a.Data(), b.Data(), sizes)

		index := map[rune]int{}
		at := func(labels string) []int {
			out := []int{}
			for _, l := range labels {
				out = append(out, index[l])
			}
			return out
		}
		var sum func(rest string)
		sum = func(rest string) {
			if rest == "" {
				want.Set(want.At(at(y)...)+a.At(at(x)...)*b.At(at(w)...), at(y)...)
				return
			}
			l := rune(rest[0])
			n := 1
			if len(x+w+y) > 0 && containsLabel(x+w+y, l) {
				n = sizes[l]
			}
			for i := range n {
				index[l] = i
				sum(rest[1:])
			}
		}
		sum("abcdef")
		require.InDeltaSlice(t, want.Data(), got.Data(), 1e-4)
	})
}

func containsLabel(s string, l rune) bool {
	for _, r := range s {
		if r == l {
			return true
		}
	}
	return false
}
