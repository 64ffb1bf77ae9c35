package layers

import (
	"fmt"
	"math"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// reductionOperator makes the operators that make one value of the values along some axes, and those that run along one.
func reductionOperator(class string) operatorMaker {
	switch class {
	case "Sum":
		return reducing(sumRow, sumInts)
	case "Mean":
		return reducing(meanRow, nil)
	case "Prod":
		return reducing(func(row []float32) float32 {
			p := 1.0
			for _, v := range row {
				p *= float64(v)
			}
			return float32(p)
		}, func(row []int64) int64 {
			p := int64(1)
			for _, v := range row {
				p *= v
			}
			return p
		})
	case "Max", "Amax":
		return reducing(slices.Max[[]float32], slices.Max[[]int64])
	case "Min", "Amin":
		return reducing(slices.Min[[]float32], slices.Min[[]int64])
	case "Var":
		return reducing(func(row []float32) float32 { return float32(variance(row)) }, nil)
	case "Std":
		return reducing(func(row []float32) float32 { return float32(math.Sqrt(variance(row))) }, nil)
	case "Logsumexp":
		return reducing(logSumExp, nil)
	case "Median":
		return reducing(func(row []float32) float32 {
			row = slices.Clone(row)
			slices.Sort(row)
			n := len(row)
			return (row[(n-1)/2] + row[n/2]) / 2
		}, nil)
	case "Any", "All":
		return truthReduction(class == "Any")
	case "CountNonzero":
		return func(c *config) operator {
			axes, keep := c.reduced()
			return single(func(_ *arguments, x *value) (*value, error) {
				m, err := x.bools()
				if err != nil {
					return nil, err
				}
				y, err := reduce(m, axes, keep, func(row []bool) (n int64) {
					for _, v := range row {
						if v {
							n++
						}
					}
					return n
				}, true)
				return intOrNil(y, tensor.DTInt32), err
			})
		}
	case "Argmax", "Argmin":
		return argument(class == "Argmax")
	case "Norm":
		return norm
	case "Normalize":
		return normalizing
	case "Moments":
		return moments
	case "Cumsum":
		return scan(add[float32], add[int64])
	case "Cumprod":
		return scan(func(a, b float32) float32 { return a * b }, func(a, b int64) int64 { return a * b })
	}
	return nil
}

// reduced returns a reduction's options: its axes, nil for all, and whether they stay, with length 1.
func (c *config) reduced() (axes []int, keep bool) {
	return c.ints("axis"), c.bool("keepdims", false)
}

func intOrNil(x *tensor.Tensor[int64], as tensor.DType) *value {
	if x == nil {
		return nil
	}
	return intValue(x, as)
}

// reducing returns an operator that makes one value of a row, of fractions or, unless fi is nil, of integers.
func reducing(ff func([]float32) float32, fi func([]int64) int64) operatorMaker {
	return func(c *config) operator {
		axes, keep := c.reduced()
		to := c.dtype("dtype")
		c.refuse("initial")
		return single(func(_ *arguments, x *value) (*value, error) {
			x, err := x.cast(orDType(to, x.as))
			if err != nil {
				return nil, err
			}
			if isFloat(x.as) || fi == nil {
				f, err := x.float()
				if err != nil {
					return nil, err
				}
				y, err := reduce(f, axes, keep, ff, false)
				if err != nil {
					return nil, err
				}
				return floatValue(y), nil
			}
			n, err := x.ints()
			if err != nil {
				return nil, err
			}
			as := x.as
			if as == tensor.DTBool {
				as = tensor.DTInt32
			}
			y, err := reduce(n, axes, keep, func(row []int64) int64 { return wrap(fi(row), as) }, false)
			return intOrNil(y, as), err
		})
	}
}

func orDType(d, def tensor.DType) tensor.DType {
	if d == tensor.InvalidDType {
		return def
	}
	return d
}

// reduce returns f of the values of x along axes, in the order of axes; no axes at all are all of them. Rows of no values are an
// error unless empty says that f takes them.
func reduce[A, B tensor.Element](x *tensor.Tensor[A], axes []int, keep bool, f func(row []A) B, empty bool) (*tensor.Tensor[B], error) {
	rank := len(x.Shape())
	at, err := resolveAxes(axes, rank)
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 {
		for i := range rank {
			at = append(at, i)
		}
	}
	rest := otherAxes(at, rank)
	rows := permuteTensor(x, slices.Concat(rest, at))
	n := permuted(x.Shape(), at).Len()
	shape := permuted(x.Shape(), rest)
	if n == 0 && !empty && shape.Len() > 0 {
		return nil, fmt.Errorf("shape %v has no values along axes %v", x.Shape(), at)
	}
	y := tensor.New[B](shape...)
	for i := range y.Data() {
		y.Data()[i] = f(rows.Data()[i*n : (i+1)*n])
	}
	if !keep {
		return y, nil
	}
	kept := slices.Clone(x.Shape())
	for _, axis := range at {
		kept[axis] = 1
	}
	return y.Reshape(kept...)
}

// resolveAxes returns axes, which count from the end where they are negative, as indices; each must stand once.
func resolveAxes(axes []int, rank int) ([]int, error) {
	out := make([]int, 0, len(axes))
	for _, axis := range axes {
		at := axis
		if at < 0 {
			at += rank
		}
		if at < 0 || at >= rank || slices.Contains(out, at) {
			return nil, fmt.Errorf("axes %v for a tensor of rank %d", axes, rank)
		}
		out = append(out, at)
	}
	return out, nil
}

func resolveOne(axis, rank int) (int, error) {
	at, err := resolveAxes([]int{axis}, rank)
	if err != nil {
		return 0, err
	}
	return at[0], nil
}

// otherAxes returns the axes of a tensor of that rank which are not among axes.
func otherAxes(axes []int, rank int) []int {
	out := make([]int, 0, rank)
	for i := range rank {
		if !slices.Contains(axes, i) {
			out = append(out, i)
		}
	}
	return out
}

func sumRow(row []float32) float32 {
	sum := 0.0
	for _, v := range row {
		sum += float64(v)
	}
	return float32(sum)
}

func sumInts(row []int64) int64 {
	sum := int64(0)
	for _, v := range row {
		sum += v
	}
	return sum
}

func mean64(row []float32) float64 {
	sum := 0.0
	for _, v := range row {
		sum += float64(v)
	}
	return sum / float64(len(row))
}

func meanRow(row []float32) float32 { return float32(mean64(row)) }

func variance(row []float32) float64 {
	mean, sum := mean64(row), 0.0
	for _, v := range row {
		sum += (float64(v) - mean) * (float64(v) - mean)
	}
	return sum / float64(len(row))
}

func logSumExp(row []float32) float32 {
	largest := float64(slices.Max(row))
	if math.IsInf(largest, 0) {
		return float32(largest)
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - largest)
	}
	return float32(largest + math.Log(sum))
}

