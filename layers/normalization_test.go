package layers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNormalizationGolden(t *testing.T) { runGolden(t, "normalization", nil) }

func TestNormalizingLayersBuildOnTheFirstCall(t *testing.T) {
	x := random(t, 1, 3, 4, 6)
	nearly := func(scale float64) []float32 {
		y := slices.Clone(x.Data())
		for i := range y {
			y[i] *= float32(scale)
		}
		return y
	}
	t.Run("an untrained batch normalization only adds epsilon to a variance of 1", func(t *testing.T) {
		b := new(BatchNormalization)
		y, err := b.Call(x)
		require.NoError(t, err)
		require.InDeltaSlice(t, nearly(1/math.Sqrt(1.001)), y.Data(), 1e-6)
		require.Equal(t, []float32{1, 1, 1, 1, 1, 1}, b.Gamma.Data())
		require.Equal(t, tensor.Shape{6}, b.Beta.Shape())
	})
	t.Run("weights that options exclude are not created", func(t *testing.T) {
		l := &LayerNormalization{NoScale: true, NoCenter: true}
		require.NoError(t, l.Build(x.Shape()))
		require.False(t, l.Gamma.Built() || l.Beta.Built())
	})
	t.Run("a checkpoint without gamma belongs to a layer without gamma", func(t *testing.T) {
		g := &GroupNormalization{Groups: 2, Beta: *tensor.New[float32](6)}
		require.NoError(t, g.Build(x.Shape()))
		require.False(t, g.Gamma.Built())
	})
	t.Run("a Normalization without statistics returns its input", func(t *testing.T) {
		y, err := new(Normalization).Call(x)
		require.NoError(t, err)
		require.Equal(t, x.Data(), y.Data())
	})
	t.Run("a new PReLU equals a ReLU", func(t *testing.T) {
		p := &PReLU{SharedAxes: []int{1}}
		y, err := p.Call(x)
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{1, 6}, p.Alpha.Shape())
		require.GreaterOrEqual(t, slices.Min(y.Data()), float32(0))
	})
}

func TestNormalizingLayersRefuseWhatDoesNotFit(t *testing.T) {
	weight := func(shape ...int) Tensor { return *tensor.New[float32](shape...) }
	x := tensor.New[float32](2, 3, 4)
	for _, tt := range []struct {
		name  string
		layer Layer
		want  string
	}{
		{
			"moving means for another number of channels", &BatchNormalization{MovingMean: weight(5), MovingVariance: weight(5), Name: "bn"},
			`layers: batch_normalization "bn": moving_mean shape [5], want [4] for input shape [2 3 4]`,
		},
		{
			"a mean without a variance", &BatchNormalization{MovingMean: weight(4)},
			"layers: batch_normalization: moving_variance has no values, want [4] for input shape [2 3 4]",
		},
		{"a missing axis", &BatchNormalization{Axis: 3}, "layers: batch_normalization: input shape [2 3 4], want an axis 3"},
		{
			"a gamma of another length", &LayerNormalization{Axis: []int{1, 2}, Gamma: weight(4)},
			"layers: layer_normalization: gamma shape [4], want [3 4] for input shape [2 3 4]",
		},
		{"an axis twice", &LayerNormalization{Axis: []int{2, -1}}, "layers: layer_normalization: axes [2 -1] contain an axis twice"},
		{
			"a scale that Keras multiplies along another axis", &RMSNormalization{Axis: []int{1}},
			"layers: rms_normalization: input shape [2 3 4], want the last axes [3], like scale",
		},
		{
			"channels that do not divide into groups", &GroupNormalization{Groups: 3},
			"layers: group_normalization: input shape [2 3 4], want a multiple of 3 channels for 3 groups",
		},
		{"a negative number of groups", &GroupNormalization{Groups: -2}, "layers: group_normalization: -2 groups"},
		{
			"groups along the batch", &GroupNormalization{Groups: 1, Axis: -3},
			"layers: group_normalization: input shape [2 3 4], want the channels on another axis than the batch",
		},
		{"a given mean without a variance", &FixedNormalization{Mean: tensor.Scalar[float32](1)}, "layers: normalization: Mean and Variance must both be set"},
		{
			"a given mean of another length", &FixedNormalization{Mean: tensor.New[float32](3), Variance: tensor.New[float32](3)},
			"layers: normalization: mean shape [3], want one that broadcasts to the axes [2] of input shape [2 3 4]",
		},
		{"slopes of another shape", &PReLU{Alpha: weight(3, 2)}, "layers: p_re_lu: alpha shape [3 2], want [3 4] for input shape [2 3 4]"},
		{"slopes shared along other axes", &PReLU{Alpha: weight(1, 4), SharedAxes: []int{2}}, "layers: p_re_lu: alpha shape [1 4], want [3 1] for input shape [2 3 4]"},
		{"slopes shared along the batch", &PReLU{SharedAxes: []int{0}}, "layers: p_re_lu: input shape [2 3 4], want an axis 0 that shares slopes"},
		{"a wrapper without a layer", &SpectralNormalization{Name: "s"}, `layers: spectral_normalization "s": no wrapped layer`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.Call(x)
			require.EqualError(t, err, tt.want)
		})
	}
	for _, layer := range []Layer{&BatchNormalization{}, &LayerNormalization{}, &RMSNormalization{}, &GroupNormalization{}, &UnitNormalization{}, &PReLU{}, &Normalization{}} {
		t.Run(fmt.Sprintf("%T with an empty input and without values", layer), func(t *testing.T) {
			_, err := layer.Call(nil)
			var shape *ShapeError
			require.ErrorAs(t, err, &shape)
			y, err := layer.Call(tensor.New[float32](0, 3, 32))
			require.NoError(t, err)
			require.Zero(t, y.Len())
		})
	}
}

