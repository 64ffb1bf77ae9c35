package layers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
)

// This file has the code that the normalizing layers share: the position of a normalized axis in memory, and
// the loops over it.

// A span is the position of an axis in a row-major tensor: outer blocks of n runs of inner values each.
type span struct{ outer, n, inner int }

// spanOf returns the span of the given axis of s.
func spanOf(s tensor.Shape, axis int) span {
	return span{s[:axis].Len(), s[axis], s[axis+1:].Len()}
}

// affine writes f(x*mul[i] + add[i]) to y for every value x with index i along the span. f computes one value at a time.
func (s span) affine(y, x, mul, add []float32, f activation.Func) {
	if s.inner == 1 {
		const wide = 64 // shorter rows are processed several at a time
		if times := wide / max(s.n, 1); times > 1 && s.outer >= times {
			whole := span{s.outer / times, s.n * times, 1}
			at := whole.outer * whole.n
			span{s.outer % times, s.n, 1}.affine(y[at:], x[at:], mul, add, f)
			mul, add, s = slices.Repeat(mul, times), slices.Repeat(add, times), whole
		}
		kernel.Parallel(s.outer, s.n, func(_, lo, hi int) {
			const some = 16 // rows at a time, which stay in the cache
			for ; lo < hi; lo += some {
				end := min(lo+some, hi)
				s.affineRows(y, x, mul, add, lo, end)
				_, _ = f.Apply(y[lo*s.n:end*s.n], s.n) // value by value: no error
			}
		})
		return
	}
	kernel.Parallel(s.outer*s.n, s.inner, func(_, lo, hi int) {
		s.affineRuns(y, x, mul, add, lo, hi)
		_, _ = f.Apply(y[lo*s.inner:hi*s.inner], s.inner) // value by value: no error
	})
}

// affineRows is affine for the blocks lo to hi-1 if each run is one value.
func (s span) affineRows(y, x, mul, add []float32, lo, hi int) {
	for row := lo; row < hi; row++ {
		vmath.Affine(y[row*s.n:][:s.n], x[row*s.n:][:s.n], mul, add)
	}
}

// affineRuns is affine for the runs lo to hi-1, counted over all blocks.
func (s span) affineRuns(y, x, mul, add []float32, lo, hi int) {
	for run := lo; run < hi; run++ {
		m, a := mul[run%s.n], add[run%s.n]
		y := y[run*s.inner:][:s.inner]
		for j, v := range x[run*s.inner:][:s.inner] {
			y[j] = v*m + a
		}
	}
}

// epsilonOr returns the epsilon for an option: def for 0, and 0 for a negative option.
func epsilonOr(epsilon, def float32) float32 {
	switch {
	case epsilon == 0:
		return def
	case epsilon < 0:
		return 0
	}
	return epsilon
}

// epsilon returns the option "epsilon" in the form that [epsilonOr] reads.
func epsilonOption(c *config.Config) float32 {
	v := c.Optional("epsilon")
	switch {
	case v == nil:
		return 0
	case *v == 0:
		return -1
	}
	return *v
}

// asFloat32 returns a sum as Keras does: infinite if it exceeds float32.
func asFloat32(sum float64) float64 { return float64(float32(sum)) }

// inverseRoot returns 1/sqrt(x).
func inverseRoot(x float64) float64 { return 1 / math.Sqrt(x) }

// sortedAxes returns axes, or the last one if there are none, as indices into s in rising order. Keras sorts them before
// it counts the negative ones from the end, and a weight's axes are in that order: they are the second result.
func sortedAxes(who id, axes []int, s tensor.Shape) (sorted []int, weight tensor.Shape, err error) {
	if len(axes) == 0 {
		axes = []int{-1}
	}
	asKeras := slices.Sorted(slices.Values(axes))
	sorted, weight = make([]int, len(axes)), make(tensor.Shape, len(axes))
	for i, axis := range asKeras {
		at, err := resolveAxis(who, axis, s)
		if err != nil {
			return nil, nil, err
		}
		sorted[i], weight[i] = at, s[at]
	}
	slices.Sort(sorted)
	if len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
		return nil, nil, errorf(who, "axes %v contain an axis twice", axes)
	}
	return sorted, weight, nil
}

