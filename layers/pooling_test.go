package layers

import (
	"fmt"
	"math"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPoolingGolden(t *testing.T) { runGolden(t, "pooling", nil) }

func TestPoolingErrors(t *testing.T) {
	steps := tensor.New[float32](2, 5, 3)
	mask := func(shape ...int) *Context { return &Context{Masks: []*Mask{tensor.New[bool](shape...)}} }
	for _, tt := range []struct {
		name  string
		layer Layer
		ctx   *Context
		x     *Tensor
		want  string
	}{
		{"no input", &MaxPooling1D{}, nil, nil, "layers: max_pooling1d: input has no values, want a tensor of rank 3 or more"},
		{"an input of another rank", &AveragePooling2D{Name: "p"}, nil, steps, `layers: average_pooling2d "p": input shape [2 5 3], want rank 4`},
		{
			"a window larger than the input", &MaxPooling1D{PoolSize: []int{7}, Strides: []int{1}}, nil, steps,
			"layers: max_pooling1d: input shape [2 5 3], want 7 or more along each axis for a window of [7] at dilation [1]",
		},
		{"no window", &MaxPooling1D{PoolSize: []int{0}}, nil, steps, "layers: max_pooling1d: pool size [0]: want 1 or more"},
		{"no strides", &MaxPooling1D{Strides: []int{}}, nil, steps, "layers: max_pooling1d: strides []: want 1 or more"},
		{"causal padding", &MaxPooling1D{Padding: Causal}, nil, steps, "layers: max_pooling1d: this layer does not support padding causal"},
		{
			"the largest of zero values", &GlobalMaxPooling1D{}, nil, tensor.New[float32](2, 0, 3),
			"layers: global_max_pooling1d: input shape [2 0 3], want 1 or more along each axis",
		},
		{
			"a mask of other steps", &GlobalAveragePooling1D{}, mask(2, 4), steps,
			"layers: global_average_pooling1d: mask shape [2 4], want [2 5] for input shape [2 5 3]",
		},
		{"no output size", &AdaptiveMaxPooling1D{}, nil, steps, "layers: adaptive_max_pooling1d: output size []: want 1 or more"},
		{
			"windows without values", &AdaptiveAveragePooling1D{OutputSize: []int{2}}, nil, tensor.New[float32](2, 0, 3),
			"layers: adaptive_average_pooling1d: input shape [2 0 3], want 1 or more along each axis",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.Forward(tt.ctx, tt.x)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestPoolingOfAnyOptionsIsAnErrorOrABatchOfEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		option := func(name string) []int { return rapid.SliceOfN(rapid.IntRange(0, 4), 0, 2).Draw(t, name) }
		p := Pooling{
			PoolSize: option("size"), Strides: option("strides"), ChannelsFirst: rapid.Bool().Draw(t, "channels first"),
			Padding: rapid.SampledFrom([]Padding{Valid, Same}).Draw(t, "padding"),
		}
		global := GlobalPooling{ChannelsFirst: p.ChannelsFirst}
		adaptive := AdaptivePooling{OutputSize: p.PoolSize, ChannelsFirst: p.ChannelsFirst}
		layer := rapid.SampledFrom([]Layer{
			(*MaxPooling2D)(&p), (*AveragePooling2D)(&p), (*GlobalMaxPooling2D)(&global), (*GlobalAveragePooling2D)(&global),
			(*AdaptiveMaxPooling2D)(&adaptive), (*AdaptiveAveragePooling2D)(&adaptive),
		}).Draw(t, "layer")
		x := wholeNumbers(rapid.SliceOfN(rapid.IntRange(0, 7), 4, 4).Draw(t, "input")...)
		if y, err := layer.Call(x); err == nil && y.Len() > 0 {
			requireBatches(t, layer, x, y)
		}
	})
}

func TestPoolingOfOneValueIsIt(t *testing.T) {
	// For every window of equal values, the average and the maximum are that value, also at the edges.
	x := tensor.New[float32](2, 5, 7, 3)
	for i := range x.Data() {
		x.Data()[i] = 0.1
	}
	for _, layer := range []Layer{
		&AveragePooling2D{PoolSize: []int{3}, Strides: []int{2}, Padding: Same}, &MaxPooling2D{PoolSize: []int{3}, Padding: Same},
		&AdaptiveAveragePooling2D{OutputSize: []int{3, 4}}, &GlobalAveragePooling2D{}, &GlobalMaxPooling2D{},
	} {
		y, err := layer.Call(x)
		require.NoError(t, err)
		for i, v := range y.Data() {
			require.Equal(t, float32(0.1), v, "%T, value %d", layer, i)
		}
	}
}

func TestPoolingLetsNaNsThrough(t *testing.T) {
	nan := float32(math.NaN())
	x := newTensor(t, []float32{1, nan, 2, 3, nan, nan}, 1, 6, 1)
	for _, layer := range []Layer{&MaxPooling1D{}, &AveragePooling1D{}} {
		y, err := layer.Call(x)
		require.NoError(t, err)
		require.True(t, math.IsNaN(float64(y.Data()[0])), "%T", layer)
		require.False(t, math.IsNaN(float64(y.Data()[1])), "%T", layer)
	}
}

func TestGlobalAverageOfManyValuesIsExact(t *testing.T) {
	// If a hundred thousand values of 0.1 are summed one by one in float32, their average is 0.1000003.
	x := tensor.New[float32](1, 100_000, 2)
	for i := range x.Data() {
		x.Data()[i] = 0.1
	}
	y, err := new(GlobalAveragePooling1D).Call(x)
	require.NoError(t, err)
	require.Equal(t, []float32{0.1, 0.1}, y.Data())
}

func ExampleMaxPooling1D() {
	x, _ := tensor.FromSlice([]float32{1, 5, 2, 3, 9, 4}, 1, 6, 1)
	y, err := new(MaxPooling1D).Call(x) // Keras's default: windows of two
	fmt.Println(y.Shape(), y.Data(), err)
	// Output: [1 3 1] [5 3 9] <nil>
}

func BenchmarkPooling(b *testing.B) {
	x := random(b, 1, 8, 56, 56, 64)
	for _, bb := range []struct {
		name  string
		layer Layer
	}{
		{"max 2x2", &MaxPooling2D{}},
		{"max 3x3 by 2, same", &MaxPooling2D{PoolSize: []int{3}, Strides: []int{2}, Padding: Same}},
		{"average 3x3 by 1", &AveragePooling2D{PoolSize: []int{3}, Strides: []int{1}}},
		{"global average", &GlobalAveragePooling2D{}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bb.layer.Call(x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestWindowsOfNoPosition(t *testing.T) {
	for name, layer := range map[string]Layer{
		"pooling":      &MaxPooling1D{PoolSize: []int{5}},
		"mean pooling": &AveragePooling1D{PoolSize: []int{5}},
		"convolution":  &Conv1D{Filters: 1, KernelSize: []int{4}},
	} {
		t.Run(name, func(t *testing.T) {
			y, err := layer.Call(random(t, 1, 2, 3, 1))
			require.NoError(t, err)
			require.Equal(t, tensor.Shape{2, 0, 1}, y.Shape(), "as in TensorFlow if the window is too large by up to a stride")
		})
	}
}
