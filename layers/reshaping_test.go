package layers

import (
	"fmt"
	"math"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestReshapingGolden(t *testing.T) { runGolden(t, "reshaping", nil) }

func TestReshapingErrors(t *testing.T) {
	x, image := tensor.New[float32](2, 6, 4), tensor.New[float32](2, 6, 4, 1)
	for _, tt := range []struct {
		name  string
		layer Layer
		x     *Tensor
		want  string
	}{
		{"a scalar flattened", &Flatten{}, tensor.Scalar[float32](1), "layers: flatten: input shape [], want rank 1 or more"},
		{"another number of values", &Reshape{TargetShape: []int{5, 5}, Name: "r"}, x, `layers: reshape "r": input shape [2 6 4], want as many values for each example as [5 5] has`},
		{"a rest that is not a whole number", &Reshape{TargetShape: []int{-1, 5}}, x, "layers: reshape: input shape [2 6 4], want as many values for each example as [… 5] has"},
		{"two unknown lengths", &Reshape{TargetShape: []int{-1, -1}}, x, "layers: reshape: input shape [2 6 4], want as many values for each example as [… …] has"},
		{"an unknown length next to a length of zero", &Reshape{TargetShape: []int{-1, 0}}, x, "layers: reshape: input shape [2 6 4], want as many values for each example as [… 0] has"},
		{"a negative axis", &Reshape{TargetShape: []int{-2, -12}}, x, "layers: reshape: input shape [2 6 4], want as many values for each example as [-2 -12] has"},
		{"an axis twice", &Permute{Dims: []int{1, 1}}, x, "layers: permute: dims [1 1]: want the axes 1 to 2, each once"},
		{"axes that the input lacks", &Permute{Dims: []int{2, 1, 3}}, x, "layers: permute: input shape [2 6 4], want rank 4"},
		{"zero repetitions", &RepeatVector{}, tensor.New[float32](2, 3), "layers: repeat_vector: 0 times: want 1 or more"},
		{"a number of repetitions beyond memory", &RepeatVector{N: math.MaxInt32}, tensor.New[float32](2, 3), "layers: repeat_vector: output shape [2 2147483647 3] is beyond memory"},
		{"negative padding", &ZeroPadding1D{Padding: [][2]int{{1, -1}}}, x, "layers: zero_padding1d: padding [[1 -1]]: want 0 or more"},
		{"padding of three axes", &ZeroPadding2D{Padding: make([][2]int, 3)}, image, "layers: zero_padding2d: padding [[0 0] [0 0] [0 0]]: want 2 pairs, one for each axis"},
		{"cropping everything", &Cropping1D{Cropping: [][2]int{{4, 2}}}, x, "layers: cropping1d: input shape [2 6 4], want longer axes than the part that 4+2 removes"},
		{"a negative size", &UpSampling1D{Size: -1}, x, "layers: up_sampling1d: size [-1]: want 1 or more"},
		{"an unknown interpolation", &UpSampling2D{Interpolation: 9}, image, "layers: up_sampling2d: this layer does not support interpolation Interpolation(9)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.Call(tt.x)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestReshapeTakesNothing(t *testing.T) {
	for _, layer := range []Layer{&Flatten{}, &Reshape{TargetShape: []int{4, 6}}, &Permute{Dims: []int{2, 1}}, &ZeroPadding1D{}, &Cropping1D{}, &UpSampling1D{}} {
		y, err := layer.Call(tensor.New[float32](0, 6, 4))
		require.NoError(t, err, "%T", layer)
		require.Equal(t, 0, y.Shape()[0])
	}
}

func TestCroppingUndoesZeroPadding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pair := rapid.Custom(func(t *rapid.T) [2]int {
			return [2]int{rapid.IntRange(0, 3).Draw(t, "before"), rapid.IntRange(0, 3).Draw(t, "behind")}
		})
		pairs := rapid.SliceOfN(pair, 3, 3).Draw(t, "pairs")
		first := rapid.Bool().Draw(t, "channels first")
		x := wholeNumbers(rapid.SliceOfN(rapid.IntRange(1, 4), 5, 5).Draw(t, "input")...)
		padded, err := (&ZeroPadding3D{Padding: pairs, ChannelsFirst: first}).Call(x)
		require.NoError(t, err)
		require.Equal(t, sumOfProducts(x, x), sumOfProducts(padded, padded), "the padding adds only zeros")
		back, err := (&Cropping3D{Cropping: pairs, ChannelsFirst: first}).Call(padded)
		require.NoError(t, err)
		require.Equal(t, x, back)
	})
}

func TestUpSamplingOfOneValueIsIt(t *testing.T) {
	x := tensor.New[float32](2, 3, 5, 2)
	for i := range x.Data() {
		x.Data()[i] = 7
	}
	for how := Nearest; how <= Lanczos5; how++ {
		t.Run(how.String(), func(t *testing.T) {
			y, err := (&UpSampling2D{Size: []int{3, 4}, Interpolation: how}).Call(x)
			require.NoError(t, err)
			require.Equal(t, tensor.Shape{2, 9, 20, 2}, y.Shape())
			for _, v := range y.Data() {
				require.InDelta(t, 7, v, 1e-5, "weights add up to 1")
			}
		})
	}
}

func ExampleReshape() {
	x, _ := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 1, 6)
	y, err := (&Reshape{TargetShape: []int{-1, 2}}).Call(x)
	fmt.Println(y.Shape(), err)
	// Output: [1 3 2] <nil>
}

func ExampleZeroPadding1D() {
	x, _ := tensor.FromSlice([]float32{1, 2}, 1, 2, 1)
	y, err := (&ZeroPadding1D{Padding: [][2]int{{2, 1}}}).Call(x)
	fmt.Println(y.Data(), err)
	// Output: [0 0 1 2 0] <nil>
}

func BenchmarkUpSampling(b *testing.B) {
	x := random(b, 1, 8, 28, 28, 64)
	for _, how := range []Interpolation{Nearest, Bilinear} {
		b.Run(how.String(), func(b *testing.B) {
			layer, ctx := &UpSampling2D{Interpolation: how}, &Context{Workspace: new(Workspace)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := layer.Forward(ctx, x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
