package layers

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// MultiHeadAttention is keras.layers.MultiHeadAttention.
//
// The zero value takes the projections, and with them the numbers of heads and dimensions, from a checkpoint. If a mask hides all
// values from a query, the result is the same as in Keras: the mean of the values. With Dropout, with more than one attention
// axis, or if scores are returned, it is only the bias of the output.
type MultiHeadAttention struct {
	QueryDense  EinsumDense `ckpt:"_query_dense,alias=query_dense"`        // kernel [inputs heads keyDim]
	KeyDense    EinsumDense `ckpt:"_key_dense,alias=key_dense"`            // kernel [inputs heads keyDim]
	ValueDense  EinsumDense `ckpt:"_value_dense,alias=value_dense"`        // kernel [inputs heads valueDim]
	OutputDense EinsumDense `ckpt:"_output_dense,alias=output_dense"`      // kernel [heads valueDim outputs…]
	GateDense   EinsumDense `ckpt:"_gate_dense,alias=gate_dense,optional"` // kernel [inputs heads valueDim]; not built: no gate

	NumHeads, KeyDim int     // 0: the number in the weights
	ValueDim         int     // 0: KeyDim
	Dropout          float32 // the rate in training; above 0 it changes which computation Keras uses
	NoBias           bool    // make no biases
	OutputShape      []int   // nil: the query's last axis
	AttentionAxes    []int   // the axes that attention uses; nil: all except the first and the last
	SlidingWindow    int     // above 0: a query sees only positions nearer than that
	UseGate          bool    // make a gate
	Name             string  // for error messages
	Seed             uint64  // of the initial values

	first firstCall
}

// NewMultiHeadAttention returns a layer that makes its weights at the first call, unless they are restored before.
func NewMultiHeadAttention(numHeads, keyDim int) *MultiHeadAttention {
	return &MultiHeadAttention{NumHeads: numHeads, KeyDim: keyDim}
}

func (m *MultiHeadAttention) id() id { return id{"multi_head_attention", m.Name} }

// Call returns the attention of query to value. The result has the shape of query, with OutputShape as its last axes.
func (m *MultiHeadAttention) Call(query, value *Tensor) (*Tensor, error) {
	y, _, err := m.Attend(nil, AttentionCall{Query: query, Value: value})
	return y, err
}

// ForwardAll is Call for query, value and optionally key, with their masks in c.
func (m *MultiHeadAttention) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	call, err := attentionCall(m.id(), c, xs)
	if err != nil {
		return nil, err
	}
	y, _, err := m.Attend(c, call)
	return []*Tensor{y}, err
}

// OutputMask returns the mask of the query.
func (m *MultiHeadAttention) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

// BuildFor makes missing projections for inputs of the given shapes, and checks the others.
func (m *MultiHeadAttention) BuildFor(query, value, key tensor.Shape) (err error) {
	defer m.first.begin().end(&err)
	who := m.id()
	for _, s := range []tensor.Shape{query, value, key} {
		if len(s) < 3 {
			return shapeErrorf(who, "input", s, "rank 3 or more")
		}
	}
	if !value[:len(value)-1].Equal(key[:max(len(key)-1, 0)]) {
		return shapeErrorf(who, "key", key, "%v except for the last axis, like value", value)
	}
	valueDim := m.ValueDim
	if valueDim == 0 {
		valueDim = m.KeyDim
	}
	p := projections{who: who, noBias: m.NoBias, seed: m.Seed}
	p.project("query", &m.QueryDense, query, m.NumHeads, m.KeyDim)
	p.project("key", &m.KeyDense, key, m.NumHeads, m.KeyDim)
	p.project("value", &m.ValueDense, value, m.NumHeads, valueDim)
	if m.UseGate || m.GateDense.Kernel.Built() {
		p.project("gate", &m.GateDense, query, m.NumHeads, valueDim)
	}
	if p.err != nil {
		return p.err
	}
	q, k, v := m.QueryDense.Kernel.Shape(), m.KeyDense.Kernel.Shape(), m.ValueDense.Kernel.Shape()
	switch {
	case k[1] != q[1] || k[2] != q[2]:
		return shapeErrorf(who, "key kernel", k, "[… %d %d] like the query kernel", q[1], q[2])
	case v[1] != q[1]:
		return shapeErrorf(who, "value kernel", v, "[… %d …] like the query kernel", q[1])
	}
	if g := m.GateDense.Kernel.Shape(); g != nil && !g[1:].Equal(v[1:]) {
		return shapeErrorf(who, "gate kernel", g, "[… %d %d] like the value kernel", v[1], v[2])
	}
	return p.output(&m.OutputDense, v[1:], m.OutputShape, query)
}

