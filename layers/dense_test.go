package layers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDenseGolden(t *testing.T) { runGolden(t, "dense", nil) }

func TestDenseBuildsOnTheFirstCall(t *testing.T) {
	x := newTensor(t, []float32{1, 2, 3, 4, 5, 6}, 2, 3)

	t.Run("kernel and bias have the shapes for the input", func(t *testing.T) {
		d := NewDense(4)
		y, err := d.Call(x)
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{2, 4}, y.Shape())
		require.Equal(t, tensor.Shape{3, 4}, d.Kernel.Shape())
		require.Equal(t, make([]float32, 4), d.Bias.Data())
	})
	t.Run("a kernel is Glorot uniform: within sqrt(6/(3+4)), with different values", func(t *testing.T) {
		d := NewDense(4)
		require.NoError(t, d.Build(x.Shape()))
		for i, v := range d.Kernel.Data() {
			require.InDelta(t, 0, v, 0.92583, "value %d", i)
		}
		require.NotEqual(t, d.Kernel.At(0, 0), d.Kernel.At(0, 1))
	})
	t.Run("two runs make the same kernel, another seed or name makes another", func(t *testing.T) {
		weights := func(d *Dense) []float32 {
			require.NoError(t, d.Build(x.Shape()))
			return d.Kernel.Data()
		}
		first := weights(NewDense(4))
		require.Equal(t, first, weights(NewDense(4)))
		require.NotEqual(t, first, weights(&Dense{Units: 4, Seed: 1}))
		require.NotEqual(t, first, weights(&Dense{Units: 4, Name: "logits"}))
	})
	t.Run("a kernel that was restored meanwhile is used", func(t *testing.T) {
		d := NewDense(1)
		d.Kernel = *newTensor(t, []float32{1, 10, 100}, 3, 1)
		y, err := d.Call(x)
		require.NoError(t, err)
		require.Equal(t, []float32{321, 654}, y.Data())
		require.False(t, d.Bias.Built(), "a checkpoint without a bias belongs to a layer without a bias")
	})
	t.Run("without the option, no bias is created", func(t *testing.T) {
		d := &Dense{Units: 2, NoBias: true}
		require.NoError(t, d.Build(x.Shape()))
		require.False(t, d.Bias.Built())
	})
}

func TestDenseErrors(t *testing.T) {
	weights := func(shape ...int) Tensor { return *tensor.New[float32](shape...) }
	for _, tt := range []struct {
		name  string
		dense Dense
		x     *Tensor
		want  string
	}{
		{"no input", Dense{Units: 3}, nil, "layers: dense: input has no values, want a tensor of rank 1 or more"},
		{"an input that is not built", Dense{Units: 3}, new(Tensor), "layers: dense: input has no values, want a tensor of rank 1 or more"},
		{"a scalar", Dense{Units: 3}, tensor.Scalar[float32](1), "layers: dense: input shape [], want rank 1 or more"},
		{
			"an input of another width", Dense{Kernel: weights(4, 7), Name: "logits"}, tensor.New[float32](2, 3),
			`layers: dense "logits": input shape [2 3], want [… 4] for kernel shape [4 7]`,
		},
		{
			"a kernel of another rank", Dense{Kernel: weights(4, 7, 1)}, tensor.New[float32](2, 4),
			"layers: dense: kernel shape [4 7 1], want [4 …] for input shape [2 4]",
		},
		{
			"a kernel for other units", Dense{Kernel: weights(4, 7), Units: 5}, tensor.New[float32](2, 4),
			"layers: dense: kernel shape [4 7], want [4 5] for 5 units",
		},
		{
			"a bias for other units", Dense{Kernel: weights(4, 7), Bias: weights(4)}, tensor.New[float32](2, 4),
			"layers: dense: bias shape [4], want [7] for kernel shape [4 7]",
		},
		{"negative units", Dense{Units: -1}, tensor.New[float32](2, 4), "layers: dense: -1 units"},
		{"more units than memory can hold", Dense{Units: math.MaxInt32}, tensor.New[float32](2, 4), "layers: dense: kernel shape [4 2147483647] is beyond memory"},
		{
			"more units than an int can count", Dense{Units: math.MaxInt/2 + 1}, tensor.New[float32](2, 4),
			"layers: dense: kernel: tensor: shape [4 4611686018427387904]: more elements than an int can count",
		},
		{
			"an odd number of units with GLU", Dense{Units: 3, Activation: activation.GLU()}, tensor.New[float32](2, 4),
			"layers: dense: output shape [2 3]: activation: glu needs rows of even width, got 3",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.dense.Call(tt.x)
			require.EqualError(t, err, tt.want)
		})
	}
	t.Run("a layer without a size returns ErrNotBuilt", func(t *testing.T) {
		_, err := new(Dense).Call(tensor.New[float32](2, 3))
		require.ErrorIs(t, err, ErrNotBuilt)
	})
	t.Run("a shape that does not fit returns a ShapeError", func(t *testing.T) {
		_, err := (&Dense{Kernel: weights(4, 7)}).Call(tensor.New[float32](2, 3))
		var shape *ShapeError
		require.ErrorAs(t, err, &shape)
		require.Equal(t, &ShapeError{Layer: "dense", Tensor: "input", Got: tensor.Shape{2, 3}, Want: "[… 4] for kernel shape [4 7]"}, shape)
	})
}