func TestLayerNormalizationGivesMean0AndVariance1(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, width := rapid.IntRange(1, 5).Draw(t, "rows"), rapid.IntRange(2, 40).Draw(t, "width")
		x := tensor.New[float32](rows, width)
		for i := range x.Data() {
			x.Data()[i] = rapid.Float32Range(-100, 100).Draw(t, "value")
		}
		y, err := (&LayerNormalization{Epsilon: -1, NoScale: true, NoCenter: true}).Call(x)
		require.NoError(t, err)
		for i := range rows {
			row := y.Data()[i*width : (i+1)*width]
			if row[0] != row[0] || slices.Max(x.Data()[i*width:(i+1)*width])-slices.Min(x.Data()[i*width:(i+1)*width]) < 1e-3 {
				continue // all values are equal: the deviation cannot become 1
			}
			mean := vmath.Sum(row) / float64(width)
			require.InDelta(t, 0, mean, 1e-2)
			require.InDelta(t, 1, vmath.SumSquares(row, float32(mean))/float64(width), 1e-3)
		}
	})
}

func TestNormalizationAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := tensor.New[float32](2, 3)
		mean, variance := tensor.New[float32](3), tensor.New[float32](3)
		for i := range x.Data() {
			x.Data()[i] = rapid.Float32Range(-10, 10).Draw(t, "x")
			mean.Data()[i%3] = rapid.Float32Range(-10, 10).Draw(t, "mean")
			variance.Data()[i%3] = rapid.Float32Range(0.01, 10).Draw(t, "variance")
		}
		y, err := (&Normalization{Mean: *mean, Variance: *variance}).Call(x)
		require.NoError(t, err)
		back, err := (&Normalization{Mean: *mean, Variance: *variance, Invert: true}).Call(y)
		require.NoError(t, err)
		require.InDeltaSlice(t, x.Data(), back.Data(), 1e-4)
	})
}

func ExampleNormalization() {
	x, _ := tensor.FromSlice([]float32{10, 300, 12, 100}, 2, 2)
	mean, _ := tensor.FromSlice([]float32{11, 200}, 2)
	variance, _ := tensor.FromSlice([]float32{1, 10000}, 2)

	n := Normalization{Mean: *mean, Variance: *variance} // a checkpoint would set these
	y, err := n.Call(x)
	fmt.Println(y.Data(), err)
	// Output: [-1 1 1 -1] <nil>
}

func BenchmarkNormalizing(b *testing.B) {
	for _, layer := range []Layer{&BatchNormalization{}, &LayerNormalization{}, &RMSNormalization{}, &GroupNormalization{}, &UnitNormalization{}} {
		b.Run(fmt.Sprintf("%T", layer), func(b *testing.B) {
			x := random(b, 1, 8, 30, 30, 64)
			c := &Context{Workspace: new(Workspace)}
			b.SetBytes(int64(4 * x.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := layer.Forward(c, x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
