package layers

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestConvGolden(t *testing.T) { runGolden(t, "conv", nil) }

func TestConvBuild(t *testing.T) {
	t.Run("weights have Keras's shapes", func(t *testing.T) {
		c := &Conv2D{Filters: 6, KernelSize: []int{3, 2}, Groups: 2}
		y, err := c.Call(tensor.New[float32](2, 7, 5, 4))
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{2, 5, 4, 6}, y.Shape())
		require.Equal(t, tensor.Shape{3, 2, 2, 6}, c.Kernel.Shape())
		require.Equal(t, make([]float32, 6), c.Bias.Data())
	})
	t.Run("a transposed kernel has filters before channels", func(t *testing.T) {
		c := NewConv1DTranspose(6, 3)
		require.NoError(t, c.Build(tensor.Shape{2, 7, 4}))
		require.Equal(t, tensor.Shape{3, 6, 4}, c.Kernel.Shape())
	})
	t.Run("a depthwise kernel has as many windows per channel as the multiplier, one by default", func(t *testing.T) {
		d := &DepthwiseConv2D{KernelSize: []int{3}}
		require.NoError(t, d.Build(tensor.Shape{2, 7, 5, 4}))
		require.Equal(t, tensor.Shape{3, 3, 4, 1}, d.Kernel.Shape())
		require.Equal(t, 4, d.Bias.Len())
		d = &DepthwiseConv2D{KernelSize: []int{3}, DepthMultiplier: 2, NoBias: true}
		require.NoError(t, d.Build(tensor.Shape{2, 7, 5, 4}))
		require.Equal(t, tensor.Shape{3, 3, 4, 2}, d.Kernel.Shape())
		require.False(t, d.Bias.Built())
	})
	t.Run("a separable layer creates both kernels", func(t *testing.T) {
		s := &SeparableConv1D{Filters: 5, KernelSize: []int{3}, DepthMultiplier: 2}
		require.NoError(t, s.Build(tensor.Shape{2, 7, 4}))
		require.Equal(t, tensor.Shape{3, 4, 2}, s.DepthwiseKernel.Shape())
		require.Equal(t, tensor.Shape{1, 8, 5}, s.PointwiseKernel.Shape())
		require.Equal(t, 5, s.Bias.Len())
	})
	t.Run("a restored kernel gives the size", func(t *testing.T) {
		var c Conv1D
		c.Kernel = *newTensor(t, []float32{1, 10, 100}, 3, 1, 1)
		y, err := c.Call(newTensor(t, []float32{1, 2, 3, 4}, 1, 4, 1))
		require.NoError(t, err)
		require.Equal(t, []float32{321, 432}, y.Data())
		require.False(t, c.Bias.Built(), "a checkpoint without a bias belongs to a layer without a bias")
	})
}

