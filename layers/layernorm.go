package layers

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
)

// LayerNormalization is keras.layers.LayerNormalization: the values along some axes are normalized together to mean 0 and variance
// 1, then scaled by gamma and shifted by beta, which have a value for each position.
type LayerNormalization struct {
	Gamma Tensor `ckpt:"gamma,optional,cast"` // the lengths of Axis; not built: 1
	Beta  Tensor `ckpt:"beta,optional,cast"`  // the lengths of Axis; not built: 0

	Axis       []int   // nil: the last
	Epsilon    float32 // added to the variance; 0 means 1e-3, below 0 nothing
	NoCenter   bool    // make no beta; one from a checkpoint is still added
	NoScale    bool    // make no gamma; one from a checkpoint is still used
	RMSScaling bool    // Keras's rms_scaling, as Keras computes it: divide by the deviation, but do not subtract the mean or add beta
	Name       string  // for error messages

	first firstCall
}

func (l *LayerNormalization) id() id { return id{"layer_normalization", l.Name} }

// Build makes gamma and beta for inputs of the given shape if the options require them and none was restored. The error is a
// [*ShapeError] if weights, axes and input do not fit each other.
func (l *LayerNormalization) Build(input tensor.Shape) error {
	_, err := l.plan(input)
	return err
}

// plan builds the weights and returns the axes in rising order.
func (l *LayerNormalization) plan(input tensor.Shape) (_ []int, err error) {
	defer l.first.begin().end(&err)
	axes, shape, err := sortedAxes(l.id(), l.Axis, input)
	if err != nil {
		return nil, err
	}
	restored := l.Gamma.Built() || l.Beta.Built()
	noScale, noCenter := l.NoScale && !l.RMSScaling, l.NoCenter || l.RMSScaling
	return axes, buildAffine(l.id(), &l.Gamma, &l.Beta, noScale, noCenter, restored, shape, input)
}

// Call returns gamma*(x - mean)/sqrt(variance + epsilon) + beta.
func (l *LayerNormalization) Call(x *Tensor) (*Tensor, error) { return l.Forward(nil, x) }

// Forward is Call with a [Context].
func (l *LayerNormalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(l.id(), x, 1, 0); err != nil {
		return nil, err
	}
	axes, err := l.plan(x.Shape())
	if err != nil {
		return nil, err
	}
	return onRows(c, l.id(), x, axes, 4, l.row)
}

// row normalizes the values of one row in place.
func (l *LayerNormalization) row(x []float32) {
	mean := vmath.Sum(x) / float64(len(x))
	scale := float32(inverseRoot(asFloat32(vmath.SumSquares(x, float32(mean)))/float64(len(x)) + float64(epsilonOr(l.Epsilon, 1e-3))))
	m := float32(mean)
	if l.RMSScaling {
		m = 0
	}
	switch gamma, beta := l.Gamma.Data(), l.Beta.Data(); {
	case gamma != nil && beta != nil && !l.RMSScaling:
		vmath.Normalize(x, m, scale, gamma, beta)
	case gamma != nil:
		for i, v := range x {
			x[i] = (v - m) * scale * gamma[i]
		}
	default:
		for i, v := range x {
			x[i] = (v - m) * scale
		}
		if beta != nil && !l.RMSScaling {
			for i, v := range beta {
				x[i] += v
			}
		}
	}
}

// OutputMask returns the input's mask.
func (l *LayerNormalization) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

func makeLayerNormalization(c *config.Config) any {
	return &LayerNormalization{
		Axis:       c.Ints("axis"),
		Epsilon:    epsilonOption(c),
		NoCenter:   !c.Bool("center", true),
		NoScale:    !c.Bool("scale", true),
		RMSScaling: c.Bool("rms_scaling", false),
		Name:       c.Name(),
	}
}

// RMSNormalization is keras.layers.RMSNormalization: the values along some axes are divided by the root of the mean of their
// squares, then multiplied by a learned scale.
//
// As in Keras, scale is multiplied with the input's last axes, whichever axes are normalized. So normalize the last axes.
type RMSNormalization struct {
	Scale Tensor `ckpt:"scale,cast"` // the lengths of Axis

	Axis    []int   // nil: the last
	Epsilon float32 // added to the mean of squares; 0: 1e-6, below 0: nothing
	Name    string  // for error messages

	first firstCall
}

func (r *RMSNormalization) id() id { return id{"rms_normalization", r.Name} }

// Build makes scale (ones) for inputs of the given shape if there is none. The error is a [*ShapeError] if scale, axes and input
// do not fit each other.
func (r *RMSNormalization) Build(input tensor.Shape) error {
	_, err := r.plan(input)
	return err
}

// plan builds the weight and returns the axes in rising order.
func (r *RMSNormalization) plan(input tensor.Shape) (_ []int, err error) {
	defer r.first.begin().end(&err)
	who := r.id()
	axes, shape, err := sortedAxes(who, r.Axis, input)
	if err != nil {
		return nil, err
	}
	if err := buildWeight(who, "scale", &r.Scale, 0, ones, shape...); err != nil {
		return nil, err
	}
	if err := checkWeight(who, "scale", &r.Scale, fmt.Sprintf("for input shape %v", input), shape...); err != nil {
		return nil, err
	}
	if to, ok := kernel.Stretched(shape, input); !ok || !to.Equal(input) {
		return nil, shapeErrorf(who, "input", input, "the last axes %v, like scale", shape)
	}
	return axes, nil
}

// Call returns scale*x/sqrt(mean of x² + epsilon).
func (r *RMSNormalization) Call(x *Tensor) (*Tensor, error) { return r.Forward(nil, x) }

// Forward is Call with a [Context].
func (r *RMSNormalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(r.id(), x, 1, 0); err != nil {
		return nil, err
	}
	axes, err := r.plan(x.Shape())
	if err != nil {
		return nil, err
	}
	epsilon := float64(epsilonOr(r.Epsilon, 1e-6))
	y, err := onRows(c, r.id(), x, axes, 3, func(row []float32) {
		vmath.Scale(row, float32(inverseRoot(asFloat32(vmath.SumSquares(row, 0))/float64(len(row))+epsilon)))
	})
	if err != nil {
		return nil, err
	}
	scale, s := r.Scale.Data(), r.Scale.Shape()
	if !s.Equal(y.Shape()[len(y.Shape())-len(s):]) { // of length 1, and stretched
		kernel.Zip(y.Data(), y.Shape(), y.Data(), y.Shape(), scale, s, func(a, b float32) float32 { return a * b })
		return y, nil
	}
	for rest := y.Data(); len(rest) > 0; rest = rest[len(scale):] {
		for i, v := range scale {
			rest[i] *= v
		}
	}
	return y, nil
}

func makeRMSNormalization(c *config.Config) any {
	return &RMSNormalization{Axis: c.Ints("axis"), Epsilon: epsilonOption(c), Name: c.Name()}
}
