package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
)

// merging has the common parts of the layers that merge several tensors value by value. The tensors broadcast to one shape as in
// NumPy, but a tensor of lower rank gets its missing axes after the batch axis (keras.src.layers.merging.base_merge).
type merging struct{}

// Add is keras.layers.Add.
type Add struct {
	merging
	Name string // for error messages
}

// Subtract is keras.layers.Subtract.
type Subtract struct {
	merging
	Name string // for error messages
}

// Multiply is keras.layers.Multiply. A masked step of an input counts as 1 in the product. If the step is masked in all inputs,
// the result is 0.
type Multiply struct {
	merging
	Name string // for error messages
}

// Average is keras.layers.Average.
type Average struct {
	merging
	Name string // for error messages
}

// Maximum is keras.layers.Maximum. Masked steps of an input are ignored.
type Maximum struct {
	merging
	Name string // for error messages
}

// Minimum is keras.layers.Minimum. Masked steps of an input are ignored.
type Minimum struct {
	merging
	Name string // for error messages
}

// Call returns the sum of xs.
func (a *Add) Call(xs ...*Tensor) (*Tensor, error) { return one(a.ForwardAll(nil, xs)) }

// ForwardAll is Call with a [Context].
func (a *Add) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	who := id{"add", a.Name}
	if y, err := addAlike(c, who, xs); y != nil || err != nil {
		return []*Tensor{y}, err
	}
	return merge(who, xs, kernel.Add[float32])
}

// addAlike returns the sum of xs if they have one shape, and nil otherwise.
func addAlike(c *Context, who id, xs []*Tensor) (*Tensor, error) {
	for _, x := range xs {
		if x == nil || !x.Built() || len(x.Shape()) == 0 || !x.Shape().Equal(xs[0].Shape()) {
			return nil, nil
		}
	}
	if len(xs) == 0 {
		return nil, nil
	}
	y, err := c.newOutput(who, xs[0].Shape()...)
	if err != nil {
		return nil, err
	}
	e, err := c.epilogue(activation.Linear(), y.Shape())
	if err != nil {
		return nil, err
	}
	const block = 4096 // values at a time, which stay in the first cache
	sum := y.Data()
	kernel.Parallel((len(sum)+block-1)/block, block*len(xs), func(_, lo, hi int) {
		for at := lo * block; at < min(hi*block, len(sum)); at += block {
			part := sum[at:min(at+block, len(sum))]
			copy(part, xs[0].Data()[at:])
			for _, x := range xs[1:] {
				vmath.Add(part, x.Data()[at:at+len(part)])
			}
			_, _ = e.Activation.Apply(part, len(part)) // value by value: no error
		}
	})
	return y, nil
}

// Call returns x - y.
func (s *Subtract) Call(x, y *Tensor) (*Tensor, error) {
	return one(s.ForwardAll(nil, []*Tensor{x, y}))
}

// ForwardAll is Call with a [Context]. It returns an error unless there are two inputs.
func (s *Subtract) ForwardAll(_ *Context, xs []*Tensor) ([]*Tensor, error) {
	who := id{"subtract", s.Name}
	if len(xs) != 2 {
		return nil, errorf(who, "%d inputs, want 2", len(xs))
	}
	return merge(who, xs, func(a, b float32) float32 { return a - b })
}

// Call returns the mean of xs.
func (a *Average) Call(xs ...*Tensor) (*Tensor, error) { return one(a.ForwardAll(nil, xs)) }

// ForwardAll is Call with a [Context].
func (a *Average) ForwardAll(_ *Context, xs []*Tensor) ([]*Tensor, error) {
	ys, err := merge(id{"average", a.Name}, xs, kernel.Add[float32])
	if err != nil {
		return nil, err
	}
	for i := range ys[0].Data() {
		ys[0].Data()[i] /= float32(len(xs))
	}
	return ys, nil
}

// Call returns the product of xs.
func (m *Multiply) Call(xs ...*Tensor) (*Tensor, error) { return one(m.ForwardAll(nil, xs)) }