func TestConvErrors(t *testing.T) {
	weights := func(shape ...int) Tensor { return *tensor.New[float32](shape...) }
	image := tensor.New[float32](2, 7, 5, 4)
	for _, tt := range []struct {
		name  string
		layer Layer
		x     *Tensor
		want  string
	}{
		{"no input", NewConv2D(3, 2), nil, "layers: conv2d: input has no values, want a tensor of rank 4 or more"},
		{"an input of another rank", NewConv1D(3, 2), image, "layers: conv1d: input shape [2 7 5 4], want rank 3"},
		{
			"an input with other channels", &Conv2D{Kernel: weights(3, 3, 5, 6), Name: "stem"}, image,
			`layers: conv2d "stem": kernel shape [3 3 5 6], want [… … 4 …] for input shape [2 7 5 4]`,
		},
		{
			"a kernel with another size than the option", &Conv2D{Kernel: weights(3, 3, 4, 6), KernelSize: []int{3, 2}}, image,
			"layers: conv2d: kernel shape [3 3 4 6], want [3 2 4 …] for input shape [2 7 5 4]",
		},
		{
			"a kernel without a window", &Conv2D{Kernel: weights(3, 0, 4, 6)}, image,
			"layers: conv2d: kernel shape [3 0 4 6], want a window of 1 or more along each axis",
		},
		{
			"a bias for other filters", &Conv2D{Kernel: weights(3, 3, 4, 6), Bias: weights(4)}, image,
			"layers: conv2d: bias shape [4], want [6] for kernel shape [3 3 4 6]",
		},
		{
			"a window larger than the input", NewConv2D(3, 7), image,
			"layers: conv2d: input shape [2 7 5 4], want 7 or more along each axis for a window of [7 7] at dilation [1 1]",
		},
		{"groups that do not divide the channels", &Conv2D{Filters: 3, KernelSize: []int{1}, Groups: 3}, image, "layers: conv2d: input shape [2 7 5 4], want a multiple of 3 channels for 3 groups"},
		{"groups that do not divide the filters", &Conv2D{Filters: 3, KernelSize: []int{1}, Groups: 2}, image, "layers: conv2d: kernel shape [1 1 2 3], want a multiple of 2 filters for 2 groups"},
		{"negative groups", &Conv2D{Filters: 3, KernelSize: []int{1}, Groups: -2}, image, "layers: conv2d: -2 groups"},
		{"negative filters", NewConv2D(-3, 2), image, "layers: conv2d: -3 filters"},
		{"a stride of zero", &Conv2D{Filters: 3, KernelSize: []int{1}, Strides: []int{1, 0}}, image, "layers: conv2d: strides [1 0]: want 1 or more"},
		{"three strides", &Conv2D{Filters: 3, KernelSize: []int{1}, Strides: []int{1, 1, 1}}, image, "layers: conv2d: strides [1 1 1]: want 2, one for each axis"},
		{"no window", NewConv2D(3, 0), image, "layers: conv2d: kernel size [0]: want 1 or more"},
		{"causal padding for images", &Conv2D{Filters: 3, KernelSize: []int{1}, Padding: Causal}, image, "layers: conv2d: this layer does not support padding causal"},
		{"more filters than memory can hold", NewConv2D(math.MaxInt32, 3), image, "layers: conv2d: kernel shape [3 3 4 2147483647] is beyond memory"},
		{
			"an output beyond memory", &Conv2DTranspose{Filters: 2, KernelSize: []int{1}, Strides: []int{1 << 20}}, image,
			"layers: conv2d_transpose: output shape [2 7340032 5242880 2] is beyond memory",
		},
		{
			"output padding beyond the strides", &Conv2DTranspose{Filters: 2, KernelSize: []int{1}, Strides: []int{2}, OutputPadding: []int{1, 2}}, image,
			"layers: conv2d_transpose: output padding [1 2]: want 0 or more and less than the strides [2]",
		},
		{
			"causal padding, transposed", &Conv2DTranspose{Filters: 2, KernelSize: []int{1}, Padding: Causal}, image,
			"layers: conv2d_transpose: this layer does not support padding causal",
		},
		{
			"a transposed kernel with swapped axes", &Conv2DTranspose{Kernel: weights(3, 3, 4, 6)}, image,
			"layers: conv2d_transpose: kernel shape [3 3 4 6], want [… … … 4] for input shape [2 7 5 4]",
		},
		{
			"a bias for the channels", &DepthwiseConv2D{Kernel: weights(3, 3, 4, 2), Bias: weights(4)}, image,
			"layers: depthwise_conv2d: bias shape [4], want [8] for kernel shape [3 3 4 2]",
		},
		{
			"a pointwise kernel for other channels", &SeparableConv2D{DepthwiseKernel: weights(3, 3, 4, 2), PointwiseKernel: weights(1, 1, 4, 5)}, image,
			"layers: separable_conv2d: pointwise kernel shape [1 1 4 5], want [1 1 8 …] for input shape [2 7 5 4]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.Call(tt.x)
			require.EqualError(t, err, tt.want)
		})
	}
	for _, layer := range []Layer{&Conv2D{}, &Conv2D{Filters: 3}, &Conv2D{KernelSize: []int{3}}, &Conv2DTranspose{}, &DepthwiseConv2D{}, &SeparableConv2D{}} {
		t.Run(fmt.Sprintf("%T without a size returns ErrNotBuilt", layer), func(t *testing.T) {
			_, err := layer.Call(image)
			require.ErrorIs(t, err, ErrNotBuilt)
		})
	}
}

