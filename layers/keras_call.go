package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// A kerasLayer takes arguments other than a list of float32 tensors.
type kerasLayer interface {
	callKeras(a *ops.Arguments) ([]*ops.Value, error)
}

// callLayer calls a layer of float32 tensors with the tensors of its first argument followed by its initial state.
func callLayer(who id, class string, layer any, a *ops.Arguments) ([]*ops.Value, error) {
	vs, err := ops.Flattened(a.First())
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	var rest any
	if len(a.Args) > 1 {
		rest = slices.Clone(a.Args[1:])
	}
	if state := a.Get(-1, "initial_state"); state != nil {
		rest = []any{rest, state}
	}
	states, err := ops.Flattened(rest)
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	attached := ops.MasksOf(vs)
	masks, before := attached, attached
	if len(states) > 0 { // Keras itself passes masks only to layers with one tensor argument
		masks = nil
	}
	if mask := a.Get(-1, "mask"); mask != nil {
		if masks, err = ops.MaskList(mask, len(vs)); err != nil {
			return nil, errorf(who, "%w", err)
		}
		before = masks
	}
	var xs []*Tensor
	for _, v := range slices.Concat(vs, states) {
		x, err := v.Float()
		if err != nil {
			return nil, errorf(who, "%w", err)
		}
		xs = append(xs, x)
	}
	ctx := contextOf(a)
	ctx.Masks, ctx.then = masks, a.Then
	var ys []*Tensor
	switch l := layer.(type) {
	case MultiLayer:
		ys, err = l.ForwardAll(ctx, xs)
	case Layer:
		if len(xs) != 1 {
			return nil, errorf(who, "%d inputs, want 1", len(xs))
		}
		ys, err = asList(l.Forward(ctx, xs[0]))
	default:
		return nil, errorf(who, "cannot be called: %w", ErrUnknownLayer)
	}
	if err != nil {
		return nil, err
	}
	out := make([]*ops.Value, len(ys))
	if _, ok := layer.(Masker); ok && len(ys) == 1 && len(vs) == 1 && vs[0].X == tensor.Any(ys[0]) {
		return vs, nil // the same tensor and mask
	}
	for i, y := range ys {
		out[i] = ops.FloatValue(y)
		if keepsDType(class) && len(vs) > 0 {
			if out[i], err = out[i].Cast(ops.CommonDType(vs)); err != nil {
				return nil, errorf(who, "%w", err)
			}
		}
	}
	return out, handOn(layer, &Context{Masks: before, Workspace: (*Workspace)(a.Work)}, xs[:len(vs)], out)
}

// contextOf returns the Context of a layer's call by a model.
func contextOf(a *ops.Arguments) *Context {
	return &Context{Workspace: (*Workspace)(a.Work), passing: a.Passing}
}

func asList(y *Tensor, err error) ([]*Tensor, error) { return []*Tensor{y}, err }

// handOn gives the first output the mask that the layer computes from its inputs' masks.
func handOn(layer any, ctx *Context, xs []*Tensor, out []*ops.Value) error {
	l, ok := layer.(Masker)
	if !ok || len(out) == 0 {
		return nil
	}
	mask, err := l.OutputMask(ctx, xs...)
	if err != nil {
		return err
	}
	out[0] = &ops.Value{X: out[0].X, As: out[0].As, Mask: mask}
	return nil
}

// keepsDType reports whether a layer's outputs have the dtype of its inputs, even for integers.
func keepsDType(class string) bool {
	switch class {
	case "Reshape", "Flatten", "Permute", "RepeatVector", "Concatenate", "Add", "Subtract", "Multiply", "Maximum", "Minimum", "Identity",
		"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "ActivityRegularization",
		"Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "UpSampling1D", "UpSampling3D":
		return true
	}
	return false
}
