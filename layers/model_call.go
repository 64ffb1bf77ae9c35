package layers

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// A callee is what a node calls: a layer, a model or an operator.
type callee struct {
	who      id
	class    string
	layer    any
	operator operator
	to       tensor.DType // what an operator gives, where its configuration says so
}

// A kerasLayer is a layer that is called with more than tensors in a row, or with other than float32.
type kerasLayer interface {
	callKeras(a *arguments) ([]*value, error)
}

// call calls the callee, as Layer.__call__ does.
func (c *callee) call(a *arguments) ([]*value, error) {
	if c.operator != nil {
		out, err := c.operator(a)
		if err == nil {
			err = a.unused(len(a.args))
		}
		if err != nil {
			return nil, errorf(id{"keras.ops " + c.class, c.who.name}, "%w", err)
		}
		return out, nil
	}
	if training := a.get(-1, "training"); training == true {
		return nil, errorf(c.who, "argument %q is true: %w", "training", ErrUnknownOption)
	}
	var out []*value
	var err error
	switch l := c.layer.(type) {
	case *Model:
		return l.callNested(a)
	case kerasLayer:
		out, err = l.callKeras(a)
	default:
		out, err = callLayer(c, a)
	}
	if err == nil {
		if err = a.unused(len(a.args)); err != nil {
			err = errorf(c.who, "%w", err)
		}
	}
	return out, err
}

// first returns the layer's first argument, under whatever name.
func (a *arguments) first() any {
	if len(a.args) > 0 {
		return a.args[0]
	}
	for _, name := range []string{"inputs", "sequences", "x", "input", "sequence"} {
		if v := a.get(-1, name); v != nil {
			return v
		}
	}
	return nil
}

