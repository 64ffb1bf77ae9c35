package ops

import (
	"fmt"
	"math"
	"strings"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// linearOperators compute sums of products.
var linearOperators = map[string]Maker{
	"Matmul": plain(products(true, matmulLabels)),
	"Dot": plain(products(false, func(x, y tensor.Shape) (string, string, string, error) {
		if len(x) == 0 || len(y) == 0 {
			return alphabet(len(x), 0), alphabet(len(y), 0), alphabet(max(len(x), len(y)), 0), nil
		}
		return contractLabels(len(x), len(y), []int{len(x) - 1}, []int{max(len(y)-2, 0)})
	})),
	"Inner": plain(products(false, func(x, y tensor.Shape) (string, string, string, error) {
		return contractLabels(len(x), len(y), []int{len(x) - 1}, []int{len(y) - 1})
	})),
	"Outer":               plain(outer),
	"Tensordot":           tensordot,
	"Einsum":              einsums,
	"DotProductAttention": dotProductAttention,
}

func einsums(c *config.Config) Operator {
	equation := c.Text("subscripts", "")
	return func(a *Arguments) ([]*Value, error) { return einsum(a, equation) }
}

// outer multiplies each element of one tensor by each of another.
func outer(a *Arguments) ([]*Value, error) {
	x, y, as, err := pair(a)
	if err != nil {
		return nil, err
	}
	if x, err = ReshapeValue(x, -1, 1); err != nil {
		return nil, err
	}
	if y, err = ReshapeValue(y, 1, -1); err != nil {
		return nil, err
	}
	z, err := multiply(&Arguments{Args: []any{x, y}})
	if err == nil && as == tensor.DTBool {
		z[0], err = z[0].Cast(as)
	}
	return z, err
}

// products returns an operator that contracts two tensors. labels returns the labels for their shapes.
// If wide is set, the product of int8 tensors is int32.
func products(wide bool, labels func(x, y tensor.Shape) (xl, yl, out string, err error)) Operator {
	return func(a *Arguments) ([]*Value, error) {
		x, y, as, err := pair(a)
		if err != nil {
			return nil, err
		}
		if len(x.Shape())+len(y.Shape()) > 40 {
			return nil, fmt.Errorf("shapes %v and %v have too many axes", x.Shape(), y.Shape())
		}
		xl, yl, out, err := labels(x.Shape(), y.Shape())
		if err != nil {
			return nil, err
		}
		if wide && as == tensor.DTInt8 {
			as = tensor.DTInt32
		}
		z, err := contract(a.Work, x, y, xl, yl, out, as)
		if err != nil {
			return nil, err
		}
		return []*Value{z}, nil
	}
}

// contract returns the contraction of x and y. Axes of length 1 stretch if both operands have the label, as in matmul and in an ellipsis.
func contract(work *kernel.Scratch, x, y *Value, xl, yl, out string, as tensor.DType) (*Value, error) {
	xf, err := asFloat(x)
	if err != nil {
		return nil, err
	}
	yf, err := asFloat(y)
	if err != nil {
		return nil, err
	}
	if xf, xl, err = narrowed(xf, xl, yl, out); err != nil {
		return nil, err
	}
	if yf, yl, err = narrowed(yf, yl, xl, out); err != nil {
		return nil, err
	}
	if xf, xl, err = dropUnit(xf, xl, yf, yl); err != nil {
		return nil, err
	}
	if yf, yl, err = dropUnit(yf, yl, xf, xl); err != nil {
		return nil, err
	}
	c, err := kernel.NewContraction(xl, yl, out)
	if err != nil {
		return nil, err
	}
	sizes, err := c.Sizes(xf.Shape(), yf.Shape())
	if err != nil {
		return nil, err
	}
	z, err := newFloats(kernel.Labelled(out, sizes)...)
	if err != nil {
		return nil, err
	}
	c.Add(work, z.Data(), xf.Data(), yf.Data(), sizes)
	switch {
	case isInt(as):
		return IntValue(kernel.Map(z, func(f float32) int64 { return truncated(f, as) }), as), nil
	case as == tensor.DTBool:
		return FloatValue(z).Cast(as)
	}
	return FloatValue(z), nil
}

// asFloat returns x as float32. Keras also computes products of integers in float32, and loses digits.
func asFloat(x *Value) (*kernel.Tensor, error) {
	v, err := x.Cast(tensor.DTFloat32)
	if err != nil {
		return nil, err
	}
	return v.X.(*kernel.Tensor), nil
}

// truncated converts f to an integer dtype as TensorFlow does on x86: it converts small dtypes by way of int32, and numbers
// out of range become the smallest number.
func truncated(f float32, as tensor.DType) int64 {
	lo, hi := intLimits(as)
	switch as {
	case tensor.DTInt64, tensor.DTUInt64, tensor.DTUInt32:
		lo, hi = math.MinInt64, math.MaxInt64
	case tensor.DTInt8, tensor.DTInt16, tensor.DTUInt8, tensor.DTUInt16:
		lo, hi = math.MinInt32, math.MaxInt32
	}
	if !(float64(f) >= float64(lo) && float64(f) <= float64(hi)) || float64(f) >= 1<<63 {
		return wrap(lo, as)
	}
	return wrap(int64(f), as)
}

// narrowed sums x over the axes with labels that are neither in the other operand nor in the result.
func narrowed(x *kernel.Tensor, labels, other, out string) (*kernel.Tensor, string, error) {
	var axes []int
	kept := ""
	for i, l := range labels {
		if strings.ContainsRune(other+out, l) {
			kept += string(l)
		} else {
			axes = append(axes, i)
		}
	}
	if axes == nil {
		return x, labels, nil
	}
	y, err := reduce(x, axes, false, sumRow, true)
	return y, kept, err
}

// dropUnit removes axes of length 1 from x if y has them with a greater length, because x stretches along them.
func dropUnit(x *kernel.Tensor, xl string, y *kernel.Tensor, yl string) (*kernel.Tensor, string, error) {
	var shape []int
	kept := ""
	for i, l := range xl {
		if at := strings.IndexRune(yl, l); at >= 0 && i < len(x.Shape()) && at < len(y.Shape()) && x.Shape()[i] == 1 && y.Shape()[at] != 1 {
			continue
		}
		kept += string(l)
		if i < len(x.Shape()) {
			shape = append(shape, x.Shape()[i])
		}
	}
	if kept == xl {
		return x, xl, nil
	}
	z, err := x.Reshape(shape...)
	return z, kept, err
}

// tensordot makes keras.ops.tensordot. It sums over x's last n axes and y's first n axes, or over the given axes.
func tensordot(c *config.Config) Operator {
	axes := c.Array("axes")
	if axes == nil {
		axes = tensor.Scalar[float32](2)
	}
	return products(false, func(x, y tensor.Shape) (string, string, string, error) {
		var left, right []int
		switch s := axes.Shape(); {
		case len(s) == 0:
			n := int(axes.Data()[0])
			if n < 0 || n > min(len(x), len(y)) {
				return "", "", "", fmt.Errorf("cannot contract %d axes of shapes %v and %v", n, x, y)
			}
			for i := range n {
				left, right = append(left, len(x)-n+i), append(right, i)
			}
		case s[0] == 2:
			half := axes.Len() / 2
			for i := range half {
				l, err := resolveOne(int(axes.Data()[i]), len(x))
				if err != nil {
					return "", "", "", err
				}
				r, err := resolveOne(int(axes.Data()[half+i]), len(y))
				if err != nil {
					return "", "", "", err
				}
				left, right = append(left, l), append(right, r)
			}
		default:
			return "", "", "", fmt.Errorf("option \"axes\" has shape %v: %w", s, fault.ErrUnknownOption)
		}
		return contractLabels(len(x), len(y), left, right)
	})
}

// einsum implements keras.ops.einsum. It contracts operands from the first to the last.
func einsum(a *Arguments, equation string) ([]*Value, error) {
	labels, out, err := kernel.SplitEinsum(equation)
	if err != nil {
		return nil, err
	}
	if len(labels) != len(a.Args) || len(labels) == 0 {
		return nil, fmt.Errorf("equation %q does not fit %d tensors", equation, len(a.Args))
	}
	vs := make([]*Value, len(labels))
	widest := 0
	for i := range labels {
		if vs[i], _, err = Operand(a.Args[i]); err != nil {
			return nil, err
		}
		if n := len(vs[i].Shape()) - len([]rune(strings.ReplaceAll(labels[i], "…", ""))); strings.Contains(labels[i], "…") {
			widest = max(widest, n)
		}
	}
	spare, err := kernel.SpareLabels(widest, equation)
	if err != nil {
		return nil, err
	}
	for i, l := range labels {
		n := len(vs[i].Shape()) - len([]rune(strings.ReplaceAll(l, "…", "")))
		if n < 0 || n > 0 && !strings.Contains(l, "…") {
			return nil, fmt.Errorf("equation %q does not fit a tensor of shape %v", equation, vs[i].Shape())
		}
		labels[i] = strings.ReplaceAll(l, "…", spare[widest-n:])
	}
	out = strings.ReplaceAll(out, "…", spare)
	as := CommonDType(vs)
	if as == tensor.DTInt8 {
		as = tensor.DTInt32
	}
	x, xl := vs[0], labels[0]
	if len(vs) == 1 {
		one := FloatValue(tensor.Scalar[float32](1))
		z, err := contract(a.Work, x, one, xl, "", out, as)
		return []*Value{z}, err
	}
	for i := 1; i < len(vs); i++ {
		to := out
		if later := strings.Join(labels[i+1:], "") + out; i+1 < len(vs) {
			to = ""
			for _, l := range xl + labels[i] {
				if strings.ContainsRune(later, l) && !strings.ContainsRune(to, l) {
					to += string(l)
				}
			}
		}
		if x, err = contract(a.Work, x, vs[i], xl, labels[i], to, as); err != nil {
			return nil, err
		}
		xl = to
	}
	return []*Value{x}, nil
}