func TestDenseOfNothing(t *testing.T) {
	for _, shape := range [][]int{{0, 3}, {2, 0}, {0}, {2, 0, 3}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			d := &Dense{Units: 2, Activation: activation.Softmax()}
			y, err := d.Call(tensor.New[float32](shape...))
			require.NoError(t, err)
			require.Equal(t, 2, y.Shape()[len(shape)-1])
		})
	}
}

func TestDenseFromManyGoroutines(t *testing.T) {
	d := &Dense{Units: 37, Activation: activation.Tanh()}
	x := random(t, 1, 65, 41)
	want, err := d.Call(x)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := d.Call(x)
			if err != nil || fmt.Sprint(got.Data()) != fmt.Sprint(want.Data()) {
				t.Errorf("a different result on another goroutine, error %v", err)
			}
		})
	}
	wg.Wait()
}

func TestMatmulIsTheSumOfProducts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, k, n := rapid.IntRange(0, 70).Draw(t, "m"), rapid.IntRange(0, 300).Draw(t, "k"), rapid.IntRange(0, 70).Draw(t, "n")
		requireProduct(t, m, k, n)
	})
	for _, size := range [][3]int{{1, 600, 1100}, {3, 5000, 130}, {230, 70, 90}} { // cut by columns, by panels, by rows
		t.Run(fmt.Sprint(size), func(t *testing.T) { requireProduct(t, size[0], size[1], size[2]) })
	}
}

// requireProduct fails the test if y + x·w is wrong. The numbers are small and whole, so the result is exact.
func requireProduct(t interface {
	require.TestingT
	Helper()
}, m, k, n int) {
	t.Helper()
	x, w, y := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
	for i := range x {
		x[i] = float32(i*7%11 - 5)
	}
	for i := range w {
		w[i] = float32(i*5%13 - 6)
	}
	want := make([]float32, m*n)
	for i := range m {
		for j := range n {
			y[i*n+j] = float32(i - j)
			want[i*n+j] = y[i*n+j]
			for l := range k {
				want[i*n+j] += x[i*k+l] * w[l*n+j]
			}
		}
	}
	kernel.Matmul(kernel.Matrix(y, m, n), kernel.Matrix(x, m, k), kernel.Matrix(w, k, n))
	require.Equal(t, want, y)
}

// random returns a tensor of normally distributed values.
func random(t testing.TB, seed uint64, shape ...int) *Tensor {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	x := tensor.New[float32](shape...)
	for i := range x.Data() {
		x.Data()[i] = float32(r.NormFloat64())
	}
	return x
}

func ExampleDense() {
	// A checkpoint would set these weights.
	weights, _ := tensor.FromSlice([]float32{1, 0, 0, 2, 1, 1}, 3, 2)
	d := Dense{Kernel: *weights, Activation: activation.ReLU()}

	x, _ := tensor.FromSlice([]float32{1, 2, 3, -1, -2, -3}, 2, 3)
	y, err := d.Call(x)
	fmt.Println(y.Shape(), y.Data(), err)
	// Output: [2 2] [4 7 0 0] <nil>
}

func BenchmarkDense(b *testing.B) {
	for _, size := range []struct{ batch, inputs, units int }{
		{1, 32, 10}, {1, 512, 512}, {32, 512, 512}, {32, 784, 128}, {256, 1024, 1024},
	} {
		b.Run(fmt.Sprintf("%dx%d→%d", size.batch, size.inputs, size.units), func(b *testing.B) {
			d := NewDense(size.units)
			x := random(b, 1, size.batch, size.inputs)
			require.NoError(b, d.Build(x.Shape()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Call(x); err != nil {
					b.Fatal(err)
				}
			}
			products := float64(size.batch) * float64(size.inputs) * float64(size.units) * float64(b.N)
			b.ReportMetric(2e-9*products/b.Elapsed().Seconds(), "GFLOPS")
		})
	}
}