// onRows calls f, on several goroutines, for each row of a copy of x. In the copy the given axes, in rising order, are moved to
// the end, where they form the rows. onRows moves them back and returns the result. cost is the cost of a value.
func onRows(c *Context, who id, x *Tensor, axes []int, cost int, f func(row []float32)) (*Tensor, error) {
	shape := x.Shape()
	width := kernel.Permuted(shape, axes).Len()
	y, err := c.newOutput(who, shape...)
	if err != nil || y.Len() == 0 {
		return y, err
	}
	each := func(to, from []float32) {
		kernel.Parallel(len(to)/width, cost*width, func(_, lo, hi int) {
			for at := lo * width; at < hi*width; at += width {
				row := to[at : at+width]
				copy(row, from[at:])
				f(row)
			}
		})
	}
	if axes[0] == len(shape)-len(axes) { // they are at the end
		each(y.Data(), x.Data())
		return y, nil
	}
	perm := make([]int, 0, len(shape))
	for i := range shape {
		if !slices.Contains(axes, i) {
			perm = append(perm, i)
		}
	}
	perm = append(perm, axes...)
	w := c.workspace()
	defer w.Release(w.Mark())
	rows := w.Floats(x.Len())
	kernel.Transpose(rows, x.Data(), shape, perm)
	each(rows, rows)
	kernel.Transpose(y.Data(), rows, kernel.Permuted(shape, perm), kernel.Inverse(perm))
	return y, nil
}

// stretch fills dst, the values of a tensor of shape, with those of src. Each axis of src is as long as that of shape, or has
// length 1.
func stretch(dst, src []float32, shape, from tensor.Shape) {
	strides := make([]int, len(shape))
	for i, step := len(from)-1, 1; i >= 0; i-- {
		if from[i] != 1 {
			strides[i] = step
		}
		step *= from[i]
	}
	for i := range dst {
		at := 0
		for axis, rest := len(shape)-1, i; axis >= 0; axis-- {
			at += rest % shape[axis] * strides[axis]
			rest /= shape[axis]
		}
		dst[i] = src[at]
	}
}

// ones is Keras's initializer of that name.
func ones(w []float32, _ tensor.Shape, _ *rand.Rand) {
	for i := range w {
		w[i] = 1
	}
}

// buildAffine makes the weights gamma (ones) and beta (zeros) of a normalizing layer if its options require them and nothing was
// restored into any of its weights. It checks existing weights.
func buildAffine(who id, gamma, beta *Tensor, noScale, noCenter, restored bool, shape, input tensor.Shape) error {
	reason := fmt.Sprintf("for input shape %v", input)
	for _, w := range []struct {
		name   string
		tensor *Tensor
		none   bool
		init   initializer
	}{{"gamma", gamma, noScale, ones}, {"beta", beta, noCenter, zeros}} {
		if !w.tensor.Built() {
			if restored || w.none {
				continue
			}
			if err := buildWeight(who, w.name, w.tensor, 0, w.init, shape...); err != nil {
				return err
			}
		}
		if err := checkWeight(who, w.name, w.tensor, reason, shape...); err != nil {
			return err
		}
	}
	return nil
}

// normalizationMaker returns constructors of the normalizing layers.
func normalizationMaker(class string) config.Maker {
	return map[string]config.Maker{
		"BatchNormalization":    makeBatchNormalization,
		"LayerNormalization":    makeLayerNormalization,
		"RMSNormalization":      makeRMSNormalization,
		"GroupNormalization":    makeGroupNormalization,
		"UnitNormalization":     makeUnitNormalization,
		"SpectralNormalization": makeSpectralNormalization,
		"Normalization":         makeNormalization,
		"PReLU":                 makePReLU,
	}[class]
}
