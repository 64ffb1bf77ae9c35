package layers

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

func TestResizingGolden(t *testing.T) { runGolden(t, "resizing", nil) }

func TestResizingErrors(t *testing.T) {
	x := tensor.New[float32](2, 6, 4, 1)
	for _, tt := range []struct {
		name  string
		layer Layer
		x     *Tensor
		want  string
	}{
		{"no size", &Resizing{Name: "r"}, x, `layers: resizing "r": height 0 and width 0: want 1 or more`},
		{"no width", &CenterCrop{Height: 2}, x, "layers: center_crop: height 2 and width 0: want 1 or more"},
		{"no images", &CenterCrop{Height: 2, Width: 2}, tensor.New[float32](6, 4), "layers: center_crop: input shape [6 4], want rank 3 to 4"},
		{"images without pixels", &Resizing{Height: 2, Width: 2}, tensor.New[float32](2, 0, 4, 1), "layers: resizing: input shape [2 0 4 1], want images with pixels"},
		{"an unknown interpolation", &Resizing{Height: 2, Width: 2, Interpolation: new(Interpolation(9))}, x, "layers: resizing: this layer does not support interpolation Interpolation(9)"},
		{"both", &Resizing{Height: 2, Width: 2, CropToAspectRatio: true, PadToAspectRatio: true}, x, "layers: resizing: CropToAspectRatio and PadToAspectRatio are both set, want one of them"},
		{"beyond memory", &Resizing{Height: 1 << 20, Width: 1 << 20}, x, "layers: resizing: output shape [2 1048576 1048576 1] is beyond memory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.Call(tt.x)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestResizingTakesNothing(t *testing.T) {
	for _, layer := range []Layer{&Resizing{Height: 3, Width: 2}, &CenterCrop{Height: 3, Width: 2}} {
		y, err := layer.Call(tensor.New[float32](0, 6, 4, 2))
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{0, 3, 2, 2}, y.Shape())
	}
}

// Keras 3 returns integers for images of integers, rounded to even and clipped to the dtype. Keras 2 returns floats.
func TestResizingOfIntegers(t *testing.T) {
	x, err := tensor.FromSlice([]uint8{0, 5, 200, 255}, 1, 2, 2, 1)
	require.NoError(t, err)
	v, err := ops.NewValue(x)
	require.NoError(t, err)
	whole, err := tensor.FromSlice([]uint8{115}, 1, 1, 1, 1)
	require.NoError(t, err)
	float, err := tensor.FromSlice([]float32{115}, 1, 1, 1, 1)
	require.NoError(t, err)
	size := json.RawMessage(`{"height": 1, "width": 1, "name": "r"}`)
	for _, tt := range []struct {
		keras2 bool
		want   tensor.Any
	}{
		{false, whole},
		{true, float},
	} {
		layer, err := kerasLibrary{keras2: tt.keras2}.Make("Resizing", size)
		require.NoError(t, err)
		ys, err := layer.(kerasLayer).callKeras(&ops.Arguments{Args: []any{v}})
		require.NoError(t, err)
		y, err := ys[0].Tensor()
		require.NoError(t, err)
		require.Equal(t, tt.want, y)
	}
}

// Layers that only change images in training are recognized by class, with all options that Keras writes for them.
func TestAugmentation(t *testing.T) {
	x := tensor.New[float32](2, 6, 4, 3)
	for class, options := range map[string]string{
		"RandomFlip":        `{"name": "f", "mode": "horizontal", "seed": 1, "data_format": "channels_last"}`,
		"RandomRotation":    `{"factor": [-0.2, 0.2], "fill_mode": "reflect", "fill_value": 0, "interpolation": "bilinear"}`,
		"RandomZoom":        `{"height_factor": 0.2, "width_factor": null, "fill_mode": "reflect", "interpolation": "bilinear", "fill_value": 0}`,
		"RandomContrast":    `{"factor": [0, 0.2], "value_range": [0, 255]}`,
		"RandomColorJitter": `{"value_range": [0, 255], "brightness_factor": 0.2, "contrast_factor": null}`,
		"RandAugment":       `{"value_range": [0, 255], "num_ops": 2, "factor": [0, 0.5]}`,
		"RandomCrop":        `{"height": 2, "width": 2, "data_format": "channels_last"}`,
		"Equalization":      `{"bins": 256, "value_range": [0, 255], "data_format": "channels_last"}`,
	} {
		layer, err := kerasLibrary{}.Make(class, json.RawMessage(options))
		require.NoError(t, err, class)
		y, err := layer.(Layer).Call(x)
		require.NoError(t, err)
		require.Same(t, x, y)
	}
	crop, err := kerasLibrary{keras2: true}.Make("RandomCrop", json.RawMessage(`{"height": 2, "width": 2, "rng_type": null}`))
	require.NoError(t, err)
	y, err := crop.(Layer).Call(x)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{2, 2, 2, 3}, y.Shape(), "Keras 2 resizes")
}

// Infinities and NaNs come out at the same positions as in Keras. The values are Keras's.
func TestBilinearOfInfinities(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	up := &UpSampling2D{Size: []int{3, 1}, Interpolation: Bilinear}
	resize := &Resizing{Height: 6, Width: 1}
	for _, tt := range []struct {
		name    string
		layer   Layer
		x, want []float32
	}{
		{"infinity, larger", up, []float32{1, inf, 2, 4}, []float32{1, 1, nan, nan, nan, nan, nan, 2, 8. / 3, 10. / 3, 4, 4}},
		{"infinity", resize, []float32{1, inf, 2, 4}, []float32{1, nan, nan, nan, 3, 4}},
		{"at the ends, larger", up, []float32{-inf, 2, 4, nan}, []float32{nan, nan, nan, nan, 2, 8. / 3, 10. / 3, 4, nan, nan, nan, nan}},
		{"at the ends", resize, []float32{-inf, 2, 4, nan}, []float32{nan, nan, 7. / 3, 11. / 3, nan, nan}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y, err := tt.layer.Call(newTensor(t, tt.x, 1, len(tt.x), 1, 1))
			require.NoError(t, err)
			requireClose(t, newTensor(t, tt.want, 1, len(tt.want), 1, 1), y)
		})
	}
}
