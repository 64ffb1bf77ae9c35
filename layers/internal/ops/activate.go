package ops

import (
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// activationOperators are the activation functions of keras.ops that have options or treat integers differently.
var activationOperators = map[string]Maker{
	"SoftShrink": activating(func(c *config.Config) activation.Func { return activation.SoftShrink(c.Float("threshold", 0.5)) }),
	"HardShrink": activating(func(c *config.Config) activation.Func { return activation.HardShrink(c.Float("threshold", 0.5)) }),
	"Squareplus": activating(func(c *config.Config) activation.Func { return activation.Squareplus(c.Float("b", 4)) }),
	"Elu":        activating(func(c *config.Config) activation.Func { return activation.ELU(c.Float("alpha", 1)) }),
	"Celu":       activating(func(c *config.Config) activation.Func { return activation.CELU(c.Float("alpha", 1)) }),
	"Threshold": activating(func(c *config.Config) activation.Func {
		return activation.Threshold(c.Float("threshold", 0), c.Float("default_value", 0))
	}),
	"Gelu": activating(func(c *config.Config) activation.Func {
		if c.Bool("approximate", true) {
			return activation.GELUApproximate()
		}
		return activation.GELU()
	}),
	"LeakyRelu":  leakyRelu,
	"Relu":       plain(single(relu)),
	"Softmax":    alongRows(activation.Softmax()),
	"LogSoftmax": alongRows(activation.LogSoftmax()),
	"Sparsemax":  alongRows(activation.Sparsemax()),
	"Glu":        alongRows(activation.GLU()),
}

// namedActivations are the other activation functions. Layers give them the names that snake returns.
var namedActivations = []string{
	"Relu6", "Sigmoid", "SparseSigmoid", "Softplus", "Softsign", "SparsePlus", "Silu", "LogSigmoid", "HardSigmoid", "HardSilu", "Selu",
	"TanhShrink", "HardTanh", "Mish",
}

func namedActivation(class string) Maker {
	return activating(func(c *config.Config) activation.Func { return c.ParseActivation("class_name", snake(class)) })
}

// activating makes an operator from the activation function that f makes of the options.
func activating(f func(c *config.Config) activation.Func) Maker {
	return func(c *config.Config) Operator {
		f := f(c)
		return single(func(_ *Arguments, x *Value) (*Value, error) { return activatedValue(f, x) })
	}
}

// alongRows makes an operator that applies f along its option's axes.
func alongRows(f activation.Func) Maker {
	return withAxes("axis", func(x *Value, axes []int) (*Value, error) { return rowsValue(f, x, axes) })
}

func leakyRelu(c *config.Config) Operator {
	f := activation.LeakyReLU(c.Float("negative_slope", 0.2))
	return single(func(_ *Arguments, x *Value) (*Value, error) {
		x, err := x.Cast(tensor.DTFloat32) // only here integers become floats
		if err != nil {
			return nil, err
		}
		return activatedValue(f, x)
	})
}

func relu(_ *Arguments, x *Value) (*Value, error) {
	if isInt(x.As) {
		n, err := x.Ints()
		return IntValue(kernel.Map(n, func(n int64) int64 { return max(n, 0) }), x.As), err
	}
	return activatedValue(activation.ReLU(), x)
}

// snake returns the name of a class's function in Keras: hard_sigmoid for HardSigmoid.
func snake(class string) string {
	var b strings.Builder
	for i, r := range class {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

// activatedValue applies f to x along its last axis. Integers stay integers if f is relu.
func activatedValue(f activation.Func, x *Value) (*Value, error) {
	v, err := asFloat(x)
	if err != nil {
		return nil, err
	}
	y := v
	if !f.IsLinear() {
		if y, err = kernel.Activate(f, v.Clone()); err != nil {
			return nil, err
		}
	}
	if isInt(x.As) {
		return FloatValue(y).Cast(x.As)
	}
	return FloatValue(y), nil
}

// rowsValue applies f along the given axes of x; nil means the last.
func rowsValue(f activation.Func, x *Value, axes []int) (*Value, error) {
	v, err := x.Float()
	if err != nil {
		return nil, err
	}
	rank := len(v.Shape())
	if len(axes) == 0 {
		axes = []int{-1}
	}
	at, err := resolveAxes(axes, rank)
	if err != nil {
		return nil, err
	}
	if rank == 0 {
		return nil, fmt.Errorf("a scalar has no axis")
	}
	perm := append(otherAxes(at, rank), at...)
	turned := permuteTensor(v, perm)
	kept := turned.Shape()[:rank-len(at)]
	rows, err := turned.Reshape(append(append(tensor.Shape{}, kept...), kernel.Permuted(v.Shape(), at).Len())...)
	if err != nil {
		return nil, err
	}
	y, err := kernel.Activate(f, rows.Clone())
	if err != nil {
		return nil, err
	}
	shape := turned.Shape()
	if y.Len() != turned.Len() { // halved
		shape = y.Shape()
	}
	if y, err = y.Reshape(shape...); err != nil {
		return nil, err
	}
	return FloatValue(permuteTensor(y, kernel.Inverse(perm))), nil
}
