package layers

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// MultiHeadAttention is keras.layers.MultiHeadAttention.
//
// Its zero value takes the projections from a checkpoint, and heads and dimensions with them. Called with a mask by which a
// query looks at nothing, it gives what Keras gives: the mean of the values, or, with Dropout, more than one
// attention axis or scores returned, nothing but the output's bias.
type MultiHeadAttention struct {
	QueryDense  EinsumDense `ckpt:"_query_dense"`         // kernel [inputs heads keyDim]
	KeyDense    EinsumDense `ckpt:"_key_dense"`           // kernel [inputs heads keyDim]
	ValueDense  EinsumDense `ckpt:"_value_dense"`         // kernel [inputs heads valueDim]
	OutputDense EinsumDense `ckpt:"_output_dense"`        // kernel [heads valueDim outputs…]
	GateDense   EinsumDense `ckpt:"_gate_dense,optional"` // kernel [inputs heads valueDim]; not built: no gate

	NumHeads, KeyDim int     // 0: as the weights have it
	ValueDim         int     // 0: KeyDim
	Dropout          float32 // the rate in training; above it says which computation Keras takes
	NoBias           bool    // make no biases
	OutputShape      []int   // nil: the query's last axis
	AttentionAxes    []int   // the axes that attention goes along; nil: all but the first and the last
	SlidingWindow    int     // above 0: a query looks at places nearer than that
	UseGate          bool    // make a gate
	Name             string  // for error messages
	Seed             uint64  // of the initial values
}

// NewMultiHeadAttention returns a layer that makes its weights at the first call if they are not restored before.
func NewMultiHeadAttention(numHeads, keyDim int) *MultiHeadAttention {
	return &MultiHeadAttention{NumHeads: numHeads, KeyDim: keyDim}
}

func (m *MultiHeadAttention) id() id { return id{"multi_head_attention", m.Name} }

// Call returns what query reads from value, in the query's shape but for the last axes, which are OutputShape's.
func (m *MultiHeadAttention) Call(query, value *Tensor) (*Tensor, error) {
	y, _, err := m.Attend(nil, AttentionCall{Query: query, Value: value})
	return y, err
}

// ForwardAll is Call for query, value and perhaps key, with their masks in c.
func (m *MultiHeadAttention) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	call, err := attentionCall(m.id(), c, xs)
	if err != nil {
		return nil, err
	}
	y, _, err := m.Attend(c, call)
	return []*Tensor{y}, err
}

// OutputMask returns the query's mask.
func (m *MultiHeadAttention) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return c.Mask(0), nil
}

// BuildFor makes the projections that are missing for inputs of the given shapes, and checks the others.
func (m *MultiHeadAttention) BuildFor(query, value, key tensor.Shape) error {
	who := m.id()
	for _, s := range []tensor.Shape{query, value, key} {
		if len(s) < 3 {
			return shapeErrorf(who, "input", s, "rank 3 or more")
		}
	}
	if !value[:len(value)-1].Equal(key[:max(len(key)-1, 0)]) {
		return shapeErrorf(who, "key", key, "%v but for the last axis, as value has it", value)
	}
	valueDim := m.ValueDim
	if valueDim == 0 {
		valueDim = m.KeyDim
	}
	p := projections{who: who, heads: m.NumHeads, noBias: m.NoBias, seed: m.Seed}
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
		return shapeErrorf(who, "key kernel", k, "[… %d %d] as the query's has it", q[1], q[2])
	case v[1] != q[1]:
		return shapeErrorf(who, "value kernel", v, "[… %d …] as the query's has it", q[1])
	}
	if g := m.GateDense.Kernel.Shape(); g != nil && !g[1:].Equal(v[1:]) {
		return shapeErrorf(who, "gate kernel", g, "[… %d %d] as the value's has it", v[1], v[2])
	}
	return p.output(&m.OutputDense, v[1:], m.OutputShape, query)
}

