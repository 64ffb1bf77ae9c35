package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// Dense is keras.layers.Dense: activation(x·kernel + bias) along the last axis of an input of any rank.
//
// The zero value takes kernel and bias, and with them the number of units, from a checkpoint. If nothing was restored, Units says
// how many to make.
type Dense struct {
	Kernel Tensor `ckpt:"_kernel,alias=kernel,cast"` // [inputs units]
	Bias   Tensor `ckpt:"bias,optional,cast"`        // [units]; not built: none is added

	LoRAKernelA Tensor `ckpt:"lora_kernel_a,optional,cast"` // [inputs rank]; Keras's enable_lora adds LoRAKernelA·LoRAKernelB to the kernel
	LoRAKernelB Tensor `ckpt:"lora_kernel_b,optional,cast"` // [rank units]
	KernelScale Tensor `ckpt:"kernel_scale,optional,cast"`  // [units]; built: the kernel is of Keras's policy int8, in steps of 1/KernelScale
	InputsScale Tensor `ckpt:"inputs_scale,optional,cast"`  // one number; built: the policy is float8, and KernelScale is one number, too

	Units      int // 0: the number in the kernel
	Activation activation.Func
	// FlattenedFrom is the shape of one example, channels first, [C H W], that PyTorch flattened before this layer. A load then
	// reorders the rows of weights in PyTorch's layout for channels last, [H W C]. nil: the input is not a flattened map.
	FlattenedFrom []int
	LoRAAlpha     float32 // LoRAKernelA·LoRAKernelB is added LoRAAlpha/rank times, 0: once. It is not in any checkpoint
	NoBias        bool    // make no bias; one from a checkpoint is still added
	Name          string  // for error messages
	Seed          uint64  // of the kernel's initial values

	policy string // from the description: int8 or float8; then the kernel needs its scale
	first  firstCall
}

// NewDense returns a Dense with the given number of units. It makes its weights at the first call, unless they are restored
// before. Its other options are fields.
func NewDense(units int) *Dense { return &Dense{Units: units} }

func (d *Dense) lora() lowRank {
	return lowRank{"lora_kernel", &d.LoRAKernelA, &d.LoRAKernelB, d.LoRAAlpha}
}

func (d *Dense) quantized() *quantized {
	return &quantized{&d.Kernel, &d.KernelScale, &d.InputsScale, d.Bias.Data(), d.lora()}
}

// WantScales implements [tensor.Scaler]: an int8 kernel needs KernelScale.
func (d *Dense) WantScales(scaled func(variable, by tensor.Any, fits func(variable, by tensor.Shape) bool)) {
	scaled(&d.Kernel, &d.KernelScale, func(weights, scale tensor.Shape) bool {
		return len(scale) == 0 || len(weights) == 2 && len(scale) == 1 && scale[0] == weights[1]
	})
}

// CheckpointIgnores names the values that only training under the policy float8 needs.
func (d *Dense) CheckpointIgnores() []string { return ignoredByFloat8() }

func (d *Dense) id() id { return id{"dense", d.Name} }

// Build makes kernel (Glorot uniform) and bias (zeros) for inputs of the given shape if there is no kernel. The error is a
// [*ShapeError] if kernel, bias, Units or input do not fit each other, or has [ErrNotBuilt] if Units is 0.
func (d *Dense) Build(input tensor.Shape) (err error) {
	defer d.first.begin().end(&err)
	who := d.id()
	if len(input) == 0 {
		return shapeErrorf(who, "input", input, "rank 1 or more")
	}
	inputs := input[len(input)-1]
	if d.Units < 0 {
		return errorf(who, "%d units", d.Units)
	}
	if !d.Kernel.Built() {
		if d.Units == 0 || d.policy != "" {
			return errorf(who, "%w", ErrNotBuilt)
		}
		if err := buildWeight(who, "kernel", &d.Kernel, d.Seed, glorotUniform, inputs, d.Units); err != nil {
			return err
		}
		if !d.NoBias {
			if err := buildWeight(who, "bias", &d.Bias, d.Seed, zeros, d.Units); err != nil {
				return err
			}
		}
	}
	weights := d.Kernel.Shape()
	switch {
	case len(weights) != 2:
		return shapeErrorf(who, "kernel", weights, "[%d …] for input shape %v", inputs, input)
	case weights[0] != inputs:
		return shapeErrorf(who, "input", input, "[… %d] for kernel shape %v", weights[0], weights)
	case d.Units != 0 && weights[1] != d.Units:
		return shapeErrorf(who, "kernel", weights, "[%d %d] for %d units", inputs, d.Units, d.Units)
	case d.Bias.Built() && !d.Bias.Shape().Equal(weights[1:]):
		return shapeErrorf(who, "bias", d.Bias.Shape(), "%v for kernel shape %v", weights[1:], weights)
	case d.policy != "" && !d.KernelScale.Built():
		return errorf(who, "an %s kernel without kernel_scale: %w", d.policy, ErrNotBuilt)
	}
	if err := d.quantized().check(who, weights[1]); err != nil {
		return err
	}
	return d.lora().check(who, weights)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that Units fixes.
func (d *Dense) WantShapes(want func(variable tensor.Any, shape ...int)) {
	want(&d.Kernel, -1, anyOr(d.Units))
	want(&d.Bias, anyOr(d.Units))
}

// Call returns the layer's output for x: x's shape with the units as its last axis.
func (d *Dense) Call(x *Tensor) (*Tensor, error) { return d.Forward(nil, x) }

// Forward is Call with a [Context].
func (d *Dense) Forward(ctx *Context, x *Tensor) (*Tensor, error) {
	if err := checkInput(d.id(), x, 1, 0); err != nil {
		return nil, err
	}
	if err := d.Build(x.Shape()); err != nil {
		return nil, err
	}
	last := len(x.Shape()) - 1
	inputs, units := d.Kernel.Shape()[0], d.Kernel.Shape()[1]
	shape := slices.Clone(x.Shape())
	n := shape[:last].Len()
	shape[last] = units
	y, err := ctx.newOutput(d.id(), shape...)
	if err != nil {
		return nil, err
	}
	work := ctx.workspace()
	mark := work.Mark()
	defer work.Release(mark)
	e, err := ctx.epilogue(d.Activation, shape)
	if err != nil {
		return nil, err
	}
	if d.KernelScale.Built() {
		d.quantized().linear(work, y.Data(), x.Data(), n, inputs, units)
		return activate(d.id(), d.Activation, y)
	}
	to, from, w := kernel.Matrix(y.Data(), n, units), kernel.Matrix(x.Data(), n, inputs), kernel.Matrix(d.lora().addedTo(work, &d.Kernel), inputs, units)
	if width, err := d.Activation.Width(units); err == nil && width == units {
		kernel.Linear(to, from, w, d.Bias.Data(), e)
		return y, nil
	}
	kernel.MatmulBias(to, from, w, d.Bias.Data())
	return activate(d.id(), d.Activation, y)
}

// OutputMask returns the input's mask.
func (d *Dense) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

func denseMaker(class string) config.Maker {
	if class == "Dense" {
		return makeDense
	}
	return nil
}

func makeDense(c *config.Config) any {
	return &Dense{
		Units:      c.Int("units", 0),
		Activation: c.Activation("activation"),
		LoRAAlpha:  loraOptions(c),
		policy:     policyOption(c),
		NoBias:     !c.Bool("use_bias", true),
		Name:       c.Name(),
	}
}

// fillRows copies row into each run of len(row) values of y.
func fillRows(y, row []float32) {
	for len(row) > 0 && len(y) >= len(row) {
		y = y[copy(y, row):]
	}
}