// Attend calls the layer. If the call asks for scores, their shape is [batch heads queries values].
func (m *MultiHeadAttention) Attend(c *Context, call AttentionCall) (y, scores *Tensor, err error) {
	who := m.id()
	if call.Key == nil {
		call.Key = call.Value
	}
	for _, x := range []*Tensor{call.Query, call.Value, call.Key} {
		if err := checkInput(who, x, 3, 0); err != nil {
			return nil, nil, err
		}
	}
	qShape, vShape := call.Query.Shape(), call.Value.Shape()
	if err := m.BuildFor(qShape, vShape, call.Key.Shape()); err != nil {
		return nil, nil, err
	}
	rank := len(qShape) + 1
	if len(vShape) != len(qShape) {
		return nil, nil, shapeErrorf(who, "value", vShape, "rank %d, like query shape %v", len(qShape), qShape)
	}
	axes, err := m.axes(qShape)
	if err != nil {
		return nil, nil, err
	}
	for i := range rank - 2 {
		if !slices.Contains(axes, i) && qShape[i] != vShape[i] {
			return nil, nil, shapeErrorf(who, "value", vShape, "axis %d of length %d, like query shape %v", i, qShape[i], qShape)
		}
	}
	work := c.workspace()
	defer work.Release(work.Mark())
	q := projected(work, call.Query, &m.QueryDense)
	k := projected(work, call.Key, &m.KeyDense)
	v := projected(work, call.Value, &m.ValueDense)

	weights := m.QueryDense.Kernel.Shape()
	heads, keyDim, valueDim := weights[1], weights[2], m.ValueDense.Kernel.Shape()[2]
	to := func(s tensor.Shape, width int) tensor.Shape {
		return append(slices.Clone(s[:len(s)-1]), heads, width)
	}
	outShape := to(qShape, valueDim)
	out := work.Floats(outShape.Len())
	clear(out)

	order, turn := attentionOrder(axes, rank)
	a := &kernel.SoftAttention{
		Q:     layRows(work, q, to(qShape, keyDim), order, turn, len(axes)),
		K:     layRows(work, k, to(vShape, keyDim), order, turn, len(axes)),
		V:     layRows(work, v, to(vShape, valueDim), order, turn, len(axes)),
		Width: keyDim, ValueWidth: valueDim,
		Scale: float32(1 / math.Sqrt(float64(keyDim))),
	}
	attended := out
	if turn { // the rows have the order of the swapped operands
		attended = work.Floats(len(out))
		clear(attended)
	}
	a.Out = layRows(nil, attended, turnedShape(outShape, order, turn), unturned(order, turn), false, len(axes))
	inner := len(order) - 1 - len(axes)
	for _, axis := range order[:inner] {
		a.Batch = append(a.Batch, outShape[axis])
	}
	qLengths, vLengths := kernel.Permuted(outShape, order[inner:rank-1]), kernel.Permuted(to(vShape, valueDim), order[inner:rank-1])
	a.Queries, a.Values = qLengths.Len(), vLengths.Len()
	if err := m.masks(a, &call, qShape, vShape, slices.Concat(a.Batch, qLengths, vLengths), len(axes)); err != nil {
		return nil, nil, err
	}
	if call.Scores {
		if a.Scores, err = newOutput(who, slices.Concat(a.Batch, []int{a.Queries, a.Values})...); err != nil {
			return nil, nil, err
		}
	}
	a.Run(work)
	if turn {
		kernel.Transpose(out, attended, kernel.Permuted(outShape, order), kernel.Inverse(order))
	}
	if m.GateDense.Kernel.Built() {
		gate := projected(work, call.Query, &m.GateDense)
		applyGate(out, gate, heads*valueDim)
	}
	if y, err = m.finish(c, out, qShape); err != nil {
		return nil, nil, err
	}
	if a.Scores != nil {
		if scores, err = a.Scores.Reshape(slices.Concat(a.Batch, qLengths, vLengths)...); err != nil {
			return nil, nil, errorf(who, "%w", err)
		}
	}
	return y, scores, nil
}