// ForwardAll is Call with a [Context]. It respects the context's masks.
func (m *Multiply) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	who := id{"multiply", m.Name}
	xs, masks, err := mergeInputs(who, c, xs)
	if err != nil {
		return nil, err
	}
	given := xs
	for i, mask := range masks {
		if mask != nil {
			xs = slices.Clone(xs)
			xs[i] = xs[i].Clone()
			fillMasked(xs[i], mask, 1)
		}
	}
	ys, err := merge(who, xs, func(a, b float32) float32 { return a * b })
	if err != nil || slices.Contains(masks, nil) {
		return ys, err
	}
	kept, err := anyMask(who, masks)
	if err != nil {
		return nil, err
	}
	if len(given) == 1 {
		ys[0] = ys[0].Clone()
	}
	fillMasked(ys[0], kept, 0)
	return ys, nil
}

// Call returns, value by value, the largest of xs.
func (m *Maximum) Call(xs ...*Tensor) (*Tensor, error) { return one(m.ForwardAll(nil, xs)) }

// ForwardAll is Call with a [Context]. It respects the context's masks.
func (m *Maximum) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return mergeUnmasked(id{"maximum", m.Name}, c, xs, kernel.Maximum[float32])
}

// Call returns, value by value, the smallest of xs.
func (m *Minimum) Call(xs ...*Tensor) (*Tensor, error) { return one(m.ForwardAll(nil, xs)) }

// ForwardAll is Call with a [Context]. It respects the context's masks.
func (m *Minimum) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return mergeUnmasked(id{"minimum", m.Name}, c, xs, kernel.Minimum[float32])
}

// OutputMask returns the masks of the inputs combined by or, or nil if an input has no mask.
func (merging) OutputMask(c *Context, xs ...*Tensor) (*Mask, error) {
	masks := make([]*Mask, len(xs))
	for i := range xs {
		if masks[i] = c.Mask(i); masks[i] == nil {
			return nil, nil
		}
	}
	return anyMask(id{kind: "merge"}, masks)
}

// anyMask broadcasts the masks and combines them by or.
func anyMask(who id, masks []*Mask) (*Mask, error) {
	out := masks[0]
	for _, m := range masks[1:] {
		shape, ok := kernel.Stretched(out.Shape(), m.Shape())
		if !ok {
			return nil, shapeErrorf(who, "mask", m.Shape(), "one that broadcasts to mask shape %v", out.Shape())
		}
		next := tensor.New[bool](shape...)
		kernel.Zip(next.Data(), shape, out.Data(), out.Shape(), m.Data(), m.Shape(), func(a, b bool) bool { return a || b })
		out = next
	}
	return out, nil
}

// one returns the only tensor of ys.
func one(ys []*Tensor, err error) (*Tensor, error) {
	if err != nil {
		return nil, err
	}
	return ys[0], nil
}

// alignRanks returns xs with the same rank: missing axes, of length 1, come after the batch axis.
func alignRanks(who id, xs []*Tensor) ([]*Tensor, error) {
	if len(xs) == 0 {
		return nil, errorf(who, "no inputs")
	}
	rank := 0
	for _, x := range xs {
		if err := checkInput(who, x, 1, 0); err != nil {
			return nil, err
		}
		rank = max(rank, len(x.Shape()))
	}
	out := slices.Clone(xs)
	for i, x := range xs {
		if missing := rank - len(x.Shape()); missing > 0 {
			shape := slices.Insert(slices.Clone(x.Shape()), 1, slices.Repeat([]int{1}, missing)...)
			y, err := x.Reshape(shape...)
			if err != nil {
				return nil, errorf(who, "%w", err)
			}
			out[i] = y
		}
	}
	return out, nil
}

// mergeInputs returns xs aligned, and their masks with one more axis. A mask is nil if its input has none or got new axes.
func mergeInputs(who id, c *Context, xs []*Tensor) ([]*Tensor, []*Mask, error) {
	out, err := alignRanks(who, xs)
	if err != nil {
		return nil, nil, err
	}
	masks := make([]*Mask, len(xs))
	for i, x := range xs {
		if m := c.Mask(i); m != nil && out[i] == x {
			if masks[i], err = lastAxis(who, m, x.Shape()); err != nil {
				return nil, nil, err
			}
		}
	}
	return out, masks, nil
}

// lastAxis returns m with an additional last axis of length 1, or an error if it does not broadcast to shape then.
func lastAxis(who id, m *Mask, shape tensor.Shape) (*Mask, error) {
	if !m.Built() {
		return nil, shapeErrorf(who, "mask", nil, "one for input shape %v", shape)
	}
	wide, err := m.Reshape(append(slices.Clone(m.Shape()), 1)...)
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	return wide, checkBroadcast(who, wide, shape)
}