func truthReduction(wantAny bool) operatorMaker {
	return func(c *config) operator {
		axes, keep := c.reduced()
		return single(func(_ *arguments, x *value) (*value, error) {
			m, err := x.bools()
			if err != nil {
				return nil, err
			}
			y, err := reduce(m, axes, keep, func(row []bool) bool { return slices.Contains(row, wantAny) == wantAny }, true)
			if err != nil {
				return nil, err
			}
			return boolValue(y), nil
		})
	}
}

// argument makes Argmax and Argmin: the place of the first of the largest or smallest values; without axis in the flat tensor.
func argument(largest bool) operatorMaker {
	return func(c *config) operator {
		axes, keep := c.reduced()
		return single(func(_ *arguments, x *value) (*value, error) {
			f, err := x.cast(tensor.DTFloat32)
			if err != nil {
				return nil, err
			}
			y, err := reduce(f.x.(*Tensor), axes, keep, func(row []float32) int64 {
				best := 0
				for i, v := range row {
					if v > row[best] == largest && v != row[best] {
						best = i
					}
				}
				return int64(best)
			}, false)
			return intOrNil(y, tensor.DTInt32), err
		})
	}
}

// norm makes keras.ops.norm of vectors, of order 1 to infinity, and of matrices where the order is not given.
func norm(c *config) operator {
	axes, keep := c.reduced()
	number := float32(2)
	switch order := string(c.options["ord"]); order {
	case "", "null", `"fro"`, `"euclidean"`:
		c.skip("ord")
	default:
		if number = c.number("ord", 2); len(axes) == 2 || !(number >= 1) {
			c.fail("option %q is %s: %w", "ord", order, ErrUnknownOption)
		}
	}
	return single(func(_ *arguments, x *value) (*value, error) {
		f, err := x.cast(tensor.DTFloat32)
		if err != nil {
			return nil, err
		}
		y, err := reduce(f.x.(*Tensor), axes, keep, func(row []float32) float32 { return float32(normOf(row, float64(number))) }, true)
		if err != nil {
			return nil, err
		}
		return floatValue(y), nil
	})
}

