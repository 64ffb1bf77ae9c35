package activation

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The golden files of package layers compare each function with Keras. The tests here need no results from
// Keras.

func TestParse(t *testing.T) {
	t.Run("every name gives the function with that name, or with the full name", func(t *testing.T) {
		other := map[string]string{"swish": "silu", "hard_swish": "hard_silu"}
		for name := range parse {
			f, err := Parse(name)
			require.NoError(t, err)
			want := name
			if o := other[name]; o != "" {
				want = o
			}
			require.Equal(t, want, f.String())
		}
	})
	t.Run("no name is linear, the zero Func", func(t *testing.T) {
		f, err := Parse("")
		require.NoError(t, err)
		require.True(t, f.IsLinear())
		require.Equal(t, "linear", Func{}.String())
	})
	t.Run("the error for an unknown name contains the name", func(t *testing.T) {
		_, err := Parse("Relu")
		require.ErrorIs(t, err, ErrUnknown)
		require.EqualError(t, err, `activation: "Relu": unknown activation`)
	})
}

func TestApply(t *testing.T) {
	for _, tt := range []struct {
		name  string
		f     Func
		x     []float32
		width int
		want  []float32
	}{
		{"linear keeps all values", Linear(), []float32{-1, 2}, 2, []float32{-1, 2}},
		{"functions of single values do not depend on the width", ReLU(), []float32{-1, 2, -3}, 2, []float32{0, 2, 0}},
		{"rows are independent", Rows("first", func(r []float32) { r[1] = r[0] }), []float32{1, 2, 3, 4}, 2, []float32{1, 1, 3, 3}},
		{"GLU leaves the first halves without gaps", GLU(), []float32{1, 2, 100, -100, 3, 4, 100, 100}, 4, []float32{1, 0, 3, 4}},
		{"nothing", Softmax(), nil, 0, nil},
		{"a custom function", Each("half", func(x float32) float32 { return x / 2 }), []float32{3}, 1, []float32{1.5}},
		{"the old hard sigmoid is steeper", HardSigmoidV2(), []float32{-3, -2, 0, 1, 3}, 5, []float32{0, 0.1, 0.5, 0.7, 1}},
		{"a threshold with a value below it", Threshold(1, -7), []float32{0.5, 1, 1.5}, 3, []float32{-7, -7, 1.5}},
		{"ReLU with a negative threshold and a maximum also clips from below", ReLUWith(0, 2, -1), []float32{-2, -0.5, 3}, 3, []float32{0, 0, 2}},
		{"the tanh approximation of GELU", GELUApproximate(), []float32{1}, 1, []float32{0.841192}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.f.Apply(tt.x, tt.width)
			require.NoError(t, err)
			require.InDeltaSlice(t, tt.want, got, 1e-6)
		})
	}
	t.Run("values that are not whole rows", func(t *testing.T) {
		_, err := Softmax().Apply(make([]float32, 5), 2)
		require.EqualError(t, err, "activation: softmax on rows of 2: 5 values are not a whole number of rows")
	})
	t.Run("rows of an odd width cannot be halved", func(t *testing.T) {
		_, err := GLU().Apply(make([]float32, 6), 3)
		require.EqualError(t, err, "activation: glu needs rows of even width, got 3")
	})
}

func TestNaNStaysNaN(t *testing.T) {
	for name, f := range parse {
		switch name {
		case "soft_shrink", "hard_shrink", "glu", "sparsemax": // comparisons with NaN are false, in TensorFlow too
			continue
		}
		x := []float32{float32(math.NaN())}
		got, err := f().Apply(x, 1)
		require.NoError(t, err)
		require.True(t, math.IsNaN(float64(got[0])), name)
	}
}

func TestIs(t *testing.T) {
	parsed, err := Parse("tanh")
	require.NoError(t, err)
	require.True(t, parsed.Is(Tanh()))
	require.True(t, Func{}.Is(Linear()))
	require.False(t, GELU().Is(GELUApproximate()), "which have the same name")
	require.False(t, Each("tanh", func(x float32) float32 { return x }).Is(Tanh()))
	require.False(t, ELU(1).Is(ELU(2)))
}

func TestSoftmaxIsADistribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOfN(rapid.Float32Range(-100, 100), 1, 40).Draw(t, "row")
		logs := append([]float32{}, row...)
		_, err := Softmax().Apply(row, len(row))
		require.NoError(t, err)
		logSoftmax(logs)
		sum := 0.0
		for i, p := range row {
			require.GreaterOrEqual(t, p, float32(0))
			require.InDelta(t, float64(p), math.Exp(float64(logs[i])), 1e-5)
			sum += float64(p)
		}
		require.InDelta(t, 1, sum, 1e-5)
	})
}

func ExampleParse() {
	f, err := Parse("leaky_relu")
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := f.Apply([]float32{-5, 5}, 2)
	fmt.Println(f, y, err)
	// Output: leaky_relu [-1 5] <nil>
}

func BenchmarkApply(b *testing.B) {
	for _, f := range []Func{ReLU(), ReLU6(), Sigmoid(), Tanh(), GELU(), Softmax()} {
		b.Run(f.String(), func(b *testing.B) {
			x := make([]float32, 1<<12)
			for i := range x {
				x[i] = float32(i%17) - 8
			}
			b.SetBytes(int64(4 * len(x)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := f.Apply(x, 64); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
