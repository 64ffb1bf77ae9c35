package layers

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// linearOperator makes the operators that are sums of products.
func linearOperator(class string) operatorMaker {
	switch class {
	case "Matmul":
		return plain(products(matmulLabels))
	case "Dot":
		return plain(products(func(x, y tensor.Shape) (string, string, string, error) {
			if len(x) == 0 || len(y) == 0 {
				return alphabet(len(x), 0), alphabet(len(y), 0), alphabet(max(len(x), len(y)), 0), nil
			}
			return contractLabels(len(x), len(y), []int{len(x) - 1}, []int{max(len(y)-2, 0)})
		}))
	case "Inner":
		return plain(products(func(x, y tensor.Shape) (string, string, string, error) {
			return contractLabels(len(x), len(y), []int{len(x) - 1}, []int{len(y) - 1})
		}))
	case "Outer":
		return plain(func(a *arguments) ([]*value, error) {
			x, y, _, err := pair(a)
			if err != nil {
				return nil, err
			}
			if x, err = reshapeValue(x, -1); err != nil {
				return nil, err
			}
			if y, err = reshapeValue(y, -1); err != nil {
				return nil, err
			}
			return products(func(_, _ tensor.Shape) (string, string, string, error) { return "a", "b", "ab", nil })(
				&arguments{who: a.who, args: []any{x, y}, work: a.work})
		})
	case "Tensordot":
		return tensordot
	case "Einsum":
		return func(c *config) operator {
			equation := c.text("subscripts", "")
			return func(a *arguments) ([]*value, error) { return einsum(a, equation) }
		}
	case "DotProductAttention":
		return dotProductAttention
	}
	return nil
}

// alphabet returns n labels, from the skip-th letter on.
func alphabet(n, skip int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return letters[min(skip, len(letters)):min(skip+n, len(letters))]
}

// products returns an operator of two tensors that is the contraction whose labels are made of their shapes.
func products(labels func(x, y tensor.Shape) (xl, yl, out string, err error)) operator {
	return func(a *arguments) ([]*value, error) {
		x, y, as, err := pair(a)
		if err != nil {
			return nil, err
		}
		if len(x.shape())+len(y.shape()) > 40 {
			return nil, fmt.Errorf("shapes %v and %v have too many axes", x.shape(), y.shape())
		}
		xl, yl, out, err := labels(x.shape(), y.shape())
		if err != nil {
			return nil, err
		}
		z, err := contract(a.work, x, y, xl, yl, out, as)
		if err != nil {
			return nil, err
		}
		return []*value{z}, nil
	}
}

// contract returns the contraction of x and y. Axes of length 1 stretch where both have the label, as in matmul and in an ellipsis.
func contract(work *Workspace, x, y *value, xl, yl, out string, as tensor.DType) (*value, error) {
	xf, err := x.float()
	if err != nil {
		return nil, err
	}
	yf, err := y.float()
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
	c, err := newContraction(xl, yl, out)
	if err != nil {
		return nil, err
	}
	sizes, err := c.sizes(xf.Shape(), yf.Shape())
	if err != nil {
		return nil, err
	}
	z, err := newOutput(id{kind: "einsum"}, labelled(out, sizes)...)
	if err != nil {
		return nil, err
	}
	c.add(work, z.Data(), xf.Data(), yf.Data(), sizes)
	if isInt(as) {
		return floatValue(z).cast(as)
	}
	return floatValue(z), nil
}

