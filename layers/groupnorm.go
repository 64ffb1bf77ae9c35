package layers

import (
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
)

// GroupNormalization is keras.layers.GroupNormalization: for each example, the values of a group of channels are normalized
// together to mean 0 and variance 1. gamma and beta then scale and shift each channel.
type GroupNormalization struct {
	Gamma Tensor `ckpt:"gamma,optional,cast"` // [channels]; not built: 1
	Beta  Tensor `ckpt:"beta,optional,cast"`  // [channels]; not built: 0

	Groups   int     // 0: 32; -1: one group for each channel
	Axis     int     // of the channels; 0: the last
	Epsilon  float32 // added to the variance; 0 means 1e-3, below 0 nothing
	NoCenter bool    // make no beta; one from a checkpoint is still added
	NoScale  bool    // make no gamma; one from a checkpoint is still used
	Name     string  // for error messages

	first firstCall
}

func (g *GroupNormalization) id() id { return id{"group_normalization", g.Name} }

// Build makes gamma and beta for inputs of the given shape if the options require them and none was restored. The error is a
// [*ShapeError] if weights, groups, axis and input do not fit each other.
func (g *GroupNormalization) Build(input tensor.Shape) error {
	_, _, err := g.plan(input)
	return err
}

// plan builds the weights and returns the positions of the channels in one example, and the number of groups.
func (g *GroupNormalization) plan(input tensor.Shape) (_ span, groups int, err error) {
	defer g.first.begin().end(&err)
	who := g.id()
	axis, err := resolveAxis(who, axisOrLast(g.Axis), input)
	if err != nil {
		return span{}, 0, err
	}
	if axis == 0 {
		return span{}, 0, shapeErrorf(who, "input", input, "the channels on another axis than the batch")
	}
	channels := input[axis]
	groups = g.Groups
	switch groups {
	case 0:
		groups = 32
	case -1:
		groups = max(channels, 1)
	}
	switch {
	case groups < 0:
		return span{}, 0, errorf(who, "%d groups", groups)
	case channels%groups != 0:
		return span{}, 0, shapeErrorf(who, "input", input, "a multiple of %d channels for %d groups", groups, groups)
	}
	restored := g.Gamma.Built() || g.Beta.Built()
	err = buildAffine(who, &g.Gamma, &g.Beta, g.NoScale, g.NoCenter, restored, input[axis:axis+1], input)
	return spanOf(input[1:], axis-1), groups, err
}

// Call returns gamma*(x - mean)/sqrt(variance + epsilon) + beta, group by group.
func (g *GroupNormalization) Call(x *Tensor) (*Tensor, error) { return g.Forward(nil, x) }

// Forward is Call with a [Context].
func (g *GroupNormalization) Forward(c *Context, x *Tensor) (*Tensor, error) {
	who := g.id()
	if err := checkInput(who, x, 2, 0); err != nil {
		return nil, err
	}
	s, groups, err := g.plan(x.Shape())
	if err != nil {
		return nil, err
	}
	y, err := c.newOutput(who, x.Shape()...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	batch := x.Shape()[0]
	size := x.Len() / batch
	w := c.workspace()
	defer w.Release(w.Mark())
	scratch := w.Floats(2 * s.n * kernel.Ranges(batch, 4*size))
	kernel.Parallel(batch, 4*size, func(run, lo, hi int) {
		mul := scratch[2*s.n*run:][:s.n]
		add := scratch[2*s.n*run+s.n:][:s.n]
		for i := lo; i < hi; i++ {
			in, out := x.Data()[i*size:(i+1)*size], y.Data()[i*size:(i+1)*size]
			g.factors(mul, add, in, s, groups)
			if s.inner == 1 {
				s.affineRows(out, in, mul, add, 0, s.outer)
			} else {
				s.affineRuns(out, in, mul, add, 0, s.outer*s.n)
			}
		}
	})
	return y, nil
}

// factors computes the factor and then the summand for each channel of the example x.
func (g *GroupNormalization) factors(mul, add, x []float32, s span, groups int) {
	perGroup := s.n / groups
	epsilon := float64(epsilonOr(g.Epsilon, 1e-3))
	for group := range groups {
		first := group * perGroup
		run := perGroup * s.inner // the number of adjacent values of the group
		count := float64(s.outer * run)
		mean := 0.0
		for o := range s.outer {
			mean += vmath.Sum(x[(o*s.n+first)*s.inner:][:run])
		}
		mean /= count
		variance := 0.0
		for o := range s.outer {
			variance += vmath.SumSquares(x[(o*s.n+first)*s.inner:][:run], float32(mean))
		}
		inverse := inverseRoot(asFloat32(variance)/count + epsilon)
		for i := first; i < first+perGroup; i++ {
			scale := inverse
			if g.Gamma.Built() {
				scale *= float64(g.Gamma.Data()[i])
			}
			shift := -mean * scale
			if g.Beta.Built() {
				shift += float64(g.Beta.Data()[i])
			}
			mul[i], add[i] = float32(scale), float32(shift)
		}
	}
}

// OutputMask returns the input's mask.
func (g *GroupNormalization) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

func makeGroupNormalization(c *config.Config) any {
	return &GroupNormalization{
		Groups:   c.Int("groups", 32),
		Axis:     axisOption(c, -1),
		Epsilon:  epsilonOption(c),
		NoCenter: !c.Bool("center", true),
		NoScale:  !c.Bool("scale", true),
		Name:     c.Name(),
	}
}