// applyGate multiplies x by the sigmoid of gate. Rows of gate have the given width.
func applyGate(x, gate []float32, width int) {
	if width == 0 || len(x) == 0 {
		return
	}
	_, _ = activation.Sigmoid().Apply(gate, width) // whole rows: no error
	for i, g := range gate {
		x[i] *= g
	}
}

// axes returns the axes of the input that attention uses.
func (m *MultiHeadAttention) axes(query tensor.Shape) ([]int, error) {
	if len(m.AttentionAxes) == 0 {
		axes := make([]int, 0, len(query))
		for i := 1; i < len(query)-1; i++ {
			axes = append(axes, i)
		}
		return axes, nil
	}
	axes := make([]int, 0, len(m.AttentionAxes))
	for _, axis := range m.AttentionAxes {
		at, err := resolveAxis(m.id(), axis, query)
		if err != nil {
			return nil, err
		}
		if at == 0 || at == len(query)-1 || slices.Contains(axes, at) {
			return nil, errorf(m.id(), "attention axes %v: want axes between the first and the last of input shape %v, each once", m.AttentionAxes, query)
		}
		axes = append(axes, at)
	}
	return axes, nil
}

// masks gives a the combined masks of the call for scores of the given shape.
func (m *MultiHeadAttention) masks(a *kernel.SoftAttention, call *AttentionCall, query, value, scores tensor.Shape, axes int) error {
	fused := m.Dropout == 0 && !call.Scores && len(scores) == 4
	a.Masked, a.DropMasked = masked, true
	if fused { // the backend's dot_product_attention
		a.Masked, a.DropMasked = kernel.FusedMasked, false
	}
	if call.Causal && call.QueryMask == nil && call.ValueMask == nil && call.KeyMask == nil && call.AttentionMask == nil &&
		m.SlidingWindow == 0 && len(scores) == 4 {
		a.Causal = true
		return nil
	}
	mask, err := call.attentionMask(m.id(), query[1], value[1], m.SlidingWindow)
	if err != nil || mask == nil {
		return err
	}
	// Keras puts missing axes in front of those of queries and values.
	s := slices.Clone(mask.Shape())
	if len(s) < 2*axes || len(s) > len(scores) {
		return shapeErrorf(m.id(), "mask", s, "rank %d to %d", 2*axes, len(scores))
	}
	s = slices.Insert(s, len(s)-2*axes, slices.Repeat([]int{1}, len(scores)-len(s))...)
	if mask, err = mask.Reshape(s...); err != nil {
		return errorf(m.id(), "%w", err)
	}
	if to, ok := kernel.Stretched(s, scores); !ok || !to.Equal(scores) {
		return shapeErrorf(m.id(), "mask", s, "one that broadcasts to scores of shape %v", scores)
	}
	if axes > 1 { // combine the query axes and the value axes into one each
		full := tensor.New[bool](scores...)
		kernel.Zip(full.Data(), scores, mask.Data(), s, full.Data(), scores, func(k, _ bool) bool { return k })
		if mask, err = full.Reshape(slices.Concat(a.Batch, []int{a.Queries, a.Values})...); err != nil {
			return errorf(m.id(), "%w", err)
		}
	}
	a.Mask = mask
	return nil
}

