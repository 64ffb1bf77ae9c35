package layers

import (
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// An AttentionCall is what an attention layer may be called with.
type AttentionCall struct {
	Query *Tensor // [batch queries …]
	Value *Tensor // [batch values …]
	Key   *Tensor // [batch values …]; nil: Value

	// Masks of the tensors, of shape [batch queries] and [batch values], nil for none.
	QueryMask, ValueMask, KeyMask *Mask

	// AttentionMask says which query looks at which value: a shape that stretches to [batch queries values]; one of rank
	// 4 has an axis for the heads behind that of the batch. nil: all at all.
	AttentionMask *Mask

	Causal bool // a query looks at no value behind its own place
	Scores bool // return the scores too
}

// call returns the AttentionCall for xs in Keras's order, query, value and perhaps key, and the masks of c.
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

// fusedMasked is what Keras's dot_product_attention puts in place of a masked score.
const fusedMasked = -0.7 * 3.38953e38

// A softAttention is softmax(scale·q·kᵀ)·v over rows that lie at regular steps in memory, for every combination of batch axes, of
// which the heads are one.
type softAttention struct {
	batch             []int // lengths of the batch axes
	q, k, v, out      rowsAt
	queries, values   int // rows of q and out, rows of k and v
	width, valueWidth int // of a row of q and k, of a row of v and out
	scale             float32
	causal            bool  // a query looks at no value behind its own place; not together with mask
	mask              *Mask // stretches to batch, queries, values; nil for none
	masked            float32
	dropMasked        bool    // a masked score is 0 even where all of its row are
	scores            *Tensor // [batch … queries values], filled where it is not nil
	maskSteps         []int
}

// rowsAt says where the rows of a tensor lie.
type rowsAt struct {
	data  []float32
	batch []int // steps along the batch axes
	row   int   // step from row to row
}

// run computes a.out, which must be 0.
func (a *softAttention) run(work *Workspace) {
	items := tensor.Shape(a.batch).Len()
	if items == 0 || a.queries == 0 || a.values == 0 {
		return
	}
	if a.mask != nil {
		a.maskSteps = stretchSteps(a.mask.Shape(), slices.Concat(a.batch, []int{a.queries, a.values}))
	}
	cost := a.queries * a.values * (a.width + a.valueWidth + activationCost/2)
	defer work.release(work.mark())
	runs := ranges(items, cost)
	scratch := work.floats(runs * a.values)
	parallel(items, cost, func(run, lo, hi int) {
		row := scratch[run*a.values : (run+1)*a.values]
		for item := lo; item < hi; item++ {
			a.item(item, row)
		}
	})
}

// item computes one combination of the batch axes; row is scratch for a query's scores.
func (a *softAttention) item(item int, row []float32) {
	var q, k, v, out, m int
	for axis, rest := len(a.batch)-1, item; axis >= 0; axis-- {
		i := rest % a.batch[axis]
		rest /= a.batch[axis]
		q, k, v, out = q+i*a.q.batch[axis], k+i*a.k.batch[axis], v+i*a.v.batch[axis], out+i*a.out.batch[axis]
		if a.mask != nil {
			m += i * a.maskSteps[axis]
		}
	}
	keys := blas32.General{Rows: a.values, Cols: a.width, Stride: max(a.k.row, 1), Data: a.k.data[k:]}
	vals := blas32.General{Rows: a.values, Cols: a.valueWidth, Stride: max(a.v.row, 1), Data: a.v.data[v:]}
	for t := range a.queries {
		scores := row
		if a.scores != nil {
			at := (item*a.queries + t) * a.values
			scores = a.scores.Data()[at : at+a.values]
		}
		clear(scores)
		if a.causal {
			scores = scores[:min(t+1, a.values)]
			keys.Rows, vals.Rows = len(scores), len(scores)
		}
		vector := blas32.Vector{N: len(scores), Inc: 1, Data: scores}
		if a.width > 0 {
			blas32.Gemv(blas.NoTrans, a.scale, keys, blas32.Vector{N: a.width, Inc: 1, Data: a.q.data[q+t*a.q.row:]}, 0, vector)
		}
		a.finish(scores, m, t)
		if a.valueWidth > 0 {
			blas32.Gemv(blas.Trans, 1, vals, vector, 1, blas32.Vector{N: a.valueWidth, Inc: 1, Data: a.out.data[out+t*a.out.row:]})
		}
	}
}

// finish makes weights of the scores of query t, whose batch entry's mask begins at m.
func (a *softAttention) finish(scores []float32, m, t int) {
	if a.mask == nil {
		_, _ = activation.Softmax().Apply(scores, len(scores)) // a row of at least one value: no error
		return
	}
	rank := len(a.batch)
	at, step := m+t*a.maskSteps[rank], a.maskSteps[rank+1]
	a.eachMasked(scores, at, step, a.masked)
	_, _ = activation.Softmax().Apply(scores, len(scores))
	if a.dropMasked {
		a.eachMasked(scores, at, step, 0)
	}
}

func (a *softAttention) eachMasked(scores []float32, at, step int, value float32) {
	keep := a.mask.Data()
	for i := range scores {
		if !keep[at+i*step] {
			scores[i] = value
		}
	}
}

// attentionMask returns the masks of a call that are not nil, stretched to each other and combined by and: Keras's
// _compute_attention_mask. queries and values are the lengths that a causal mask is for; a window above 0 is how
// near a value must be to the query's place.
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
		s, ok := stretched(all.Shape(), wide.Shape())
		if !ok {
			return shapeErrorf(who, name, wide.Shape(), "one that stretches with the other masks' %v", all.Shape())
		}
		next := tensor.New[bool](s...)
		zip(next.Data(), s, all.Data(), all.Shape(), wide.Data(), wide.Shape(), func(a, b bool) bool { return a && b })
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
		if err := both("causal mask", causalMask(queries, values, call.Causal, window), 1, queries, values); err != nil {
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

// causalMask returns [queries values], true where a value's place is not behind the query's (causal) and less than window away
// from it (window above 0).
func causalMask(queries, values int, causal bool, window int) *Mask {
	m := tensor.New[bool](queries, values)
	for i := range queries {
		for j := range values {
			m.Data()[i*values+j] = !(causal && j > i) && !(window > 0 && max(i-j, j-i) >= window)
		}
	}
	return m
}
