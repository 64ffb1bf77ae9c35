package layout_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// counted returns a tensor of the shape with the values 0, 1, 2, …
func counted(shape ...int) *tensor.Tensor[float32] {
	t := tensor.New[float32](shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(i)
	}
	return t
}

func values(t *testing.T, a tensor.Any) []float32 {
	t.Helper()
	f, ok := tensor.As[float32](a)
	require.True(t, ok, "a %v", a.DType())
	return f.Data()
}

func TestRules(t *testing.T) {
	vector := func(v ...float32) tensor.Any {
		s, err := tensor.FromSlice(v, len(v))
		require.NoError(t, err)
		return s
	}
	for _, c := range []struct {
		name   string
		rule   layout.Rule
		stored []tensor.Any
		shape  tensor.Shape
		want   []float32
		back   [][]float32 // nil: the stored values
	}{
		{"a linear layer's matrix is transposed", layout.Permuted(layout.PyTorch, "kernel", "weight", 1, 0),
			[]tensor.Any{counted(2, 3)}, tensor.Shape{3, 2}, []float32{0, 3, 1, 4, 2, 5}, nil},
		{"a convolution's filters move from the first axis to the last", layout.Permuted(layout.PyTorch, "kernel", "weight", 2, 1, 0),
			[]tensor.Any{counted(2, 2, 3)}, tensor.Shape{3, 2, 2}, []float32{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11}, nil},
		{"a vector with another name is copied", layout.Renamed(layout.PyTorch, "gamma", "weight"),
			[]tensor.Any{vector(1, 2)}, tensor.Shape{2}, []float32{1, 2}, nil},
		{"gates are reordered and the matrix is transposed", layout.Blocks(layout.PyTorch, "kernel", "weight_ih", 1, 0, 2),
			[]tensor.Any{counted(3, 2)}, tensor.Shape{2, 3}, []float32{2, 0, 4, 3, 1, 5}, nil},
		{"gates of a vector are reordered", layout.Blocks(layout.PyTorch, "bias", "bias_ih", 2, 0, 1),
			[]tensor.Any{vector(1, 2, 3, 4, 5, 6)}, tensor.Shape{6}, []float32{5, 6, 1, 2, 3, 4}, nil},
		{"two biases become their sum, which is saved as the first", layout.Sum(layout.PyTorch, "bias", []string{"bias_ih", "bias_hh"}, 1, 0),
			[]tensor.Any{vector(1, 2, 3, 4), vector(10, 20, 30, 40)}, tensor.Shape{4}, []float32{33, 44, 11, 22}, [][]float32{{11, 22, 33, 44}, {0, 0, 0, 0}}},
		{"two biases become the rows of a matrix", layout.Stacked(layout.PyTorch, "bias", []string{"bias_ih", "bias_hh"}, 1, 0, 2),
			[]tensor.Any{vector(1, 2, 3), vector(4, 5, 6)}, tensor.Shape{2, 3}, []float32{2, 1, 3, 5, 4, 6}, nil},
		{"the rows of a matrix after a flattened map are reordered", layout.Pattern(layout.PyTorch, "kernel", "weight", "o (c h w) -> (h w c) o", layout.Sizes{"h": 1, "w": 2}),
			[]tensor.Any{counted(2, 4)}, tensor.Shape{4, 2}, []float32{0, 4, 2, 6, 1, 5, 3, 7}, nil},
		{"an axis of length 1 is removed", layout.Pattern(layout.PyTorch, "kernel", "weight", "(c m) 1 w -> w c m", layout.Sizes{"m": 2}),
			[]tensor.Any{counted(4, 1, 2)}, tensor.Shape{2, 2, 2}, []float32{0, 2, 4, 6, 1, 3, 5, 7}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, c.rule.Check())
			own, err := c.rule.Load.Apply(c.stored...)
			require.NoError(t, err)
			require.Len(t, own, 1)
			require.Equal(t, c.shape, own[0].Shape())
			require.Equal(t, c.want, values(t, own[0]))

			back, err := c.rule.Save.Apply(own...)
			require.NoError(t, err)
			require.Len(t, back, len(c.stored))
			for i := range back {
				require.Equal(t, c.stored[i].Shape(), back[i].Shape())
				if c.back == nil {
					require.Equal(t, values(t, c.stored[i]), values(t, back[i]))
				} else {
					require.Equal(t, c.back[i], values(t, back[i]))
				}
			}
		})
	}
}

func TestShapesThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  layout.Rule
		from  []tensor.Shape
		error string
	}{
		{"another rank", layout.Permuted(layout.PyTorch, "kernel", "weight", 1, 0), []tensor.Shape{{2, 3, 4}}, "has 3 axes, expected 2"},
		{"gates that do not divide", layout.Blocks(layout.PyTorch, "kernel", "weight", 0, 1, 2), []tensor.Shape{{4, 2}}, "not a multiple of 3"},
		{"summands with different shapes", layout.Sum(layout.PyTorch, "bias", []string{"a", "b"}), []tensor.Shape{{2}, {3}}, "a has shape [2], b has [3]"},
		{"rows with different lengths", layout.Stacked(layout.PyTorch, "bias", []string{"a", "b"}), []tensor.Shape{{2}, {3}}, "a has shape [2], b has [3]"},
		{"a joined axis that does not divide", layout.Pattern(layout.PyTorch, "own", "w", "(h d) -> h d", layout.Sizes{"h": 3}), []tensor.Shape{{4}}, "not a multiple of 3"},
		{"a joined axis of unknown lengths", layout.Pattern(layout.PyTorch, "own", "w", "(h d) -> h d", nil), []tensor.Shape{{4}}, "the lengths of both h and d are unknown"},
		{"an axis that should have length 1", layout.Pattern(layout.PyTorch, "own", "w", "a 1 -> a", nil), []tensor.Shape{{4, 2}}, "has length 2, expected 1"},
		{"blocks that do not divide", layout.Split(layout.PyTorch, []string{"q", "k", "v"}, "w", "a b -> b a", nil), []tensor.Shape{{4, 2}}, "does not hold 3 blocks"},
		{"matrices as rows", layout.Stacked(layout.PyTorch, "bias", []string{"a", "b"}), []tensor.Shape{{2, 2}, {2, 2}}, "expected one axis"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.rule.Load.Shapes(c.from)
			require.ErrorContains(t, err, c.error)
		})
	}
}

func TestSplit(t *testing.T) {
	rule := layout.Split(layout.PyTorch, []string{"q", "k"}, "in_proj", "(h d) i -> i h d", layout.Sizes{"h": 2})
	stored := counted(8, 1) // q is 0 … 3, k is 4 … 7
	own, err := rule.Load.Apply(stored)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{1, 2, 2}, own[0].Shape())
	require.Equal(t, []float32{0, 1, 2, 3}, values(t, own[0]))
	require.Equal(t, []float32{4, 5, 6, 7}, values(t, own[1]))
	back, err := rule.Save.Apply(own...)
	require.NoError(t, err)
	require.True(t, tensor.Equal(stored, back[0]))
}

func TestMalformedPatternsPanic(t *testing.T) {
	for _, axes := range []string{"", "a b", "a -> b", "a a -> a a", "a b -> a"} {
		require.Panics(t, func() { layout.Pattern(layout.PyTorch, "own", "stored", axes, nil) }, axes)
	}
}

func TestSquareMatricesAreNoticed(t *testing.T) {
	rule := layout.Permuted(layout.PyTorch, "kernel", "weight", 1, 0)
	require.True(t, rule.Square([]tensor.Shape{{3, 3}}))
	require.False(t, rule.Square([]tensor.Shape{{3, 2}}))
	require.False(t, rule.Square([]tensor.Shape{{1, 1}}), "a single value is the same in both layouts")
}