// finish applies the output's projection to the results of the heads.
func (m *MultiHeadAttention) finish(c *Context, out []float32, query tensor.Shape) (*Tensor, error) {
	weights := m.OutputDense.Kernel.Shape()
	y, err := c.newOutput(m.id(), slices.Concat(query[:len(query)-1], weights[2:])...)
	if err != nil {
		return nil, err
	}
	n, k, w := query[:len(query)-1].Len(), weights[:2].Len(), weights[2:].Len()
	m.OutputDense.linear(c.workspace(), y.Data(), out, n, k, w)
	return y, nil
}

// projected returns x along the kernel of d, with its bias: [… heads width] in scratch memory.
func projected(work *kernel.Scratch, x *Tensor, d *EinsumDense) []float32 {
	shape := d.Kernel.Shape()
	in, width := shape[0], shape[1:].Len()
	rows := x.Shape()[:len(x.Shape())-1].Len()
	y := work.Floats(rows * width)
	d.linear(work, y, x.Data(), rows, in, width)
	return y
}

// linear sets y to the product of x, which has rows of inputs values, and the kernel as a matrix, plus bias.
func (d *EinsumDense) linear(work *kernel.Scratch, y, x []float32, rows, inputs, width int) {
	defer work.Release(work.Mark())
	if d.KernelScale.Built() {
		d.quantized().linear(work, y, x, rows, inputs, width)
		return
	}
	weights := d.lora().addedTo(work, &d.Kernel)
	kernel.MatmulBias(kernel.Matrix(y, rows, width), kernel.Matrix(x, rows, inputs), kernel.Matrix(weights, inputs, width), d.Bias.Data())
}

// attentionOrder returns the axes of a projected tensor, those of the batch first, then those of attention, then the last; and
// whether memory must be rearranged so that rows have a constant distance.
func attentionOrder(axes []int, rank int) (order []int, turn bool) {
	for i := range rank - 1 {
		if !slices.Contains(axes, i) {
			order = append(order, i)
		}
	}
	for i, axis := range axes {
		turn = turn || i > 0 && axis != axes[i-1]+1
	}
	return append(append(order, axes...), rank-1), turn
}

func turnedShape(s tensor.Shape, order []int, turn bool) tensor.Shape {
	if turn {
		return kernel.Permuted(s, order)
	}
	return s
}

// unturned returns the order of axes of a tensor that was rearranged already.
func unturned(order []int, turn bool) []int {
	if !turn {
		return order
	}
	same := make([]int, len(order))
	for i := range same {
		same[i] = i
	}
	return same
}

// layRows returns the positions of rows in data, of shape s: its axes, in order, are those of the batch, those of attention, and
// the last.
func layRows(work *kernel.Scratch, data []float32, s tensor.Shape, order []int, turn bool, attention int) kernel.RowsAt {
	if turn {
		turned := work.Floats(len(data))
		kernel.Transpose(turned, data, s, order)
		data, s, order = turned, kernel.Permuted(s, order), unturned(order, true)
	}
	steps := make([]int, len(s))
	for i, step := len(s)-1, 1; i >= 0; i-- {
		steps[i] = step
		step *= s[i]
	}
	r := kernel.RowsAt{Data: data}
	inner := len(order) - 1 - attention
	for _, axis := range order[:inner] {
		r.Batch = append(r.Batch, steps[axis])
	}
	r.Row = steps[order[len(order)-2]]
	return r
}

// projections builds the weights of an attention layer; it keeps the first error.
type projections struct {
	who    id
	noBias bool
	seed   uint64
	err    error
}

// project makes d's weights, [inputs heads width], if it has none, and checks them. A width or number of heads of 0 means any.
func (p *projections) project(name string, d *EinsumDense, input tensor.Shape, heads, width int) {
	if p.err != nil {
		return
	}
	in := input[len(input)-1]
	if !d.Kernel.Built() {
		if heads <= 0 || width <= 0 {
			p.err = errorf(p.who, "%s: %w", name, ErrNotBuilt)
			return
		}
		p.build(name, d, tensor.Shape{in, heads, width}, tensor.Shape{heads, width})
	}
	p.check(name, d, orAny(in, heads, width), 1, input)
}