func normOf(row []float32, order float64) float64 {
	sum := 0.0
	for _, v := range row {
		switch a := math.Abs(float64(v)); {
		case math.IsInf(order, 1):
			sum = max(sum, a)
		default:
			sum += math.Pow(a, order)
		}
	}
	if math.IsInf(order, 1) {
		return sum
	}
	return math.Pow(sum, 1/order)
}

// normalizing makes keras.ops.normalize: values over the norm of their run along an axis, at least epsilon.
func normalizing(c *config) operator {
	axes, order, epsilon := c.ints("axis"), c.number("order", 2), c.number("epsilon", 1e-12)
	if len(axes) == 0 {
		axes = []int{-1}
	}
	return single(func(_ *arguments, x *value) (*value, error) {
		f, err := x.cast(tensor.DTFloat32)
		if err != nil {
			return nil, err
		}
		v := f.x.(*Tensor)
		norms, err := reduce(v, axes, true, func(row []float32) float32 {
			return float32(max(normOf(row, float64(order)), float64(epsilon)))
		}, true)
		if err != nil {
			return nil, err
		}
		y, err := zipTensors(v, norms, func(a, b float32) float32 { return a / b })
		if err != nil {
			return nil, err
		}
		return floatValue(y), nil
	})
}

// moments makes keras.ops.moments: mean and variance.
func moments(c *config) operator {
	axes, keep := c.ints("axes"), c.bool("keepdims", false)
	c.skip("synchronized")
	return func(a *arguments) ([]*value, error) {
		x, err := a.value(0, "x")
		if err != nil {
			return nil, err
		}
		f, err := x.float()
		if err != nil {
			return nil, err
		}
		mean, err := reduce(f, axes, keep, meanRow, false)
		if err != nil {
			return nil, err
		}
		spread, err := reduce(f, axes, keep, func(row []float32) float32 { return float32(variance(row)) }, false)
		if err != nil {
			return nil, err
		}
		return []*value{floatValue(mean), floatValue(spread)}, nil
	}
}

// scan makes Cumsum and Cumprod; without axis they go along the flat tensor.
func scan(ff func(a, b float32) float32, fi func(a, b int64) int64) operatorMaker {
	return func(c *config) operator {
		axes, to := c.ints("axis"), c.dtype("dtype")
		return single(func(_ *arguments, x *value) (*value, error) {
			x, err := x.cast(orDType(to, x.as))
			if err != nil {
				return nil, err
			}
			axis := 0
			if len(axes) == 0 {
				if x, err = reshapeValue(x, x.shape().Len()); err != nil {
					return nil, err
				}
			} else if axis, err = resolveOne(axes[0], len(x.shape())); err != nil {
				return nil, err
			}
			if f, ok := x.x.(*Tensor); ok {
				return floatValue(scanned(f, axis, ff)), nil
			}
			n, err := x.ints()
			if err != nil {
				return nil, err
			}
			as := x.as
			if as == tensor.DTBool {
				as = tensor.DTInt32
			}
			return intValue(scanned(n, axis, func(a, b int64) int64 { return wrap(fi(a, b), as) }), as), nil
		})
	}
}

func scanned[T number](x *tensor.Tensor[T], axis int, f func(a, b T) T) *tensor.Tensor[T] {
	y := x.Clone()
	step := y.Shape()[axis+1:].Len()
	run := step * y.Shape()[axis]
	for from := 0; run > 0 && from < y.Len(); from += run {
		for i := from + step; i < from+run; i++ {
			y.Data()[i] = f(y.Data()[i-step], y.Data()[i])
		}
	}
	return y
}
