package layers

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// shapeOperator makes the operators that give the same values another shape, or bring tensors together.
func shapeOperator(class string) operatorMaker {
	switch class {
	case "Reshape":
		return func(c *config) operator {
			shape := c.dims("newshape")
			return single(func(_ *arguments, x *value) (*value, error) { return reshapeValue(x, shape...) })
		}
	case "Ravel":
		return plain(single(func(_ *arguments, x *value) (*value, error) { return reshapeValue(x, -1) }))
	case "ExpandDims":
		return func(c *config) operator {
			axes := c.ints("axis")
			return single(func(_ *arguments, x *value) (*value, error) { return expandDims(x, axes) })
		}
	case "Squeeze":
		return func(c *config) operator {
			axes := c.ints("axis")
			return single(func(_ *arguments, x *value) (*value, error) { return squeeze(x, axes) })
		}
	case "Transpose":
		return func(c *config) operator {
			axes := c.ints("axes")
			return single(func(_ *arguments, x *value) (*value, error) {
				rank := len(x.shape())
				perm := slices.Clone(axes)
				if axes == nil {
					for i := range rank {
						perm = append(perm, rank-1-i)
					}
				}
				return permuteValue(x, perm)
			})
		}
	case "Swapaxes":
		return func(c *config) operator {
			i, j := c.int("axis1", 0), c.int("axis2", 0)
			return single(func(_ *arguments, x *value) (*value, error) {
				rank := len(x.shape())
				a, err := resolveOne(i, rank)
				if err != nil {
					return nil, err
				}
				b, err := resolveOne(j, rank)
				if err != nil {
					return nil, err
				}
				perm := otherAxes(nil, rank)
				perm[a], perm[b] = b, a
				return permuteValue(x, perm)
			})
		}
	case "Moveaxis":
		return func(c *config) operator {
			from, to := c.ints("source"), c.ints("destination")
			return single(func(_ *arguments, x *value) (*value, error) { return moveAxes(x, from, to) })
		}
	case "BroadcastTo":
		return func(c *config) operator {
			shape := c.dims("shape")
			return single(func(_ *arguments, x *value) (*value, error) {
				s := slices.Clone(shape)
				for i := range s { // a length that is not known is that of x
					if at := len(x.shape()) - len(s) + i; s[i] < 0 && at >= 0 {
						s[i] = x.shape()[at]
					}
				}
				return stretchValue(x, s)
			})
		}
	case "Concatenate", "Hstack", "Vstack":
		return func(c *config) operator {
			axis := c.int("axis", 0)
			return func(a *arguments) ([]*value, error) {
				vs, err := a.values(0, "xs")
				if err != nil {
					return nil, err
				}
				y, err := concatValues(a.who, vs, func(rank int) int {
					if class == "Hstack" && rank > 1 {
						return 1
					}
					return axis
				})
				return []*value{y}, err
			}
		}
	case "Append":
		return func(c *config) operator {
			axes := c.ints("axis")
			return func(a *arguments) ([]*value, error) {
				x, y, _, err := pair(a)
				if err != nil {
					return nil, err
				}
				axis := 0
				if len(axes) > 0 {
					axis = axes[0]
				} else {
					if x, err = reshapeValue(x, -1); err != nil {
						return nil, err
					}
					if y, err = reshapeValue(y, -1); err != nil {
						return nil, err
					}
				}
				z, err := concatValues(a.who, []*value{x, y}, func(int) int { return axis })
				return []*value{z}, err
			}
		}
	case "Stack":
		return func(c *config) operator {
			axis := c.int("axis", 0)
			return func(a *arguments) ([]*value, error) {
				vs, err := a.values(0, "x")
				if err != nil {
					return nil, err
				}
				y, err := stackValues(vs, axis, commonDType(vs))
				return []*value{y}, err
			}
		}
	case "Size", "Ndim":
		return plain(single(func(_ *arguments, x *value) (*value, error) {
			n := len(x.shape())
			if class == "Size" {
				n = x.shape().Len()
			}
			return intValue(tensor.Scalar(int64(n)), tensor.DTInt32), nil
		}))
	}
	return nil
}

