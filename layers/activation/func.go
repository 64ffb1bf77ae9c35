package activation

import (
	"errors"
	"fmt"
)

// A Func is an activation function. It holds no state, may be copied, and is safe for concurrent use. Its zero value is
// [Linear].
type Func struct {
	name   string
	each   func(x []float32)   // element by element, over any run of values; nil if row is set
	row    func(row []float32) // over one row; nil if each is set
	halves bool                // row leaves its result in the front half of the row
	known  known               // 0 if only each or row defines the function
}

// A known function has no options, so its number identifies it.
type known uint8

const (
	relu known = iota + 1
	gelu
	geluApproximate
	sigmoid
	silu
	tanh
	exponential
	softmax
	relu6
)

// ErrUnknown is in the error of [Parse] for an unknown name.
var ErrUnknown = errors.New("unknown activation")

// Each returns a Func that replaces every value x by f(x). [Func.String] returns the name.
func Each(name string, f func(x float32) float32) Func {
	return Func{name: name, each: func(x []float32) {
		for i, v := range x {
			x[i] = f(v)
		}
	}}
}

// Rows returns a Func that rewrites one row at a time, in place. [Func.String] returns the name.
func Rows(name string, f func(row []float32)) Func {
	return Func{name: name, row: f}
}

// String returns Keras's name of f, such as "leaky_relu".
func (f Func) String() string {
	if f.name == "" {
		return "linear"
	}
	return f.name
}

// IsLinear reports whether f leaves all values unchanged.
func (f Func) IsLinear() bool { return f.each == nil && f.row == nil }

// Is reports whether f is known to be the same function as g: both are linear, or the same constructor without options returned
// both. If it returns false, they may still be the same.
func (f Func) Is(g Func) bool {
	return f.IsLinear() && g.IsLinear() || f.known != 0 && f.known == g.known
}

// ByRow reports whether a result depends on other values of its row. Then it matters which axis is the last.
func (f Func) ByRow() bool { return f.row != nil }

// Width returns the width of the rows that f returns for rows of width values: width itself, or half of it for [GLU]. It returns
// an error if f is GLU and width is odd.
func (f Func) Width(width int) (int, error) {
	if !f.halves {
		return width, nil
	}
	if width%2 != 0 {
		return 0, fmt.Errorf("activation: %v needs rows of even width, got %d", f, width)
	}
	return width / 2, nil
}

// Apply applies f in place to x, which holds rows of width values, and returns the result: x itself, or its front half for [GLU].
// It returns an error if the length of x is not a multiple of width, and the errors of [Func.Width].
func (f Func) Apply(x []float32, width int) ([]float32, error) {
	switch {
	case f.each != nil:
		f.each(x)
		return x, nil
	case f.row == nil || len(x) == 0:
		return x, nil
	case width <= 0 || len(x)%width != 0:
		return nil, fmt.Errorf("activation: %v on rows of %d: %d values are not a whole number of rows", f, width, len(x))
	}
	out, err := f.Width(width)
	if err != nil {
		return nil, err
	}
	n := 0
	for i := 0; i < len(x); i += width {
		f.row(x[i : i+width])
		if out != width {
			copy(x[n:n+out], x[i:i+out])
		}
		n += out
	}
	return x[:n], nil
}

// parse maps the names of keras.activations.ALL_OBJECTS_DICT to constructors without options. It has no "threshold",
// for which Keras has no defaults.
var parse = map[string]func() Func{
	"celu":           func() Func { return CELU(1) },
	"elu":            func() Func { return ELU(1) },
	"exponential":    Exponential,
	"gelu":           GELU,
	"glu":            GLU,
	"hard_shrink":    func() Func { return HardShrink(0.5) },
	"hard_sigmoid":   HardSigmoid,
	"hard_silu":      HardSiLU,
	"hard_swish":     HardSiLU,
	"hard_tanh":      HardTanh,
	"leaky_relu":     func() Func { return LeakyReLU(0.2) },
	"linear":         Linear,
	"log_sigmoid":    LogSigmoid,
	"log_softmax":    LogSoftmax,
	"mish":           Mish,
	"relu":           ReLU,
	"relu6":          ReLU6,
	"selu":           SELU,
	"sigmoid":        Sigmoid,
	"silu":           SiLU,
	"soft_shrink":    func() Func { return SoftShrink(0.5) },
	"softmax":        Softmax,
	"softplus":       Softplus,
	"softsign":       Softsign,
	"sparse_plus":    SparsePlus,
	"sparse_sigmoid": SparseSigmoid,
	"sparsemax":      Sparsemax,
	"squareplus":     func() Func { return Squareplus(4) },
	"swish":          SiLU,
	"tanh":           Tanh,
	"tanh_shrink":    TanhShrink,
}

// Parse returns the activation that Keras 3 calls name, with its default options. "" is linear, like Python's None. The error for
// an unknown name has [ErrUnknown].
func Parse(name string) (Func, error) {
	if name == "" {
		return Linear(), nil
	}
	if f, ok := parse[name]; ok {
		return f(), nil
	}
	return Func{}, fmt.Errorf("activation: %q: %w", name, ErrUnknown)
}