func TestConvFromConfigRefuses(t *testing.T) {
	for _, tt := range []struct{ name, config, want string }{
		{"a low-rank addition of rank zero", `{"lora_rank": 0}`, `layers: Conv2D: config: option "lora_rank" is 0, want 1 or more`},
		{"an unknown padding", `{"padding": "full"}`, `layers: Conv2D: config: padding "full" is not one of valid, same and causal`},
		{"numbers as padding", `{"padding": [1, 1]}`, `layers: Conv2D: config: option "padding" is [1, 1]: json: cannot unmarshal array into Go value of type string`},
		{"another data format", `{"data_format": "NCHW"}`, `layers: Conv2D: config: data format "NCHW" is neither channels_last nor channels_first`},
		{"an unknown option", `{"kernel_sise": 2}`, `layers: Conv2D: config: unknown option "kernel_sise"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kerasLibrary{}.Make("Conv2D", []byte(tt.config))
			require.EqualError(t, err, tt.want)
		})
	}
}

// drawConv draws a layer of any rank with small options, valid or not, and an input of small whole numbers, which may be empty.
func drawConv(t *rapid.T) (Layer, *Tensor) {
	rank := rapid.IntRange(1, 3).Draw(t, "rank")
	option := func(name string, lo, hi int) []int {
		return rapid.SliceOfN(rapid.IntRange(lo, hi), 0, rank).Draw(t, name)
	}
	shape := rapid.SliceOfN(rapid.IntRange(0, 6), rank+2, rank+2).Draw(t, "input")
	shape[0] = rapid.IntRange(0, 3).Draw(t, "batch")
	c := Conv{
		Filters: rapid.IntRange(0, 6).Draw(t, "filters"), KernelSize: option("size", 0, 4), Strides: option("strides", 0, 4),
		Padding: rapid.SampledFrom([]Padding{Valid, Same, Causal}).Draw(t, "padding"), DilationRate: option("dilation", 1, 3),
		Groups: rapid.IntRange(-1, 4).Draw(t, "groups"), ChannelsFirst: rapid.Bool().Draw(t, "channels first"),
	}
	x := wholeNumbers(shape...)
	trans := ConvTranspose{
		Filters: c.Filters, KernelSize: c.KernelSize, Strides: c.Strides, Padding: c.Padding, DilationRate: c.DilationRate,
		ChannelsFirst: c.ChannelsFirst, OutputPadding: option("output padding", -1, 3),
	}
	depth := DepthwiseConv{KernelSize: c.KernelSize, Strides: c.Strides, Padding: c.Padding, DilationRate: c.DilationRate, DepthMultiplier: c.Groups, ChannelsFirst: c.ChannelsFirst}
	separable := SeparableConv{
		Filters: c.Filters, KernelSize: c.KernelSize, Strides: c.Strides, Padding: c.Padding, DilationRate: c.DilationRate,
		DepthMultiplier: c.Groups, ChannelsFirst: c.ChannelsFirst,
	}
	kinds := [][]Layer{
		{(*Conv1D)(&c), (*Conv1DTranspose)(&trans), (*DepthwiseConv1D)(&depth), (*SeparableConv1D)(&separable)},
		{(*Conv2D)(&c), (*Conv2DTranspose)(&trans), (*DepthwiseConv2D)(&depth), (*SeparableConv2D)(&separable)},
		{(*Conv3D)(&c), (*Conv3DTranspose)(&trans)},
	}
	return rapid.SampledFrom(kinds[rank-1]).Draw(t, "layer"), x
}

func wholeNumbers(shape ...int) *Tensor {
	x := tensor.New[float32](shape...)
	for i := range x.Data() {
		x.Data()[i] = float32(i*7%11 - 5)
	}
	return x
}

func TestConvOfAnyOptionsIsAnErrorOrABatchOfEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layer, x := drawConv(t)
		y, err := layer.Call(x)
		if err != nil {
			return
		}
		requireBatches(t, layer, x, y)
	})
}

// requireBatches fails the test if layer's output for a single example of x differs from its part of y, the output for the batch x.
func requireBatches(t require.TestingT, layer Layer, x, y *Tensor) {
	batch := x.Shape()[0]
	require.Equal(t, batch, y.Shape()[0])
	for i := range batch {
		n := x.Len() / batch
		one, err := tensor.FromSlice(x.Data()[i*n:(i+1)*n], append([]int{1}, x.Shape()[1:]...)...)
		require.NoError(t, err)
		got, err := layer.Call(one)
		require.NoError(t, err)
		n = y.Len() / batch
		require.InDeltaSlice(t, y.Data()[i*n:(i+1)*n], got.Data(), 1e-3)
	}
}

func TestConvTransposeIsTheAdjointOfConv(t *testing.T) {
	// For every x and y, the sum of products of conv(x) and y equals the sum of products of x and the transposed convolution of y.
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SliceOfN(rapid.IntRange(1, 4), 2, 2).Draw(t, "size")
		strides := rapid.SliceOfN(rapid.IntRange(1, 4), 2, 2).Draw(t, "strides")
		dilation := rapid.SliceOfN(rapid.IntRange(1, 3), 2, 2).Draw(t, "dilation")
		padding := rapid.SampledFrom([]Padding{Valid, Same}).Draw(t, "padding")
		ys := rapid.SliceOfN(rapid.IntRange(1, 5), 2, 2).Draw(t, "positions")

		weights := wholeNumbers(size[0], size[1], 3, 2) // 3 channels of x, 2 of y
		back := Conv2DTranspose{Kernel: *weights, Strides: strides, Padding: padding, DilationRate: dilation}
		conv := Conv2D{Kernel: *weights, Strides: strides, Padding: padding, DilationRate: dilation}
		y := wholeNumbers(1, ys[0], ys[1], 2)
		xt, err := back.Call(y)
		require.NoError(t, err)
		x := wholeNumbers(xt.Shape()...)
		yt, err := conv.Call(x)
		require.NoError(t, err)
		require.Equal(t, y.Shape(), yt.Shape())
		require.Equal(t, sumOfProducts(yt, y), sumOfProducts(x, xt), "whole numbers: exact")
	})
}

func sumOfProducts(a, b *Tensor) (sum float64) {
	for i, v := range a.Data() {
		sum += float64(v) * float64(b.Data()[i])
	}
	return sum
}

func TestConvCausal(t *testing.T) {
	c := &Conv1D{Filters: 3, KernelSize: []int{4}, DilationRate: []int{2}, Padding: Causal}
	x := random(t, 1, 2, 13, 5)
	before, err := c.Call(x)
	require.NoError(t, err)
	for step := range 13 {
		changed := x.Clone()
		changed.Data()[step*5]++ // of the first example
		after, err := c.Call(changed)
		require.NoError(t, err)
		require.Equal(t, before.Data()[:step*3], after.Data()[:step*3], "no position depends on a later step")
		require.NotEqual(t, before.Data()[step*3:], after.Data()[step*3:])
	}
}

func TestConvOfTheWholeInputIsDense(t *testing.T) {
	x := random(t, 1, 3, 4, 5, 6)
	c := NewConv2D(7, 4, 5)
	got, err := c.Call(x)
	require.NoError(t, err)
	weights, err := c.Kernel.Reshape(4*5*6, 7)
	require.NoError(t, err)
	rows, err := x.Reshape(3, 4*5*6)
	require.NoError(t, err)
	want, err := (&Dense{Kernel: *weights}).Call(rows)
	require.NoError(t, err)
	require.InDeltaSlice(t, want.Data(), got.Data(), 1e-5)
}

func TestConvFromManyGoroutines(t *testing.T) {
	layers := []Layer{
		&Conv2D{Filters: 9, KernelSize: []int{3}, Activation: activation.ReLU()},
		&Conv2DTranspose{Filters: 9, KernelSize: []int{3}, Strides: []int{2}},
		&SeparableConv2D{Filters: 9, KernelSize: []int{3}},
	}
	x := random(t, 1, 3, 33, 31, 8)
	for _, layer := range layers {
		want, err := layer.Call(x)
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if got, err := layer.Call(x); err != nil || !slices.Equal(got.Data(), want.Data()) {
					t.Errorf("%T: a different result on another goroutine, error %v", layer, err)
				}
			})
		}
		wg.Wait()
	}
}

func ExampleConv2D() {
	// A checkpoint would set this kernel. It computes the difference of a pixel and its right neighbour.
	weights, _ := tensor.FromSlice([]float32{1, -1}, 1, 2, 1, 1)
	c := Conv2D{Kernel: *weights}

	image, _ := tensor.FromSlice([]float32{
		1, 2, 4,
		9, 9, 3,
	}, 1, 2, 3, 1)
	y, err := c.Call(image)
	fmt.Println(y.Shape(), y.Data(), err)
	// Output: [1 2 2 1] [-1 -2 0 6] <nil>
}

func BenchmarkConv(b *testing.B) {
	for _, bb := range []struct {
		name  string
		layer Layer
		x     *Tensor
		macs  int // multiplications of one call
	}{
		{"1D 8x400x64→64, 5", NewConv1D(64, 5), random(b, 1, 8, 400, 64), 8 * 396 * 64 * 64 * 5},
		{"2D 1x28x28x1→32, 3x3", NewConv2D(32, 3), random(b, 1, 1, 28, 28, 1), 26 * 26 * 9 * 32},
		{"2D 8x56x56x64→64, 3x3", NewConv2D(64, 3), random(b, 1, 8, 56, 56, 64), 8 * 54 * 54 * 9 * 64 * 64},
		{"2D 8x112x112x3→32, 3x3 by 2", &Conv2D{Filters: 32, KernelSize: []int{3}, Strides: []int{2}, Padding: Same}, random(b, 1, 8, 112, 112, 3), 8 * 56 * 56 * 27 * 32},
		{"2D 8x28x28x128→256, 1x1", NewConv2D(256, 1), random(b, 1, 8, 28, 28, 128), 8 * 28 * 28 * 128 * 256},
		{"transposed 8x28x28x64→32, 3x3 by 2", &Conv2DTranspose{Filters: 32, KernelSize: []int{3}, Strides: []int{2}, Padding: Same}, random(b, 1, 8, 28, 28, 64), 8 * 28 * 28 * 9 * 64 * 32},
		{"depthwise 8x56x56x64, 3x3", &DepthwiseConv2D{KernelSize: []int{3}, Padding: Same}, random(b, 1, 8, 56, 56, 64), 8 * 56 * 56 * 9 * 64},
		{"separable 8x56x56x64→64, 3x3", &SeparableConv2D{Filters: 64, KernelSize: []int{3}, Padding: Same}, random(b, 1, 8, 56, 56, 64), 8 * 56 * 56 * (9*64 + 64*64)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := &Context{Workspace: new(Workspace)}
			_, err := bb.layer.Forward(ctx, bb.x) // builds
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bb.layer.Forward(ctx, bb.x); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(2e-9*float64(bb.macs)*float64(b.N)/b.Elapsed().Seconds(), "GFLOPS")
		})
	}
}