// reshapeValue returns x's values in another shape, of which one length may be -1.
func reshapeValue(x *value, shape ...int) (*value, error) {
	shape = slices.Clone(shape)
	rest, open := 1, -1
	for i, n := range shape {
		switch {
		case n >= 0:
			if n > 0 && rest > maxElements/n {
				return nil, fmt.Errorf("shape %v is beyond memory", tensor.Shape(shape))
			}
			rest *= n
		case open >= 0:
			return nil, fmt.Errorf("shape %v has two lengths that are not given", tensor.Shape(shape))
		default:
			open = i
		}
	}
	if open >= 0 && rest > 0 {
		shape[open] = x.shape().Len() / rest
	} else if open >= 0 {
		shape[open] = 0
	}
	var y tensor.Any
	var err error
	switch x := x.x.(type) {
	case *Tensor:
		y, err = x.Reshape(shape...)
	case *tensor.Tensor[int64]:
		y, err = x.Reshape(shape...)
	case *Mask:
		y, err = x.Reshape(shape...)
	case *tensor.Tensor[string]:
		y, err = x.Reshape(shape...)
	}
	if err != nil {
		return nil, err
	}
	return &value{x: y, as: x.as}, nil
}

func expandDims(x *value, axes []int) (*value, error) {
	rank := len(x.shape()) + len(axes)
	at, err := resolveAxes(axes, rank)
	if err != nil {
		return nil, err
	}
	shape := make([]int, rank)
	for _, axis := range at {
		shape[axis] = 1
	}
	next := 0
	for i := range shape {
		if shape[i] == 0 && !slices.Contains(at, i) {
			shape[i] = x.shape()[next]
			next++
		}
	}
	return reshapeValue(x, shape...)
}

// squeeze returns x without axes of length 1, all of them where none are given.
func squeeze(x *value, axes []int) (*value, error) {
	at, err := resolveAxes(axes, len(x.shape()))
	if err != nil {
		return nil, err
	}
	shape := make([]int, 0, len(x.shape()))
	for i, n := range x.shape() {
		named := slices.Contains(at, i)
		if named && n != 1 {
			return nil, fmt.Errorf("axis %d of shape %v is not of length 1", i, x.shape())
		}
		if !named && (n != 1 || len(axes) > 0) {
			shape = append(shape, n)
		}
	}
	return reshapeValue(x, shape...)
}

func moveAxes(x *value, from, to []int) (*value, error) {
	rank := len(x.shape())
	source, err := resolveAxes(from, rank)
	if err != nil {
		return nil, err
	}
	target, err := resolveAxes(to, rank)
	if err != nil {
		return nil, err
	}
	if len(source) != len(target) {
		return nil, fmt.Errorf("axes %v moved to %v", from, to)
	}
	perm := slices.Repeat([]int{-1}, rank)
	for i, at := range target {
		perm[at] = source[i]
	}
	rest := otherAxes(source, rank)
	for i := range perm {
		if perm[i] < 0 {
			perm[i], rest = rest[0], rest[1:]
		}
	}
	return permuteValue(x, perm)
}

// permuteValue returns x with its axes in the order of perm.
func permuteValue(x *value, perm []int) (*value, error) {
	perm, err := resolveAxes(perm, len(x.shape()))
	if err != nil {
		return nil, err
	}
	if len(perm) != len(x.shape()) {
		return nil, fmt.Errorf("axes %v for shape %v", perm, x.shape())
	}
	switch t := x.x.(type) {
	case *Tensor:
		return floatValue(permuteTensor(t, perm)), nil
	case *tensor.Tensor[int64]:
		return intValue(permuteTensor(t, perm), x.as), nil
	case *Mask:
		return boolValue(permuteTensor(t, perm)), nil
	}
	return nil, fmt.Errorf("axes of %v values in another order", x.as)
}