// Attend calls the layer; scores, where the call asks for them, are [batch heads queries values].
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
		return nil, nil, shapeErrorf(who, "value", vShape, "rank %d as query shape %v has it", len(qShape), qShape)
	}
	axes, err := m.axes(qShape)
	if err != nil {
		return nil, nil, err
	}
	for i := range rank - 2 {
		if !slices.Contains(axes, i) && qShape[i] != vShape[i] {
			return nil, nil, shapeErrorf(who, "value", vShape, "axis %d of length %d as query shape %v has it", i, qShape[i], qShape)
		}
	}
	work := c.workspace()
	defer work.release(work.mark())
	q := projected(work, call.Query, &m.QueryDense)
	k := projected(work, call.Key, &m.KeyDense)
	v := projected(work, call.Value, &m.ValueDense)

	kernel := m.QueryDense.Kernel.Shape()
	heads, keyDim, valueDim := kernel[1], kernel[2], m.ValueDense.Kernel.Shape()[2]
	to := func(s tensor.Shape, width int) tensor.Shape {
		return append(slices.Clone(s[:len(s)-1]), heads, width)
	}
	outShape := to(qShape, valueDim)
	out := work.floats(outShape.Len())
	clear(out)

	order, turn := attentionOrder(axes, rank)
	a := &softAttention{
		q:     layRows(work, q, to(qShape, keyDim), order, turn, len(axes)),
		k:     layRows(work, k, to(vShape, keyDim), order, turn, len(axes)),
		v:     layRows(work, v, to(vShape, valueDim), order, turn, len(axes)),
		width: keyDim, valueWidth: valueDim,
		scale: float32(1 / math.Sqrt(float64(keyDim))),
	}
	attended := out
	if turn { // the order of rows is that of the turned operands
		attended = work.floats(len(out))
		clear(attended)
	}
	a.out = layRows(nil, attended, turnedShape(outShape, order, turn), unturned(order, turn), false, len(axes))
	inner := len(order) - 1 - len(axes)
	for _, axis := range order[:inner] {
		a.batch = append(a.batch, outShape[axis])
	}
	qLengths, vLengths := permuted(outShape, order[inner:rank-1]), permuted(to(vShape, valueDim), order[inner:rank-1])
	a.queries, a.values = qLengths.Len(), vLengths.Len()
	if err := m.masks(a, &call, qShape, vShape, slices.Concat(a.batch, qLengths, vLengths), len(axes)); err != nil {
		return nil, nil, err
	}
	if call.Scores {
		if a.scores, err = newOutput(who, slices.Concat(a.batch, []int{a.queries, a.values})...); err != nil {
			return nil, nil, err
		}
	}
	a.run(work)
	if turn {
		transpose(out, attended, permuted(outShape, order), inverse(order))
	}
	if m.GateDense.Kernel.Built() {
		gate := projected(work, call.Query, &m.GateDense)
		applyGate(out, gate, heads*valueDim)
	}
	if y, err = m.finish(out, qShape); err != nil {
		return nil, nil, err
	}
	if a.scores != nil {
		if scores, err = a.scores.Reshape(slices.Concat(a.batch, qLengths, vLengths)...); err != nil {
			return nil, nil, errorf(who, "%w", err)
		}
	}
	return y, scores, nil
}

// applyGate multiplies x by the sigmoid of gate, whose rows are of the given width.
func applyGate(x, gate []float32, width int) {
	if width == 0 || len(x) == 0 {
		return
	}
	_, _ = activation.Sigmoid().Apply(gate, width) // whole rows: no error
	for i, g := range gate {
		x[i] *= g
	}
}

// axes returns the axes of the input that attention goes along.
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

