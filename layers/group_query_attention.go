package layers

import (
	"math"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// GroupQueryAttention is keras.layers.GroupQueryAttention: attention in which several heads of the query share one head of key and
// value.
//
// The zero value takes the projections, and with them the numbers of heads and dimensions, from a checkpoint. For a query that
// sees no value, see [MultiHeadAttention].
type GroupQueryAttention struct {
	QueryDense  EinsumDense `ckpt:"_query_dense,alias=query_dense"`        // kernel [inputs queryHeads headDim]
	KeyDense    EinsumDense `ckpt:"_key_dense,alias=key_dense"`            // kernel [inputs keyValueHeads headDim]
	ValueDense  EinsumDense `ckpt:"_value_dense,alias=value_dense"`        // kernel [inputs keyValueHeads headDim]
	OutputDense EinsumDense `ckpt:"_output_dense,alias=output_dense"`      // kernel [queryHeads headDim outputs]
	GateDense   EinsumDense `ckpt:"_gate_dense,alias=gate_dense,optional"` // kernel [inputs queryHeads headDim]; not built: no gate

	HeadDim          int     // 0: the dimension in the weights
	NumQueryHeads    int     // 0: the number in the weights
	NumKeyValueHeads int     // 0: the number in the weights
	Dropout          float32 // the rate in training; above 0 it changes which computation Keras uses
	NoBias           bool    // make no biases
	SlidingWindow    int     // above 0: a query sees only positions nearer than that
	UseGate          bool    // make a gate
	Name             string  // for error messages
	Seed             uint64  // of the initial values

	first firstCall
}

// NewGroupQueryAttention returns a layer that makes its weights at the first call, unless they are restored before.
func NewGroupQueryAttention(headDim, queryHeads, keyValueHeads int) *GroupQueryAttention {
	return &GroupQueryAttention{HeadDim: headDim, NumQueryHeads: queryHeads, NumKeyValueHeads: keyValueHeads}
}

func (g *GroupQueryAttention) id() id { return id{"group_query_attention", g.Name} }

// Call returns the attention of query to value, in the shape of query.
func (g *GroupQueryAttention) Call(query, value *Tensor) (*Tensor, error) {
	y, _, err := g.Attend(nil, AttentionCall{Query: query, Value: value})
	return y, err
}

// ForwardAll is Call for query, value and optionally key, with their masks in c.
func (g *GroupQueryAttention) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	call, err := attentionCall(g.id(), c, xs)
	if err != nil {
		return nil, err
	}
	y, _, err := g.Attend(c, call)
	return []*Tensor{y}, err
}

// OutputMask returns the mask of the query.
func (g *GroupQueryAttention) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

// BuildFor makes missing projections for inputs of the given shapes, and checks the others.
func (g *GroupQueryAttention) BuildFor(query, value, key tensor.Shape) (err error) {
	defer g.first.begin().end(&err)
	who := g.id()
	for _, s := range []tensor.Shape{query, value, key} {
		if len(s) != 3 {
			return shapeErrorf(who, "input", s, "rank 3")
		}
	}
	switch {
	case value[0] != query[0]:
		return shapeErrorf(who, "value", value, "[%d … …] for query shape %v", query[0], query)
	case !value[:2].Equal(key[:2]):
		return shapeErrorf(who, "key", key, "[%d %d …] for value shape %v", value[0], value[1], value)
	}
	p := projections{who: who, noBias: g.NoBias, seed: g.Seed}
	p.project("query", &g.QueryDense, query, g.NumQueryHeads, g.HeadDim)
	p.project("key", &g.KeyDense, key, g.NumKeyValueHeads, g.HeadDim)
	p.project("value", &g.ValueDense, value, g.NumKeyValueHeads, g.HeadDim)
	if g.UseGate || g.GateDense.Kernel.Built() {
		p.project("gate", &g.GateDense, query, g.NumQueryHeads, g.HeadDim)
	}
	if p.err != nil {
		return p.err
	}
	q, k, v := g.QueryDense.Kernel.Shape(), g.KeyDense.Kernel.Shape(), g.ValueDense.Kernel.Shape()
	switch {
	case k[1] == 0 || q[1]%k[1] != 0 || k[2] != q[2]:
		return shapeErrorf(who, "key kernel", k, "[… heads %d] with a number of heads that divides the query's %d", q[2], q[1])
	case !v[1:].Equal(k[1:]):
		return shapeErrorf(who, "value kernel", v, "[… %d %d] like the key kernel", k[1], k[2])
	}
	if gate := g.GateDense.Kernel.Shape(); gate != nil && !gate[1:].Equal(q[1:]) {
		return shapeErrorf(who, "gate kernel", gate, "[… %d %d] like the query kernel", q[1], q[2])
	}
	return p.output(&g.OutputDense, q[1:], nil, query)
}