// narrowed sums x over the axes whose labels are in neither the other operand nor the result.
func narrowed(x *Tensor, labels, other, out string) (*Tensor, string, error) {
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

// dropUnit takes from x the axes of length 1 that y has longer: along them x stretches.
func dropUnit(x *Tensor, xl string, y *Tensor, yl string) (*Tensor, string, error) {
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

// matmulLabels labels numpy's matmul: batch axes stretch, a vector on the left is a row and one on the right a column.
func matmulLabels(x, y tensor.Shape) (string, string, string, error) {
	if len(x) == 0 || len(y) == 0 {
		return "", "", "", fmt.Errorf("a matrix product of shapes %v and %v", x, y)
	}
	inner := x[len(x)-1]
	if k := y[max(len(y)-2, 0)]; k != inner {
		return "", "", "", fmt.Errorf("a matrix product of shapes %v and %v", x, y)
	}
	batch := alphabet(max(len(x), len(y)), 3)
	xb, yb := max(len(x)-2, 0), max(len(y)-2, 0)
	b := batch[:max(xb, yb)]
	xl, yl, out := b[len(b)-xb:], b[len(b)-yb:], b
	if len(x) > 1 {
		xl += "a"
		out += "a"
	}
	if len(y) > 1 {
		return xl + "b", yl + "bc", out + "c", nil
	}
	return xl + "b", "b", out, nil
}

// contractLabels labels a sum over pairs of axes; the result has the other axes of x, then those of y.
func contractLabels(xRank, yRank int, xAxes, yAxes []int) (string, string, string, error) {
	xl, yl := []byte(alphabet(xRank, 0)), []byte(alphabet(yRank, xRank))
	var out []byte
	if len(xAxes) != len(yAxes) {
		return "", "", "", fmt.Errorf("axes %v and %v", xAxes, yAxes)
	}
	for i := range xAxes {
		if xAxes[i] < 0 || xAxes[i] >= xRank || yAxes[i] < 0 || yAxes[i] >= yRank {
			return "", "", "", fmt.Errorf("axes %v and %v of ranks %d and %d", xAxes, yAxes, xRank, yRank)
		}
		yl[yAxes[i]] = xl[xAxes[i]]
	}
	for i, l := range xl {
		if !slices.Contains(xAxes, i) {
			out = append(out, l)
		}
	}
	for i, l := range yl {
		if !slices.Contains(yAxes, i) {
			out = append(out, l)
		}
	}
	return string(xl), string(yl), string(out), nil
}

// tensordot makes keras.ops.tensordot: over the last and first so many axes, or over axes that are named.
func tensordot(c *config) operator {
	axes := c.array("axes")
	if axes == nil {
		axes = tensor.Scalar[float32](2)
	}
	return products(func(x, y tensor.Shape) (string, string, string, error) {
		var left, right []int
		switch s := axes.Shape(); {
		case len(s) == 0:
			n := int(axes.Data()[0])
			if n < 0 || n > min(len(x), len(y)) {
				return "", "", "", fmt.Errorf("%d axes of shapes %v and %v", n, x, y)
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
			return "", "", "", fmt.Errorf("axes of shape %v: %w", s, ErrUnknownOption)
		}
		return contractLabels(len(x), len(y), left, right)
	})
}

// einsum is keras.ops.einsum: operands are contracted from the first to the last.
func einsum(a *arguments, equation string) ([]*value, error) {
	labels, out, err := splitEinsum(equation)
	if err != nil {
		return nil, err
	}
	if len(labels) != len(a.args) || len(labels) == 0 {
		return nil, fmt.Errorf("equation %q for %d tensors", equation, len(a.args))
	}
	vs := make([]*value, len(labels))
	widest := 0
	for i := range labels {
		if vs[i], _, err = operand(a.args[i]); err != nil {
			return nil, err
		}
		if n := len(vs[i].shape()) - len([]rune(strings.ReplaceAll(labels[i], "…", ""))); strings.Contains(labels[i], "…") {
			widest = max(widest, n)
		}
	}
	spare, err := spareLabels(widest, equation)
	if err != nil {
		return nil, err
	}
	for i, l := range labels {
		n := len(vs[i].shape()) - len([]rune(strings.ReplaceAll(l, "…", "")))
		if n < 0 || n > 0 && !strings.Contains(l, "…") {
			return nil, fmt.Errorf("equation %q for a tensor of shape %v", equation, vs[i].shape())
		}
		labels[i] = strings.ReplaceAll(l, "…", spare[widest-n:])
	}
	out = strings.ReplaceAll(out, "…", spare)
	as := commonDType(vs)
	x, xl := vs[0], labels[0]
	if len(vs) == 1 {
		one := floatValue(tensor.Scalar[float32](1))
		z, err := contract(a.work, x, one, xl, "", out, as)
		return []*value{z}, err
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
		if x, err = contract(a.work, x, vs[i], xl, labels[i], to, as); err != nil {
			return nil, err
		}
		xl = to
	}
	return []*value{x}, nil
}

// dotProductAttention makes keras.ops.dot_product_attention, on [batch length heads width].
func dotProductAttention(c *config) operator {
	causal := c.bool("is_causal", false)
	c.skip("flash_attention")
	c.refuse("attn_logits_soft_cap")
	return func(a *arguments) ([]*value, error) {
		if a.has(3, "bias") {
			return nil, fmt.Errorf("argument %q: %w", "bias", ErrUnknownOption)
		}
		var xs [3]*Tensor
		for i, name := range []string{"query", "key", "value"} {
			v, err := a.value(i, name)
			if err != nil {
				return nil, err
			}
			if xs[i], err = v.float(); err != nil {
				return nil, err
			}
			if len(xs[i].Shape()) != 4 {
				return nil, shapeErrorf(a.who, name, xs[i].Shape(), "rank 4")
			}
		}
		q, k, v := xs[0].Shape(), xs[1].Shape(), xs[2].Shape()
		if k[0] != q[0] || k[3] != q[3] || k[2] == 0 || q[2]%k[2] != 0 || !v[:3].Equal(k[:3]) {
			return nil, fmt.Errorf("query shape %v, key shape %v, value shape %v", q, k, v)
		}
		scale := 1 / math.Sqrt(float64(q[3]))
		if s, ok := a.get(5, "scale").(scalar); ok {
			scale = s.f
		} else if a.has(5, "scale") {
			return nil, fmt.Errorf("argument %q: %w", "scale", ErrUnknownOption)
		}
		y, err := newOutput(a.who, q[0], q[1], q[2], v[3])
		if err != nil {
			return nil, err
		}
		group := q[2] / k[2]
		own := func(data []float32, n, width int) rowsAt {
			return rowsAt{data, []int{n * q[2] * width, group * width, width}, q[2] * width}
		}
		common := func(data []float32, width int) rowsAt {
			return rowsAt{data, []int{k[1] * k[2] * width, width, 0}, k[2] * width}
		}
		s := &softAttention{
			batch: []int{q[0], k[2], group},
			q:     own(xs[0].Data(), q[1], q[3]), k: common(xs[1].Data(), k[3]), v: common(xs[2].Data(), v[3]), out: own(y.Data(), q[1], v[3]),
			queries: q[1], values: k[1], width: q[3], valueWidth: v[3], scale: float32(scale), masked: fusedMasked,
		}
		call := &AttentionCall{Causal: causal}
		if a.has(4, "mask") {
			m, err := a.value(4, "mask")
			if err != nil {
				return nil, err
			}
			if call.AttentionMask, err = m.bools(); err != nil {
				return nil, err
			}
		}
		g := &GroupQueryAttention{Name: a.who.name}
		if err := g.masks(s, call, q[2]); err != nil {
			return nil, err
		}
		s.run(a.work)
		return []*value{floatValue(y)}, nil
	}
}