// output makes and checks the projection from heads to the outputs.
func (p *projections) output(d *EinsumDense, from tensor.Shape, outputs []int, query tensor.Shape) error {
	if len(outputs) == 0 {
		outputs = query[len(query)-1:]
	}
	shape := slices.Concat(from, outputs)
	if !d.Kernel.Built() {
		p.build("attention_output", d, shape, outputs)
	}
	p.check("attention_output", d, shape, 2, query)
	return p.err
}

func (p *projections) build(name string, d *EinsumDense, weights, bias tensor.Shape) {
	in := weights[0]
	if name == "attention_output" {
		in = weights[:2].Len()
	}
	init := func(w []float32, s tensor.Shape, r *rand.Rand) {
		uniform(w, math.Sqrt(6/math.Max(1, float64(in)+float64(s.Len()/max(in, 1)))), r)
	}
	if p.err = buildWeight(p.who, name+" kernel", &d.Kernel, p.seed, init, weights...); p.err == nil && !p.noBias {
		p.err = buildWeight(p.who, name+" bias", &d.Bias, p.seed, zeros, bias...)
	}
}

// check compares d's weights with shape. The first axes of shape are the input's.
func (p *projections) check(name string, d *EinsumDense, shape []int, inputs int, input tensor.Shape) {
	if p.err != nil {
		return
	}
	if p.err = checkWeight(p.who, name+" kernel", &d.Kernel, "for input shape "+input.String()+" by the layer's options", shape...); p.err != nil {
		return
	}
	if p.err = d.checkKernel(p.who, d.Kernel.Shape()[inputs:].Len()); p.err != nil {
		return
	}
	if want := d.Kernel.Shape()[inputs:]; d.Bias.Built() && !d.Bias.Shape().Equal(want) {
		p.err = shapeErrorf(p.who, name+" bias", d.Bias.Shape(), "%v for kernel shape %v", want, d.Kernel.Shape())
	}
}

// orAny returns lengths with -1 in place of 0.
func orAny(lengths ...int) []int {
	for i, n := range lengths {
		if i > 0 && n == 0 {
			lengths[i] = -1
		}
	}
	return lengths
}

// callKeras calls the layer with Keras's arguments.
func (m *MultiHeadAttention) callKeras(a *ops.Arguments) ([]*ops.Value, error) {
	out, err := callWithQuery(a, m.id(), m, m.Attend)
	for i, name := range []string{"query", "value", "key"} { // as in Keras, whatever other layers use them
		if v, ok := a.Get(i, name).(*ops.Value); ok {
			v.Mask = nil
		}
	}
	return out, err
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that NumHeads, KeyDim, ValueDim and OutputShape fix.
func (m *MultiHeadAttention) WantShapes(want func(variable tensor.Any, shape ...int)) {
	heads, keyDim, valueDim := anyOr(m.NumHeads), anyOr(m.KeyDim), anyOr(m.ValueDim)
	if m.ValueDim == 0 {
		valueDim = keyDim
	}
	wantProjection(want, &m.QueryDense, heads, keyDim)
	wantProjection(want, &m.KeyDense, heads, keyDim)
	wantProjection(want, &m.ValueDense, heads, valueDim)
	wantProjection(want, &m.GateDense, heads, valueDim)
	if len(m.OutputShape) > 0 {
		want(&m.OutputDense.Kernel, slices.Concat([]int{heads, valueDim}, m.OutputShape)...)
		want(&m.OutputDense.Bias, m.OutputShape...)
	} else {
		want(&m.OutputDense.Kernel, heads, valueDim, -1)
	}
}

// wantProjection calls want for the weights of a projection from inputs to heads.
func wantProjection(want func(variable tensor.Any, shape ...int), d *EinsumDense, heads, width int) {
	want(&d.Kernel, -1, heads, width)
	want(&d.Bias, heads, width)
}