// flattened returns the values in a nest of lists and dicts; a dict's by its sorted names.
func flattened(arg any) ([]*value, error) {
	switch v := arg.(type) {
	case nil:
		return nil, nil
	case *value:
		return []*value{v}, nil
	case []any:
		var all []*value
		for _, item := range v {
			vs, err := flattened(item)
			if err != nil {
				return nil, err
			}
			all = append(all, vs...)
		}
		return all, nil
	case map[string]any:
		var all []*value
		for _, name := range slices.Sorted(maps.Keys(v)) {
			vs, err := flattened(v[name])
			if err != nil {
				return nil, err
			}
			all = append(all, vs...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("argument %s, want tensors", describeArg(arg))
}

// callNested runs a model within a model; masks go along with its inputs, and its outputs have their own.
func (m *Model) callNested(a *arguments) ([]*value, error) {
	first := a.first()
	if len(a.args) > 1 {
		return nil, errorf(m.who, "%d arguments, want 1", len(a.args))
	}
	b := m.body()
	if dict, ok := first.(map[string]any); ok && !b.named {
		list := make([]any, len(b.inputs))
		for i, s := range b.inputs {
			if list[i], ok = dict[s.Name]; !ok {
				return nil, errorf(m.who, "no input %q", s.Name)
			}
		}
		first = list
	}
	vs, err := flattened(first)
	if err != nil {
		return nil, errorf(m.who, "%w", err)
	}
	if mask := a.get(-1, "mask"); mask != nil {
		masks, err := maskList(mask, len(vs))
		if err != nil {
			return nil, errorf(m.who, "%w", err)
		}
		for i, v := range vs { // on the tensor itself, as Keras sets it
			if masks[i] != nil {
				v.mask = masks[i]
			}
		}
	}
	return m.run(a.work, vs)
}

// maskList returns an argument that is a mask, or a list of masks and None, as n masks.
func maskList(arg any, n int) ([]*Mask, error) {
	list, ok := arg.([]any)
	if dict, named := arg.(map[string]any); named {
		for _, name := range slices.Sorted(maps.Keys(dict)) {
			list = append(list, dict[name])
		}
	} else if !ok {
		list = []any{arg}
	}
	if len(list) > n {
		return nil, fmt.Errorf("%d masks for %d tensors", len(list), n)
	}
	masks := make([]*Mask, n)
	for i, item := range list {
		if item == nil {
			continue
		}
		v, ok := item.(*value)
		if !ok {
			return nil, fmt.Errorf("mask %s, want a tensor", describeArg(item))
		}
		var err error
		if masks[i], err = v.bools(); err != nil {
			return nil, err
		}
	}
	return masks, nil
}

// masksOf returns the masks that go along with vs.
func masksOf(vs []*value) []*Mask {
	masks := make([]*Mask, len(vs))
	for i, v := range vs {
		masks[i] = v.mask
	}
	return masks
}

// callLayer calls a layer of float32 tensors with the tensors of its first argument and, behind them, its initial state.
func callLayer(c *callee, a *arguments) ([]*value, error) {
	vs, err := flattened(a.first())
	if err != nil {
		return nil, errorf(c.who, "%w", err)
	}
	var rest any
	if len(a.args) > 1 {
		rest = slices.Clone(a.args[1:])
	}
	if state := a.get(-1, "initial_state"); state != nil {
		rest = []any{rest, state}
	}
	states, err := flattened(rest)
	if err != nil {
		return nil, errorf(c.who, "%w", err)
	}
	attached := masksOf(vs)
	masks, before := attached, attached
	if len(states) > 0 { // Keras hands masks on by itself to layers of one tensor argument
		masks = nil
	}
	if mask := a.get(-1, "mask"); mask != nil {
		if masks, err = maskList(mask, len(vs)); err != nil {
			return nil, errorf(c.who, "%w", err)
		}
		before = masks
	}
	var xs []*Tensor
	for _, v := range slices.Concat(vs, states) {
		x, err := v.float()
		if err != nil {
			return nil, errorf(c.who, "%w", err)
		}
		xs = append(xs, x)
	}
	ctx := &Context{Masks: masks, Workspace: a.work}
	var ys []*Tensor
	switch l := c.layer.(type) {
	case MultiLayer:
		ys, err = l.ForwardAll(ctx, xs)
	case Layer:
		if len(xs) != 1 {
			return nil, errorf(c.who, "%d inputs, want 1", len(xs))
		}
		ys, err = asList(l.Forward(ctx, xs[0]))
	default:
		return nil, errorf(c.who, "is no layer that can be called: %w", ErrUnknownLayer)
	}
	if err != nil {
		return nil, err
	}
	out := make([]*value, len(ys))
	if _, ok := c.layer.(Masker); ok && len(ys) == 1 && len(vs) == 1 && vs[0].x == tensor.Any(ys[0]) {
		return vs, nil // the same tensor, mask and all
	}
	for i, y := range ys {
		out[i] = floatValue(y)
		if keepsDType(c.class) && len(vs) > 0 {
			if out[i], err = out[i].cast(commonDType(vs)); err != nil {
				return nil, errorf(c.who, "%w", err)
			}
		}
	}
	return out, handOn(c.layer, &Context{Masks: before, Workspace: a.work}, xs[:len(vs)], out)
}

func asList(y *Tensor, err error) ([]*Tensor, error) { return []*Tensor{y}, err }

// handOn gives the first output the mask that the layer makes of those before it.
func handOn(layer any, ctx *Context, xs []*Tensor, out []*value) error {
	l, ok := layer.(Masker)
	if !ok || len(out) == 0 {
		return nil
	}
	mask, err := l.OutputMask(ctx, xs...)
	if err != nil {
		return err
	}
	out[0] = &value{x: out[0].x, as: out[0].as, mask: mask}
	return nil
}

// keepsDType reports the layers whose output has the dtype of their inputs, integers too.
func keepsDType(class string) bool {
	switch class {
	case "Reshape", "Flatten", "Permute", "RepeatVector", "Concatenate", "Add", "Subtract", "Multiply", "Maximum", "Minimum", "Identity",
		"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "ActivityRegularization",
		"Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "UpSampling1D", "UpSampling3D":
		return true
	}
	return false
}

// callKeras looks up integers as they are: a float32 has not all of them.
func (e *Embedding) callKeras(a *arguments) ([]*value, error) {
	v, ok := a.first().(*value)
	if !ok {
		return nil, errorf(e.id(), "argument %s, want a tensor", describeArg(a.first()))
	}
	n, err := v.ints()
	if err != nil {
		return nil, errorf(e.id(), "%w", err)
	}
	y, err := e.Lookup(n)
	if err != nil {
		return nil, err
	}
	out := floatValue(y)
	if e.MaskZero {
		out.mask = maskOf(n, func(i int64) bool { return i != 0 })
	}
	return []*value{out}, nil
}

// callKeras calls the layer with Keras's arguments.
func (m *MultiHeadAttention) callKeras(a *arguments) ([]*value, error) {
	out, err := callWithQuery(a, m.id(), m, m.Attend)
	for i, name := range []string{"query", "value", "key"} { // as Keras does, for whatever else they go to
		if v, ok := a.get(i, name).(*value); ok {
			v.mask = nil
		}
	}
	return out, err
}

// callKeras calls the layer with Keras's arguments.
func (g *GroupQueryAttention) callKeras(a *arguments) ([]*value, error) {
	return callWithQuery(a, g.id(), g, g.Attend)
}

type attendFunc func(c *Context, call AttentionCall) (y, scores *Tensor, err error)

// callWithQuery calls an attention layer whose tensors are arguments of their own: query, value, key and their masks.
func callWithQuery(a *arguments, who id, layer any, attend attendFunc) ([]*value, error) {
	var call AttentionCall
	tensors, masks := []**Tensor{&call.Query, &call.Value, &call.Key}, []**Mask{&call.QueryMask, &call.ValueMask, &call.KeyMask}
	var query *value
	for i, name := range []string{"query", "value", "key"} {
		v, _ := a.get(i, name).(*value)
		if v == nil {
			continue
		}
		var err error
		if *tensors[i], err = v.float(); err != nil {
			return nil, errorf(who, "%s: %w", name, err)
		}
		*masks[i] = v.mask
		if i == 0 {
			query = v
		}
	}
	for i, name := range []string{"query_mask", "value_mask", "key_mask", "attention_mask"} {
		v, _ := a.get(3+i, name).(*value)
		if v == nil || name == "query_mask" { // Keras reads the query's from the query
			continue
		}
		m, err := v.bools()
		if err != nil {
			return nil, errorf(who, "%s: %w", name, err)
		}
		if name == "attention_mask" {
			call.AttentionMask = m
		} else {
			*masks[i] = m
		}
	}
	call.Scores, call.Causal = a.get(-1, "return_attention_scores") == true, a.get(-1, "use_causal_mask") == true
	y, scores, err := attend(&Context{Workspace: a.work}, call)
	if err != nil {
		return nil, err
	}
	out := []*value{floatValue(y)}
	if call.Scores {
		out = append(out, floatValue(scores))
	}
	return out, handOn(layer, &Context{Masks: []*Mask{query.mask}}, []*Tensor{call.Query}, out)
}

// callKeras calls the layer with Keras's arguments.
func (a *Attention) callKeras(args *arguments) ([]*value, error) {
	return callWithList(args, a.id(), a, a.Attend)
}

// callKeras calls the layer with Keras's arguments.
func (a *AdditiveAttention) callKeras(args *arguments) ([]*value, error) {
	return callWithList(args, a.id(), a, a.Attend)
}

// callWithList calls an attention layer whose tensors are one list.
func callWithList(a *arguments, who id, layer any, attend attendFunc) ([]*value, error) {
	vs, err := flattened(a.first())
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	xs := make([]*Tensor, len(vs))
	for i, v := range vs {
		if xs[i], err = v.float(); err != nil {
			return nil, errorf(who, "%w", err)
		}
	}
	masks := masksOf(vs)
	if mask := a.get(-1, "mask"); mask != nil {
		if masks, err = maskList(mask, len(vs)); err != nil {
			return nil, errorf(who, "%w", err)
		}
	}
	ctx := &Context{Masks: masks, Workspace: a.work}
	call, err := attentionCall(who, ctx, xs)
	if err != nil {
		return nil, err
	}
	call.Scores, call.Causal = a.get(-1, "return_attention_scores") == true, a.get(-1, "use_causal_mask") == true
	y, scores, err := attend(ctx, call)
	if err != nil {
		return nil, err
	}
	out := []*value{floatValue(y)}
	if call.Scores {
		out = append(out, floatValue(scores))
	}
	return out, handOn(layer, ctx, xs, out)
}
