package layers

import (
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/tensor"
)

// SpectralNormalization is keras.layers.SpectralNormalization as it runs after training: the wrapped layer. Training has already
// divided its kernel by its largest singular value.
type SpectralNormalization struct {
	Layer   Layer  `ckpt:"layer"`
	VectorU Tensor `ckpt:"vector_u,optional,cast"` // [1 units]: the state of the search for that value in training

	Name string // for error messages
}

func (s *SpectralNormalization) id() id { return id{"spectral_normalization", s.Name} }

// CheckpointIgnores names the wrapped layer's kernel, which Keras stores here once more.
func (s *SpectralNormalization) CheckpointIgnores() []string { return []string{"kernel"} }

// Build makes the weights of the wrapped layer.
func (s *SpectralNormalization) Build(input tensor.Shape) error {
	return buildLayer(s.id(), s.Layer, input)
}

// Call returns the wrapped layer's output for x.
func (s *SpectralNormalization) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Forward is Call with a [Context]. The wrapped layer gets the mask. The output has no mask.
func (s *SpectralNormalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	if s.Layer == nil {
		return nil, errorf(s.id(), "%w", errNoLayer)
	}
	return s.Layer.Forward(c, x)
}

func makeSpectralNormalization(c *config.Config) any {
	c.Skip("power_iterations")
	return &SpectralNormalization{Layer: layerOption(c, "layer"), Name: c.Name()}
}
