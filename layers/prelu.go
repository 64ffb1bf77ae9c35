package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// PReLU is keras.layers.PReLU: a ReLU with a learned slope below zero for each position in an example.
type PReLU struct {
	// Alpha holds the slopes. Its shape is that of the input without the batch, with 1 for axes that share slopes. PyTorch's
	// slopes, one or one for each channel, broadcast to that shape.
	Alpha Tensor `ckpt:"alpha,cast"`

	SharedAxes []int  // the batch counts as axis 0; nil: the axes along which alpha has length 1
	Name       string // for error messages

	first firstCall
}

func (p *PReLU) id() id { return id{"p_re_lu", p.Name} }

// Build makes alpha (zeros) for inputs of the given shape if there is none. The error is a [*ShapeError] if alpha, SharedAxes and
// input do not fit each other.
func (p *PReLU) Build(input tensor.Shape) (err error) {
	defer p.first.begin().end(&err)
	who := p.id()
	if len(input) == 0 {
		return shapeErrorf(who, "input", input, "rank 1 or more")
	}
	want := slices.Clone(input[1:])
	for _, axis := range p.SharedAxes {
		if axis < 1 || axis > len(want) {
			return shapeErrorf(who, "input", input, "an axis %d that shares slopes", axis)
		}
		want[axis-1] = 1
	}
	if err := buildWeight(who, "alpha", &p.Alpha, 0, zeros, want...); err != nil {
		return err
	}
	alpha := p.stretched(len(want))
	fits := len(alpha) == len(want)
	for i := 0; fits && i < len(alpha); i++ {
		fits = alpha[i] == want[i] || alpha[i] == 1 && p.SharedAxes == nil
	}
	if !fits {
		return shapeErrorf(who, "alpha", alpha, "%v for input shape %v", want, input)
	}
	return nil
}

// stretched returns alpha's shape with axes of length 1 added in front, up to the given rank, unless SharedAxes is set.
func (p *PReLU) stretched(rank int) tensor.Shape {
	alpha := slices.Clone(p.Alpha.Shape())
	for p.SharedAxes == nil && len(alpha) < rank {
		alpha = slices.Insert(alpha, 0, 1)
	}
	return alpha
}

// Call returns x if x is positive, and alpha*x otherwise.
func (p *PReLU) Call(x *Tensor) (*Tensor, error) { return p.Forward(nil, x) }

// Forward is Call with a [Context].
func (p *PReLU) Forward(c *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(p.id(), x, 1, 0); err != nil {
		return nil, err
	}
	if err := p.Build(x.Shape()); err != nil {
		return nil, err
	}
	y := x.Clone()
	if y.Len() == 0 {
		return y, nil
	}
	alpha, example := p.Alpha.Data(), x.Shape()[1:]
	w := c.workspace()
	defer w.Release(w.Mark())
	if !p.Alpha.Shape().Equal(example) {
		alpha = w.Floats(example.Len())
		stretch(alpha, p.Alpha.Data(), example, p.stretched(len(example)))
	}
	kernel.Parallel(x.Shape()[0], len(alpha), func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			row := y.Data()[i*len(alpha):][:len(alpha)]
			for j, v := range row {
				if v < 0 {
					row[j] = alpha[j] * v
				}
			}
		}
	})
	return y, nil
}

// OutputMask returns the input's mask.
func (p *PReLU) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

func makePReLU(c *config.Config) any {
	return &PReLU{SharedAxes: c.Ints("shared_axes"), Name: c.Name()}
}
