package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
)

// An AttentionCall has the arguments of a call of an attention layer.
type AttentionCall struct {
	Query *Tensor // [batch queries …]
	Value *Tensor // [batch values …]
	Key   *Tensor // [batch values …]; nil: Value

	// Masks of the tensors, of shape [batch queries] and [batch values], or nil.
	QueryMask, ValueMask, KeyMask *Mask

	// AttentionMask says which query sees which value. Its shape broadcasts to [batch queries values], or to [batch heads queries
	// values] for rank 4. nil: every query sees every value.
	AttentionMask *Mask

	Causal bool // a query does not see values at later positions
	Scores bool // return the scores too
}

// attentionCall returns the AttentionCall for xs in Keras's order (query, value, optionally key) and the masks of c.
func attentionCall(who id, c *Context, xs []*Tensor) (AttentionCall, error) {
	if len(xs) != 2 && len(xs) != 3 {
		return AttentionCall{}, errorf(who, "%d inputs, want query, value and perhaps key", len(xs))
	}
	call := AttentionCall{Query: xs[0], Value: xs[1], QueryMask: c.Mask(0), ValueMask: c.Mask(1)}
	if len(xs) == 3 {
		call.Key, call.KeyMask = xs[2], c.Mask(2)
	}
	return call, nil
}

// attentionMask broadcasts the masks of a call that are not nil and combines them with and: Keras's _compute_attention_mask.
// queries and values are the lengths for a causal mask. If window is above 0, a query sees only values that are nearer than that.
func (call *AttentionCall) attentionMask(who id, queries, values, window int) (*Mask, error) {
	var all *Mask
	both := func(name string, m *Mask, shape ...int) error {
		if m == nil {
			return nil
		}
		if !m.Built() {
			return shapeErrorf(who, name, nil, "a mask")
		}
		wide, err := m.Reshape(shape...)
		if err != nil {
			return errorf(who, "%s: %w", name, err)
		}
		if all == nil {
			all = wide
			return nil
		}
		next, ok := kernel.BothMasks(all, wide)
		if !ok {
			return shapeErrorf(who, name, wide.Shape(), "one that broadcasts with the other masks' %v", all.Shape())
		}
		all = next
		return nil
	}
	insert := func(m *Mask, fromEnd int) []int {
		if m == nil || len(m.Shape()) < fromEnd {
			return nil
		}
		return slices.Insert(slices.Clone(m.Shape()), len(m.Shape())-fromEnd, 1)
	}
	if err := both("query mask", call.QueryMask, insert(call.QueryMask, 0)...); err != nil {
		return nil, err
	}
	if err := both("value mask", call.ValueMask, insert(call.ValueMask, 1)...); err != nil {
		return nil, err
	}
	if err := both("key mask", call.KeyMask, insert(call.KeyMask, 1)...); err != nil {
		return nil, err
	}
	if call.Causal || window > 0 {
		if err := both("causal mask", kernel.CausalMask(queries, values, call.Causal, window), 1, queries, values); err != nil {
			return nil, err
		}
	}
	if m := call.AttentionMask; m != nil {
		if err := both("attention mask", m, m.Shape()...); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// An attendFunc is the method Attend of an attention layer.
type attendFunc func(c *Context, call AttentionCall) (y, scores *Tensor, err error)

// callWithQuery calls an attention layer that takes its tensors as separate arguments: query, value, key and their masks.
func callWithQuery(a *ops.Arguments, who id, layer any, attend attendFunc) ([]*ops.Value, error) {
	var call AttentionCall
	tensors, masks := []**Tensor{&call.Query, &call.Value, &call.Key}, []**Mask{&call.QueryMask, &call.ValueMask, &call.KeyMask}
	var query *ops.Value
	for i, name := range []string{"query", "value", "key"} {
		v, _ := a.Get(i, name).(*ops.Value)
		if v == nil {
			continue
		}
		var err error
		if *tensors[i], err = v.Float(); err != nil {
			return nil, errorf(who, "%s: %w", name, err)
		}
		*masks[i] = v.Mask
		if i == 0 {
			query = v
		}
	}
	for i, name := range []string{"query_mask", "value_mask", "key_mask", "attention_mask"} {
		v, _ := a.Get(3+i, name).(*ops.Value)
		if v == nil || name == "query_mask" { // Keras reads the query's from the query
			continue
		}
		m, err := v.Bools()
		if err != nil {
			return nil, errorf(who, "%s: %w", name, err)
		}
		if name == "attention_mask" {
			call.AttentionMask = m
		} else {
			*masks[i] = m
		}
	}
	call.Scores, call.Causal = a.Get(-1, "return_attention_scores") == true, a.Get(-1, "use_causal_mask") == true
	y, scores, err := attend(contextOf(a), call)
	if err != nil {
		return nil, err
	}
	out := []*ops.Value{ops.FloatValue(y)}
	if call.Scores {
		out = append(out, ops.FloatValue(scores))
	}
	return out, handOn(layer, &Context{Masks: []*Mask{query.Mask}}, []*Tensor{call.Query}, out)
}

// callWithList calls an attention layer that takes its tensors as a list.
func callWithList(a *ops.Arguments, who id, layer any, attend attendFunc) ([]*ops.Value, error) {
	vs, err := ops.Flattened(a.First())
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	xs := make([]*Tensor, len(vs))
	for i, v := range vs {
		if xs[i], err = v.Float(); err != nil {
			return nil, errorf(who, "%w", err)
		}
	}
	masks := ops.MasksOf(vs)
	if mask := a.Get(-1, "mask"); mask != nil {
		if masks, err = ops.MaskList(mask, len(vs)); err != nil {
			return nil, errorf(who, "%w", err)
		}
	}
	ctx := contextOf(a)
	ctx.Masks = masks
	call, err := attentionCall(who, ctx, xs)
	if err != nil {
		return nil, err
	}
	call.Scores, call.Causal = a.Get(-1, "return_attention_scores") == true, a.Get(-1, "use_causal_mask") == true
	y, scores, err := attend(ctx, call)
	if err != nil {
		return nil, err
	}
	out := []*ops.Value{ops.FloatValue(y)}
	if call.Scores {
		out = append(out, ops.FloatValue(scores))
	}
	return out, handOn(layer, ctx, xs, out)
}
