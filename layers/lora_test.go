package layers

import (
	"encoding/json"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

func TestLoRAGolden(t *testing.T) { runGolden(t, "lora", nil) }

func TestLoRAErrors(t *testing.T) {
	weights := func(shape ...int) Tensor { return *tensor.New[float32](shape...) }
	x, ids := tensor.New[float32](2, 4), tensor.New[float32](2)
	for _, tt := range []struct {
		name  string
		layer Layer
		x     *Tensor
		want  string
	}{
		{
			"only one factor", &Dense{Kernel: weights(4, 7), LoRAKernelA: weights(4, 2)}, x,
			"layers: dense: only one of lora_kernel_a and lora_kernel_b has values, want both or none",
		},
		{
			"a first factor of another rank", &Dense{Kernel: weights(4, 7), LoRAKernelA: weights(4, 3), LoRAKernelB: weights(2, 7)}, x,
			"layers: dense: lora_kernel_a shape [4 3], want [4 2] for weight shape [4 7] and rank 2",
		},
		{
			"a second factor for other units", &Dense{Kernel: weights(4, 7), LoRAKernelA: weights(4, 2), LoRAKernelB: weights(2, 6)}, x,
			"layers: dense: lora_kernel_b shape [2 6], want [rank 7] for weight shape [4 7]",
		},
		{
			"a table's factor", &Embedding{Embeddings: weights(4, 7), LoRAEmbeddingsA: weights(5, 2), LoRAEmbeddingsB: weights(2, 7)}, ids,
			"layers: embedding: lora_embeddings_a shape [5 2], want [4 2] for weight shape [4 7] and rank 2",
		},
		{
			"a number as float8's scale", &Dense{Kernel: weights(4, 7), KernelScale: *tensor.Scalar[float32](1)}, x,
			"layers: dense: kernel_scale of shape []: the weights are quantized by an unsupported policy " +
				"(Keras's int8 and float8 are supported): save the model without quantization",
		},
		{
			"a packed int4 kernel", &Dense{Kernel: weights(4, 4), KernelScale: weights(7)}, x,
			"layers: dense: kernel_scale of shape [7]: the weights are quantized by an unsupported policy " +
				"(Keras's int8 and float8 are supported): save the model without quantization",
		},
		{
			"an int4 kernel with an equation", &EinsumDense{Equation: "ab,bc->ac", Kernel: weights(4, 7), KernelScale: weights(1, 14)}, x,
			"layers: einsum_dense: kernel_scale of shape [1 14]: the weights are quantized by an unsupported policy " +
				"(Keras's int8 and float8 are supported): save the model without quantization",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layer.Forward(nil, tt.x)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestQuantizedPolicies(t *testing.T) {
	policy := func(mode string) json.RawMessage {
		return json.RawMessage(`{"units": 2, "dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "` + mode + `", "source_name": "float32"}}}`)
	}
	t.Run("int8 needs a scale for the kernel", func(t *testing.T) {
		layer, err := kerasLibrary{}.Make("Dense", policy("int8"))
		require.NoError(t, err)
		d := layer.(*Dense)
		require.ErrorIs(t, d.Build(tensor.Shape{1, 3}), ErrNotBuilt, "Build does not make a kernel")
		d.Kernel = *tensor.New[float32](3, 2)
		require.EqualError(t, d.Build(tensor.Shape{1, 3}), "layers: dense: an int8 kernel without kernel_scale: "+ErrNotBuilt.Error())
	})
	for _, mode := range []string{"int4", "gptq"} {
		t.Run(mode+" is rejected with an error that names it", func(t *testing.T) {
			_, err := kerasLibrary{}.Make("Dense", policy(mode))
			require.EqualError(t, err, `layers: Dense: dtype policy QuantizedDTypePolicy "`+mode+`": unknown option`)
		})
	}
	t.Run("int8 is rejected for a class that does not support it", func(t *testing.T) {
		_, err := kerasLibrary{}.Make("Conv2D", policy("int8"))
		require.ErrorIs(t, err, ErrUnknownOption)
	})
	t.Run("inputs that are not rounded are rejected", func(t *testing.T) {
		_, err := kerasLibrary{}.Make("Dense", json.RawMessage(`{"units": 2, "dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}},
			"quantization_config": {"class_name": "Int8QuantizationConfig", "config": {"activation_quantizer": null}}}`))
		require.ErrorContains(t, err, `option "quantization_config" is a Int8QuantizationConfig without AbsMaxQuantizer`)
	})
}