// TestPermuteAgreesWithIndexing compares with the definition: element i of the result is the element at the permuted index.
func TestPermuteAgreesWithIndexing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(0, 40), 1, 4).Draw(t, "shape")
		axes := make([]int, len(shape))
		for i := range axes {
			axes[i] = i
		}
		axes = rapid.Permutation(axes).Draw(t, "axes")
		if tensor.Shape(shape).Len() > 1<<15 {
			t.Skip("more elements than a test needs")
		}
		src := counted(shape...)
		result := make([]int, len(axes))
		for i, a := range axes {
			result[i] = shape[a]
		}
		dst := tensor.New[float32](result...)
		if err := layout.Permute(dst, src, axes...); err != nil {
			t.Fatal(err)
		}
		index, at := make([]int, len(axes)), make([]int, len(axes))
		for range dst.Len() {
			for i, a := range axes {
				at[a] = index[i]
			}
			if dst.At(index...) != src.At(at...) {
				t.Fatalf("axes %v of %v: element %v is %v, want %v", axes, shape, index, dst.At(index...), src.At(at...))
			}
			for i := len(index) - 1; i >= 0; i-- {
				if index[i]++; index[i] < result[i] {
					break
				}
				index[i] = 0
			}
		}
	})
}

func ExamplePermute() {
	stored, _ := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 2, 3) // PyTorch's [out in]
	kernel := tensor.New[float32](3, 2)                              // Keras's [in out]
	if err := layout.Permute(kernel, stored, 1, 0); err != nil {
		fmt.Println(err)
	}
	fmt.Println(kernel.Data())
	// Output: [1 4 2 5 3 6]
}

// TestRulesAreReversible chooses random rules and shapes that fit them. Save must turn Load's results into
// the stored bytes, and Load must turn those into the same results again.
func TestRulesAreReversible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5)
		order := func(blocks int) []int {
			all := make([]int, blocks)
			for i := range all {
				all[i] = i
			}
			return rapid.Permutation(all).Draw(t, "order")
		}
		blocks, a, b, c, d := n.Draw(t, "blocks"), n.Draw(t, "a"), n.Draw(t, "b"), n.Draw(t, "c"), n.Draw(t, "d")
		sizes := layout.Sizes{"a": a, "b": b}
		cases := []struct {
			rule   layout.Rule
			shapes []tensor.Shape
		}{
			{layout.Renamed(layout.PyTorch, "own", "w"), []tensor.Shape{{a, b, c}}},
			{layout.Permuted(layout.PyTorch, "own", "w", order(4)...), []tensor.Shape{{a, b, c, d}}},
			{layout.Blocks(layout.PyTorch, "own", "w", order(blocks)...), []tensor.Shape{{blocks * a, b}}},
			{layout.Blocks(layout.PyTorch, "own", "w", order(blocks)...), []tensor.Shape{{blocks * a}}},
			{layout.Stacked(layout.PyTorch, "own", []string{"v", "w"}, order(blocks)...), []tensor.Shape{{blocks * a}, {blocks * a}}},
			{layout.Pattern(layout.PyTorch, "own", "w", "(a b c) d -> c (d b) a", sizes), []tensor.Shape{{a * b * c, d}}},
			{layout.Pattern(layout.PyTorch, "own", "w", "a 1 (b c) -> (c a) b", sizes), []tensor.Shape{{a, 1, b * c}}},
			{layout.Split(layout.PyTorch, []string{"p", "q", "r"}, "w", "(a c) d -> d a c", sizes), []tensor.Shape{{3 * a * c, d}}},
		}
		drawn := cases[rapid.IntRange(0, len(cases)-1).Draw(t, "rule")]
		stored := make([]tensor.Any, len(drawn.shapes))
		for i, shape := range drawn.shapes {
			stored[i] = counted(shape...)
		}
		own, err := drawn.rule.Load.Apply(stored...)
		if err != nil {
			t.Fatal(err)
		}
		back, err := drawn.rule.Save.Apply(own...)
		if err != nil {
			t.Fatal(err)
		}
		again, err := drawn.rule.Load.Apply(back...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range stored {
			if !tensor.Equal(stored[i], back[i]) {
				t.Fatalf("%v of %v comes back as %v", drawn.rule.Stored[i], stored[i], back[i])
			}
		}
		for i := range own {
			if !tensor.Equal(own[i], again[i]) {
				t.Fatalf("%v of %v becomes %v the second time", drawn.rule.Own[i], own[i], again[i])
			}
		}
	})
}