// masks gives a what the call's masks come to for scores of the given shape.
func (m *MultiHeadAttention) masks(a *softAttention, call *AttentionCall, query, value, scores tensor.Shape, axes int) error {
	fused := m.Dropout == 0 && !call.Scores && len(scores) == 4
	a.masked, a.dropMasked = masked, true
	if fused { // the backend's dot_product_attention
		a.masked, a.dropMasked = fusedMasked, false
	}
	if call.Causal && call.QueryMask == nil && call.ValueMask == nil && call.KeyMask == nil && call.AttentionMask == nil &&
		m.SlidingWindow == 0 && len(scores) == 4 {
		a.causal = true
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
	if to, ok := stretched(s, scores); !ok || !to.Equal(scores) {
		return shapeErrorf(m.id(), "mask", s, "one that stretches to scores of shape %v", scores)
	}
	if axes > 1 { // make one axis of queries and one of values
		full := tensor.New[bool](scores...)
		zip(full.Data(), scores, mask.Data(), s, full.Data(), scores, func(k, _ bool) bool { return k })
		if mask, err = full.Reshape(slices.Concat(a.batch, []int{a.queries, a.values})...); err != nil {
			return errorf(m.id(), "%w", err)
		}
	}
	a.mask = mask
	return nil
}

// finish applies the output's projection to what the heads read.
func (m *MultiHeadAttention) finish(out []float32, query tensor.Shape) (*Tensor, error) {
	kernel := m.OutputDense.Kernel.Shape()
	y, err := newOutput(m.id(), slices.Concat(query[:len(query)-1], kernel[2:])...)
	if err != nil {
		return nil, err
	}
	n, k, w := query[:len(query)-1].Len(), kernel[:2].Len(), kernel[2:].Len()
	if m.OutputDense.Bias.Built() {
		fillRows(y.Data(), m.OutputDense.Bias.Data())
	}
	matmul(matrix(y.Data(), n, w), matrix(out, n, k), matrix(m.OutputDense.Kernel.Data(), k, w))
	return y, nil
}

// projected returns x along the kernel of d, with its bias: [… heads width] in scratch memory.
func projected(work *Workspace, x *Tensor, d *EinsumDense) []float32 {
	kernel := d.Kernel.Shape()
	in, width := kernel[0], kernel[1:].Len()
	rows := x.Shape()[:len(x.Shape())-1].Len()
	y := work.floats(rows * width)
	clear(y)
	if d.Bias.Built() {
		fillRows(y, d.Bias.Data())
	}
	matmul(matrix(y, rows, width), matrix(x.Data(), rows, in), matrix(d.Kernel.Data(), in, width))
	return y
}

// attentionOrder returns the axes of a projected tensor, those of the batch first, then those of attention, then the last; and
// whether memory must be brought into that order for rows to lie at one step.
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
		return permuted(s, order)
	}
	return s
}

// unturned returns the order of axes of what was brought into order already.
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

// layRows says where rows lie in data, of shape s: its axes in order are those of the batch, some of attention, and the last.
func layRows(work *Workspace, data []float32, s tensor.Shape, order []int, turn bool, attention int) rowsAt {
	if turn {
		turned := work.floats(len(data))
		transpose(turned, data, s, order)
		data, s, order = turned, permuted(s, order), unturned(order, true)
	}
	steps := make([]int, len(s))
	for i, step := len(s)-1, 1; i >= 0; i-- {
		steps[i] = step
		step *= s[i]
	}
	r := rowsAt{data: data}
	inner := len(order) - 1 - attention
	for _, axis := range order[:inner] {
		r.batch = append(r.batch, steps[axis])
	}
	r.row = steps[order[len(order)-2]]
	return r
}

// projections builds the weights of an attention layer; it keeps the first error.
type projections struct {
	who    id
	heads  int
	noBias bool
	seed   uint64
	err    error
}

// project makes d's weights where it has none, [inputs heads width], and checks them. A width or number of heads of 0 is any.
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

func (p *projections) build(name string, d *EinsumDense, kernel, bias tensor.Shape) {
	in := kernel[0]
	if name == "attention_output" {
		in = kernel[:2].Len()
	}
	init := func(w []float32, s tensor.Shape, r *rand.Rand) {
		uniform(w, math.Sqrt(6/math.Max(1, float64(in)+float64(s.Len()/max(in, 1)))), r)
	}
	if p.err = buildWeight(p.who, name+" kernel", &d.Kernel, p.seed, init, kernel...); p.err == nil && !p.noBias {
		p.err = buildWeight(p.who, name+" bias", &d.Bias, p.seed, zeros, bias...)
	}
}

// check compares d's weights with shape, of which the first axes are the input's.
func (p *projections) check(name string, d *EinsumDense, shape []int, inputs int, input tensor.Shape) {
	if p.err != nil {
		return
	}
	if p.err = checkWeight(p.who, name+" kernel", &d.Kernel, "for input shape "+input.String()+" by the layer's options", shape...); p.err != nil {
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
