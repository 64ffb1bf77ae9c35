package layers

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// BatchNormalization is keras.layers.BatchNormalization as it runs after training: every channel is shifted and scaled by the mean
// and variance from training, and by gamma and beta.
//
// With the option renorm Keras has three more weights for training. They are not used here and have no fields.
type BatchNormalization struct {
	Gamma          Tensor `ckpt:"gamma,optional,cast"`  // [channels]; not built: 1
	Beta           Tensor `ckpt:"beta,optional,cast"`   // [channels]; not built: 0
	MovingMean     Tensor `ckpt:"moving_mean,cast"`     // [channels]
	MovingVariance Tensor `ckpt:"moving_variance,cast"` // [channels]

	Axis     int     // the axis of the channels; 0: the last
	Epsilon  float32 // added to the variance; 0: 1e-3, below 0: nothing
	NoCenter bool    // make no beta; one from a checkpoint is still added
	NoScale  bool    // make no gamma; one from a checkpoint is still used
	Name     string  // for error messages

	first firstCall
}

func (b *BatchNormalization) id() id { return id{"batch_normalization", b.Name} }

// Build makes the weights that the options require, for inputs of the given shape, if none was restored. Such a layer returns its
// inputs nearly unchanged. The error is a [*ShapeError] if weights, axis and input do not fit each other.
func (b *BatchNormalization) Build(input tensor.Shape) error {
	_, err := b.plan(input)
	return err
}

// plan builds the weights and returns the positions of the channels in inputs of the given shape.
func (b *BatchNormalization) plan(input tensor.Shape) (_ span, err error) {
	defer b.first.begin().end(&err)
	who := b.id()
	axis, err := resolveAxis(who, axisOrLast(b.Axis), input)
	if err != nil {
		return span{}, err
	}
	channels := input[axis : axis+1]
	restored := b.Gamma.Built() || b.Beta.Built() || b.MovingMean.Built() || b.MovingVariance.Built()
	if err := buildAffine(who, &b.Gamma, &b.Beta, b.NoScale, b.NoCenter, restored, channels, input); err != nil {
		return span{}, err
	}
	for _, w := range []struct {
		name   string
		tensor *Tensor
		init   initializer
	}{{"moving_mean", &b.MovingMean, zeros}, {"moving_variance", &b.MovingVariance, ones}} {
		if !restored {
			if err := buildWeight(who, w.name, w.tensor, 0, w.init, channels...); err != nil {
				return span{}, err
			}
		}
		if err := checkWeight(who, w.name, w.tensor, fmt.Sprintf("for input shape %v", input), channels...); err != nil {
			return span{}, err
		}
	}
	return spanOf(input, axis), nil
}

// Call returns gamma*(x - mean)/sqrt(variance + epsilon) + beta, channel by channel.
func (b *BatchNormalization) Call(x *Tensor) (*Tensor, error) { return b.Forward(nil, x) }

// Forward is Call with a [Context].
func (b *BatchNormalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := b.id()
	if err := checkInput(who, x, 1, 0); err != nil {
		return nil, err
	}
	s, err := b.plan(x.Shape())
	if err != nil {
		return nil, err
	}
	y, err := c.newOutput(who, x.Shape()...)
	if err != nil {
		return nil, err
	}
	w := c.workspace()
	defer w.Release(w.Mark())
	e, err := c.epilogue(activation.Linear(), x.Shape())
	if err != nil {
		return nil, err
	}
	mul, add := b.factors(w)
	s.affine(y.Data(), x.Data(), mul, add, e.Activation)
	return y, nil
}

// factors returns, for each channel, the factor and then the summand for its values.
func (b *BatchNormalization) factors(w *kernel.Scratch) (mul, add []float32) {
	n := b.MovingMean.Len()
	mul, add = w.Floats(n), w.Floats(n)
	epsilon := float64(epsilonOr(b.Epsilon, 1e-3))
	for i, mean := range b.MovingMean.Data() {
		scale := inverseRoot(float64(b.MovingVariance.Data()[i]) + epsilon)
		if b.Gamma.Built() {
			scale *= float64(b.Gamma.Data()[i])
		}
		shift := -float64(mean) * scale
		if b.Beta.Built() {
			shift += float64(b.Beta.Data()[i])
		}
		mul[i], add[i] = float32(scale), float32(shift)
	}
	return mul, add
}

// OutputMask returns the input's mask.
func (b *BatchNormalization) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

func makeBatchNormalization(c *config.Config) any {
	c.Skip("momentum", "synchronized", "renorm", "renorm_clipping", "renorm_momentum", "fused", "virtual_batch_size")
	return &BatchNormalization{
		Axis:     axisOption(c, -1),
		Epsilon:  epsilonOption(c),
		NoCenter: !c.Bool("center", true),
		NoScale:  !c.Bool("scale", true),
		Name:     c.Name(),
	}
}
