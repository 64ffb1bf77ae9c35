package layers

import (
	"testing"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

func TestActivationGolden(t *testing.T) { runGolden(t, "activation", nil) }

func TestActivationLayerErrors(t *testing.T) {
	x := tensor.New[float32](2, 3, 5)
	mask := func(shape ...int) *Context { return &Context{Masks: []*Mask{tensor.New[bool](shape...)}} }
	for _, tt := range []struct {
		name  string
		layer Layer
		ctx   *Context
		want  string
	}{
		{"an axis beyond the last", &Softmax{Axis: []int{3}}, nil, "layers: softmax: input shape [2 3 5], want an axis 3"},
		{"an axis before the first", &Softmax{Axis: []int{-4}}, nil, "layers: softmax: input shape [2 3 5], want an axis -4"},
		{"an axis twice", &Softmax{Axis: []int{1, -2}}, nil, "layers: softmax: axes [1 -2] contain an axis twice"},
		{"a mask of another shape", &Softmax{Name: "s"}, mask(2, 3), `layers: softmax "s": mask shape [2 3], want one that broadcasts to input shape [2 3 5]`},
		{"a mask of more axes", &Softmax{}, mask(1, 2, 3, 5), "layers: softmax: mask shape [1 2 3 5], want one that broadcasts to input shape [2 3 5]"},
		{"a negative limit", &ReLU{MaxValue: new(float32(-1))}, nil, "layers: re_lu: max value -1, negative slope 0 and threshold 0 must not be negative"},
		{"a negative slope", &LeakyReLU{NegativeSlope: new(float32(-1))}, nil, "layers: leaky_re_lu: negative slope -1 must not be negative"},
		{
			"a halving activation of an odd axis", &Activation{Func: activation.GLU()}, nil,
			"layers: activation: output shape [2 3 5]: activation: glu needs rows of even width, got 5",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.Forward(tt.ctx, x)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestActivationLayersLeaveScalarsAndNothingWhole(t *testing.T) {
	for _, layer := range []Layer{&ReLU{}, &LeakyReLU{}, &ELU{}, &Activation{Func: activation.Softmax()}} {
		y, err := layer.Call(tensor.Scalar[float32](2))
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{}, y.Shape())
		y, err = layer.Call(tensor.New[float32](0, 3))
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{0, 3}, y.Shape())
	}
}