// merge combines the values of xs with f, from the first to the last.
func merge(who id, xs []*Tensor, f func(a, b float32) float32) ([]*Tensor, error) {
	xs, err := alignRanks(who, xs)
	if err != nil {
		return nil, err
	}
	y := xs[0]
	for _, x := range xs[1:] {
		shape, ok := kernel.Stretched(y.Shape(), x.Shape())
		if !ok {
			return nil, shapeErrorf(who, "input", x.Shape(), "one that broadcasts with %v", y.Shape())
		}
		if y == xs[0] || !shape.Equal(y.Shape()) {
			next, err := newOutput(who, shape...)
			if err != nil {
				return nil, err
			}
			kernel.Zip(next.Data(), shape, y.Data(), y.Shape(), x.Data(), x.Shape(), f)
			y = next
			continue
		}
		kernel.Zip(y.Data(), shape, y.Data(), shape, x.Data(), x.Shape(), f)
	}
	if y == xs[0] && len(xs) == 1 {
		y = y.Clone() // the caller may change the result
	}
	return []*Tensor{y}, nil
}

// mergeUnmasked is merge that ignores masked values: if one value is masked, the other is the result
// (Merge._apply_merge_op_and_or_mask).
func mergeUnmasked(who id, c *Context, xs []*Tensor, f func(a, b float32) float32) ([]*Tensor, error) {
	xs, masks, err := mergeInputs(who, c, xs)
	if err != nil {
		return nil, err
	}
	y, kept := xs[0].Clone(), masks[0]
	for i, x := range xs[1:] {
		mask := masks[i+1]
		for _, s := range []tensor.Shape{x.Shape(), y.Shape()} {
			if ok := s.Equal(x.Shape()); (mask != nil || kept != nil) && (!ok || !s.Equal(y.Shape())) {
				return nil, shapeErrorf(who, "input", x.Shape(), "%v: with masks, all shapes must be equal", y.Shape())
			}
		}
		if mask != nil {
			x = choose(mask, x, y)
		}
		if kept != nil {
			y = choose(kept, y, x)
		}
		if mask != nil && kept != nil {
			if kept, err = anyMask(who, []*Mask{kept, mask}); err != nil {
				return nil, err
			}
		} else {
			kept = nil
		}
		ys, err := merge(who, []*Tensor{y, x}, f)
		if err != nil {
			return nil, err
		}
		y = ys[0]
	}
	return []*Tensor{y}, nil
}

// choose returns the values of x where mask, broadcast to its shape, is true, and those of y elsewhere.
func choose(mask *Mask, x, y *Tensor) *Tensor {
	out := tensor.New[float32](x.Shape()...)
	steps := kernel.StretchSteps(mask.Shape(), x.Shape())
	last := len(steps) - 1
	kernel.Each(x.Shape(), steps, steps, func(at, from, _ int) {
		for i := range x.Shape()[last] {
			if mask.Data()[from+i*steps[last]] {
				out.Data()[at+i] = x.Data()[at+i]
			} else {
				out.Data()[at+i] = y.Data()[at+i]
			}
		}
	})
	return out
}

func mergeMaker(class string) config.Maker {
	switch class {
	case "Add":
		return func(c *config.Config) any { return &Add{Name: c.Name()} }
	case "Subtract":
		return func(c *config.Config) any { return &Subtract{Name: c.Name()} }
	case "Multiply":
		return func(c *config.Config) any { return &Multiply{Name: c.Name()} }
	case "Average":
		return func(c *config.Config) any { return &Average{Name: c.Name()} }
	case "Maximum":
		return func(c *config.Config) any { return &Maximum{Name: c.Name()} }
	case "Minimum":
		return func(c *config.Config) any { return &Minimum{Name: c.Name()} }
	case "Concatenate":
		return func(c *config.Config) any {
			axis := c.Int("axis", -1)
			return &Concatenate{Axis: &axis, Name: c.Name()}
		}
	case "Dot":
		return func(c *config.Config) any {
			return &Dot{Axes: c.Ints("axes"), Normalize: c.Bool("normalize", false), Name: c.Name()}
		}
	}
	return nil
}