// permuteTensor returns x with its axes in the order of perm, x itself where that is its own.
func permuteTensor[T tensor.Element](x *tensor.Tensor[T], perm []int) *tensor.Tensor[T] {
	if slices.IsSorted(perm) {
		return x
	}
	s := x.Shape()
	steps := make([]int, len(s))
	for i, step := len(s)-1, 1; i >= 0; i-- {
		steps[i] = step
		step *= s[i]
	}
	return gatherSteps(x, permuted(s, perm), permuted(steps, perm))
}

// gatherSteps returns a tensor of the given shape whose values lie in x at the given steps along each axis.
func gatherSteps[T tensor.Element](x *tensor.Tensor[T], shape tensor.Shape, steps []int) *tensor.Tensor[T] {
	y := tensor.New[T](shape...)
	n, step := 1, 0
	if len(shape) > 0 {
		n, step = shape[len(shape)-1], steps[len(shape)-1]
	}
	each(shape, steps, steps, func(at, from, _ int) {
		for i := range n {
			y.Data()[at+i] = x.Data()[from+i*step]
		}
	})
	return y
}

// stretchValue returns x stretched to shape, x itself where that is its own.
func stretchValue(x *value, shape tensor.Shape) (*value, error) {
	if x.shape().Equal(shape) {
		return x, nil
	}
	if s, ok := stretched(x.shape(), shape); !ok || !s.Equal(shape) || shape.Check() != nil || shape.Len() > maxElements {
		return nil, fmt.Errorf("shape %v does not stretch to %v", x.shape(), shape)
	}
	steps := stretchSteps(x.shape(), shape)
	switch t := x.x.(type) {
	case *Tensor:
		return floatValue(gatherSteps(t, shape, steps)), nil
	case *tensor.Tensor[int64]:
		return intValue(gatherSteps(t, shape, steps), x.as), nil
	case *Mask:
		return boolValue(gatherSteps(t, shape, steps)), nil
	}
	return nil, fmt.Errorf("%v values stretched", x.as)
}

// commonDType returns the dtype of arithmetic on all of vs.
func commonDType(vs []*value) tensor.DType {
	as := tensor.DTBool
	for i, v := range vs {
		if i == 0 {
			as = v.as
		}
		as = promote(as, v.as, false, false)
	}
	return as
}

// concatValues returns vs one behind the other along an axis, which may depend on their rank.
func concatValues(who id, vs []*value, axisOf func(rank int) int) (*value, error) {
	if len(vs) == 0 {
		return nil, fmt.Errorf("no tensors to put together")
	}
	as, axis := commonDType(vs), axisOf(len(vs[0].shape()))
	switch {
	case isFloat(as):
		xs, err := castAll[float32](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatenate(who, xs, axis)
		return floatValue(y), err
	case isInt(as):
		xs, err := castAll[int64](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatenate(who, xs, axis)
		return intValue(y, as), err
	case as == tensor.DTBool:
		xs, err := castAll[bool](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatenate(who, xs, axis)
		return boolValue(y), err
	case as == tensor.DTString:
		xs, err := castAll[string](vs, as)
		if err != nil {
			return nil, err
		}
		y, err := concatenate(who, xs, axis)
		return &value{x: y, as: as}, err
	}
	return nil, fmt.Errorf("%v values put together", as)
}

func castAll[T tensor.Element](vs []*value, as tensor.DType) ([]*tensor.Tensor[T], error) {
	xs := make([]*tensor.Tensor[T], len(vs))
	for i, v := range vs {
		v, err := v.cast(as)
		if err != nil {
			return nil, err
		}
		x, ok := v.x.(*tensor.Tensor[T])
		if !ok {
			return nil, fmt.Errorf("%v values among %v ones", v.as, as)
		}
		xs[i] = x
	}
	return xs, nil
}

// stackValues returns vs, all of one shape, along a new axis.
func stackValues(vs []*value, axis int, as tensor.DType) (*value, error) {
	wide := make([]*value, len(vs))
	for i, v := range vs {
		v, err := v.cast(as)
		if err != nil {
			return nil, err
		}
		if wide[i], err = expandDims(v, []int{axis}); err != nil {
			return nil, err
		}
	}
	return concatValues(id{kind: "stack"}, wide, func(int) int { return axis })
}