// Attend calls the layer. If the call asks for scores, their shape is [batch queryHeads queries values].
func (g *GroupQueryAttention) Attend(c *Context, call AttentionCall) (y, scores *Tensor, err error) {
	who := g.id()
	if call.Key == nil {
		call.Key = call.Value
	}
	for _, x := range []*Tensor{call.Query, call.Value, call.Key} {
		if err := checkInput(who, x, 3, 3); err != nil {
			return nil, nil, err
		}
	}
	qShape, vShape := call.Query.Shape(), call.Value.Shape()
	if err := g.BuildFor(qShape, vShape, call.Key.Shape()); err != nil {
		return nil, nil, err
	}
	work := c.workspace()
	defer work.Release(work.Mark())
	batch, queries, values := qShape[0], qShape[1], vShape[1]
	heads, dim := g.QueryDense.Kernel.Shape()[1], g.QueryDense.Kernel.Shape()[2]
	shared := g.KeyDense.Kernel.Shape()[1]
	group := heads / shared
	out := work.Floats(batch * queries * heads * dim)
	clear(out)
	own := func(data []float32) kernel.RowsAt {
		return kernel.RowsAt{Data: data, Batch: []int{queries * heads * dim, group * dim, dim}, Row: heads * dim}
	}
	common := func(x *Tensor, d *EinsumDense) kernel.RowsAt {
		return kernel.RowsAt{Data: projected(work, x, d), Batch: []int{values * shared * dim, dim, 0}, Row: shared * dim}
	}
	a := &kernel.SoftAttention{
		Batch:   []int{batch, shared, group},
		Q:       own(projected(work, call.Query, &g.QueryDense)),
		K:       common(call.Key, &g.KeyDense),
		V:       common(call.Value, &g.ValueDense),
		Out:     own(out),
		Queries: queries, Values: values, Width: dim, ValueWidth: dim,
		Scale: float32(1 / math.Sqrt(float64(dim))),
	}
	if err := g.masks(a, &call); err != nil {
		return nil, nil, err
	}
	if call.Scores {
		if a.Scores, err = newOutput(who, batch, heads, queries, values); err != nil {
			return nil, nil, err
		}
		scores = a.Scores
	}
	a.Run(work)
	if g.GateDense.Kernel.Built() {
		applyGate(out, projected(work, call.Query, &g.GateDense), heads*dim)
	}
	m := MultiHeadAttention{OutputDense: g.OutputDense, Name: g.Name}
	y, err = m.finish(c, out, qShape)
	return y, scores, err
}

// masks gives a the combined masks of the call. Their heads are two axes: the key and value heads, and the query heads that share
// one of them.
func (g *GroupQueryAttention) masks(a *kernel.SoftAttention, call *AttentionCall) error {
	a.Masked, a.DropMasked = masked, true
	if g.Dropout == 0 && !call.Scores {
		a.Masked, a.DropMasked = kernel.FusedMasked, false
	}
	if call.Causal && call.QueryMask == nil && call.ValueMask == nil && call.KeyMask == nil && call.AttentionMask == nil && g.SlidingWindow == 0 {
		a.Causal = true
		return nil
	}
	mask, err := call.attentionMask(g.id(), a.Queries, a.Values, g.SlidingWindow)
	if err != nil || mask == nil {
		return err
	}
	if err := a.GroupMask(mask); err != nil {
		return errorf(g.id(), "%w", err)
	}
	return nil
}

// callKeras calls the layer with Keras's arguments.
func (g *GroupQueryAttention) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	return callWithQuery(a, g.id(), g, g.Attend)
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that HeadDim and the numbers of heads fix.
func (g *GroupQueryAttention) WantShapes(want func(variable tensor.Any, shape ...int)) {
	width, heads, shared := anyOr(g.HeadDim), anyOr(g.NumQueryHeads), anyOr(g.NumKeyValueHeads)
	wantProjection(want, &g.QueryDense, heads, width)
	wantProjection(want, &g.KeyDense, shared, width)
	wantProjection(want, &g.ValueDense, shared, width)
	wantProjection(want, &g.GateDense, heads, width)
	want(&g.OutputDense.Kernel, heads, width, -1)
}
