package layers

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/vmath"
	"github.com/gockpt/ckpt/tensor"
	"gonum.org/v1/gonum/blas/blas32"
)

// SimpleRNNCell is keras.layers.SimpleRNNCell: its output, and only state, is activation(x·kernel + bias + state·recurrent kernel).
type SimpleRNNCell struct {
	Kernel          Tensor `ckpt:"kernel,cast"`           // [inputs units]
	RecurrentKernel Tensor `ckpt:"recurrent_kernel,cast"` // [units units]
	Bias            Tensor `ckpt:"bias,optional,cast"`    // [units]; not built: none is added

	Units      int              // 0: the number in the recurrent kernel
	Activation *activation.Func // nil: tanh
	NoBias     bool             // make no bias; one from a checkpoint is still added
	Name       string           // for error messages
	Seed       uint64           // of the kernels' initial values

	first firstCall
}

// LSTMCell is keras.layers.LSTMCell, the long short-term memory. Its states are the output h and the carry c; its gates
// are, in this order, input, forget, candidate and output.
type LSTMCell struct {
	Kernel          Tensor `ckpt:"kernel,cast"`           // [inputs 4*units]
	RecurrentKernel Tensor `ckpt:"recurrent_kernel,cast"` // [units 4*units]
	Bias            Tensor `ckpt:"bias,optional,cast"`    // [4*units]; not built: none is added

	Units               int              // 0: the number in the recurrent kernel
	Activation          *activation.Func // nil: tanh
	RecurrentActivation *activation.Func // for the gates; nil: sigmoid
	NoBias              bool             // make no bias; one from a checkpoint is still added
	NoUnitForgetBias    bool             // make the forget gate's bias 0, not 1
	Name                string           // for error messages
	Seed                uint64           // of the kernels' initial values

	first firstCall
}

// GRUCell is keras.layers.GRUCell, the gated recurrent unit. Its output is its only state; its gates are, in this
// order, update, reset and candidate.
type GRUCell struct {
	Kernel          Tensor `ckpt:"kernel,cast"`           // [inputs 3*units]
	RecurrentKernel Tensor `ckpt:"recurrent_kernel,cast"` // [units 3*units]
	Bias            Tensor `ckpt:"bias,optional,cast"`    // [2 3*units], for input and state, or [3*units] if ResetBefore; not built: none is added

	Units               int              // 0: the number in the recurrent kernel
	Activation          *activation.Func // nil: tanh
	RecurrentActivation *activation.Func // of the gates; nil: sigmoid
	NoBias              bool             // make no bias; one from a checkpoint is still added
	ResetBefore         bool             // Keras's reset_after=False: reset the state before its product with the recurrent kernel
	Name                string           // for error messages
	Seed                uint64           // of the kernels' initial values

	first firstCall
}

func (c *SimpleRNNCell) id() id { return id{"simple_rnn_cell", c.Name} }
func (c *LSTMCell) id() id      { return id{"lstm_cell", c.Name} }
func (c *GRUCell) id() id       { return id{"gru_cell", c.Name} }

func (c *SimpleRNNCell) fresh() Cell {
	f := *c
	f.Kernel, f.RecurrentKernel, f.Bias, f.first = Tensor{}, Tensor{}, Tensor{}, firstCall{}
	return &f
}

func (c *LSTMCell) fresh() Cell {
	f := *c
	f.Kernel, f.RecurrentKernel, f.Bias, f.first = Tensor{}, Tensor{}, Tensor{}, firstCall{}
	return &f
}

func (c *GRUCell) fresh() Cell {
	f := *c
	f.Kernel, f.RecurrentKernel, f.Bias, f.first = Tensor{}, Tensor{}, Tensor{}, firstCall{}
	return &f
}

// Build makes kernel (Glorot uniform), recurrent kernel (orthogonal) and bias (zeros) for steps of the given shape, [batch
// inputs], if there are no kernels. The error is a [*ShapeError] if weights, options or input do not fit each other, or has
// [ErrNotBuilt] if Units is 0.
func (c *SimpleRNNCell) Build(step tensor.Shape) error { return buildCell(c, step) }

// Build is [SimpleRNNCell.Build]; the forget gate's bias is 1.
func (c *LSTMCell) Build(step tensor.Shape) error { return buildCell(c, step) }

// Build is [SimpleRNNCell.Build].
func (c *GRUCell) Build(step tensor.Shape) error { return buildCell(c, step) }

func buildCell(c Cell, step tensor.Shape) error {
	_, err := c.plan(c.id(), step)
	return err
}

// Call returns the output for one step's x, [batch inputs], and the new states. Without states they are zeros.
func (c *SimpleRNNCell) Call(x *Tensor, states ...*Tensor) (y *Tensor, next []*Tensor, err error) {
	return callCell(nil, c, x, states)
}

// Call is [SimpleRNNCell.Call].
func (c *LSTMCell) Call(x *Tensor, states ...*Tensor) (y *Tensor, next []*Tensor, err error) {
	return callCell(nil, c, x, states)
}

// Call is [SimpleRNNCell.Call].
func (c *GRUCell) Call(x *Tensor, states ...*Tensor) (y *Tensor, next []*Tensor, err error) {
	return callCell(nil, c, x, states)
}

// ForwardAll is Call with a [Context], for x and the states after it. It returns the output and the new states.
func (c *SimpleRNNCell) ForwardAll(ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	return callCellAll(ctx, c, xs)
}

// ForwardAll is Call with a [Context], for x and the states after it. It returns the output and the new states.
func (c *LSTMCell) ForwardAll(ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	return callCellAll(ctx, c, xs)
}

// ForwardAll is Call with a [Context], for x and the states after it. It returns the output and the new states.
func (c *GRUCell) ForwardAll(ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	return callCellAll(ctx, c, xs)
}

func callCell(ctx *Context, c Cell, x *Tensor, states []*Tensor) (*Tensor, []*Tensor, error) {
	ys, err := callCellAll(ctx, c, append([]*Tensor{x}, states...))
	if err != nil {
		return nil, nil, err
	}
	return ys[0], ys[1:], nil
}

// callCellAll runs a cell over a sequence of the one step xs[0].
func callCellAll(ctx *Context, c Cell, xs []*Tensor) ([]*Tensor, error) {
	if len(xs) == 0 {
		return nil, errorf(c.id(), "no input")
	}
	if err := checkInput(c.id(), xs[0], 2, 0); err != nil {
		return nil, err
	}
	shape := xs[0].Shape()
	x, err := xs[0].Reshape(slices.Insert(slices.Clone(shape), 1, 1)...)
	if err != nil {
		return nil, errorf(c.id(), "%w", err)
	}
	all := append([]*Tensor{x}, xs[1:]...)
	return recurrence{who: c.id(), cell: c, state: true}.forward(&Context{Workspace: (*Workspace)(ctx.workspace())}, all)
}

// A gated has the common parts of the cells with fully connected gates.
type gated struct {
	kernel, recurrent, bias *Tensor
	units, count            int   // count gates with units values each
	biasShape               []int // the shape of a new bias
	noBias                  bool
	biasInit                initializer
	seed                    uint64
	functions               []activation.Func
}

// build makes the weights for steps of the given shape, checks them and returns the numbers of inputs and units.
func (g *gated) build(who id, step tensor.Shape) (inputs, units int, err error) {
	if len(step) != 2 {
		return 0, 0, shapeErrorf(who, "step of the input", step, "rank 2")
	}
	inputs, units = step[1], g.units
	if units == 0 && len(g.recurrent.Shape()) == 2 {
		units = g.recurrent.Shape()[0]
	}
	if units < 0 || units > kernel.MaxElements || units == 0 && g.recurrent.Built() {
		return 0, 0, errorf(who, "%d units", units)
	}
	if !g.kernel.Built() && !g.recurrent.Built() {
		if units == 0 {
			return 0, 0, errorf(who, "%w", ErrNotBuilt)
		}
		if err := buildWeight(who, "kernel", g.kernel, g.seed, glorotUniform, inputs, g.count*units); err != nil {
			return 0, 0, err
		}
		if err := buildWeight(who, "recurrent_kernel", g.recurrent, g.seed, orthogonal, units, g.count*units); err != nil {
			return 0, 0, err
		}
		if !g.noBias {
			if err := buildWeight(who, "bias", g.bias, g.seed, g.biasInit, g.biases(units)...); err != nil {
				return 0, 0, err
			}
		}
	}
	if err := checkWeight(who, "recurrent_kernel", g.recurrent, fmt.Sprintf("for %d units", units), units, g.count*units); err != nil {
		return 0, 0, err
	}
	reason := fmt.Sprintf("for %d units and %d inputs", units, inputs)
	if err := checkWeight(who, "kernel", g.kernel, reason, inputs, g.count*units); err != nil {
		return 0, 0, err
	}
	if g.bias.Built() {
		if err := checkWeight(who, "bias", g.bias, reason, g.biases(units)...); err != nil {
			return 0, 0, err
		}
	}
	for _, f := range g.functions {
		if width, err := f.Width(units); err != nil || width != units {
			return 0, 0, errorf(who, "activation %v is not possible in a cell: it changes the number of values", f)
		}
	}
	return inputs, units, nil
}

// biases returns the shape of the bias: biasShape with each -1 replaced by the units of all gates.
func (g *gated) biases(units int) []int {
	shape := slices.Clone(g.biasShape)
	for i, n := range shape {
		if n == -1 {
			shape[i] = g.count * units
		}
	}
	return shape
}

// functionOr returns the function that an option points to, or Keras's default if it is nil.
func functionOr(f *activation.Func, def func() activation.Func) activation.Func {
	if f == nil {
		return def()
	}
	return *f
}

// orthogonal is Keras's initializer of that name: the rows, or the columns if there are fewer, are orthogonal and have length 1.
func orthogonal(w []float32, shape tensor.Shape, r *rand.Rand) {
	if len(w) == 0 {
		return
	}
	cols := shape[len(shape)-1]
	count, n, inc, step := len(w)/cols, cols, 1, cols
	if count > n {
		count, n, inc, step = n, count, cols, 1
	}
	vector := func(i int) blas32.Vector { return blas32.Vector{N: n, Inc: inc, Data: w[i*step:]} }
	for i := range w {
		w[i] = float32(r.NormFloat64())
	}
	for i := range count {
		v := vector(i)
		for range 2 { // the second time removes rounding errors
			for j := range i {
				blas32.Axpy(-blas32.Dot(v, vector(j)), vector(j), v)
			}
			blas32.Scal(1/blas32.Nrm2(v), v)
		}
	}
}

// unitForget is the initializer of an LSTM's bias: 1 for the forget gate.
func unitForget(w []float32, _ tensor.Shape, _ *rand.Rand) {
	clear(w)
	for i := len(w) / 4; i < len(w)/2; i++ {
		w[i] = 1
	}
}

// apply applies f in place to rows of width values.
func apply(f activation.Func, x []float32, width int) {
	// Already checked: the rows are complete and keep their width.
	_, _ = f.Apply(x, width)
}

func (c *SimpleRNNCell) plan(who id, step tensor.Shape) (_ boundCell, err error) {
	defer c.first.begin().end(&err)
	f := functionOr(c.Activation, activation.Tanh)
	g := gated{
		kernel: &c.Kernel, recurrent: &c.RecurrentKernel, bias: &c.Bias, units: c.Units, count: 1, biasShape: []int{-1},
		noBias: c.NoBias, biasInit: zeros, seed: c.Seed, functions: []activation.Func{f},
	}
	inputs, units, err := g.build(who, step)
	if err != nil {
		return boundCell{}, err
	}
	return boundCell{
		in: inputs, gates: units, states: []tensor.Shape{{units}}, cost: kernel.ProductCost(1, units, units) + units*kernel.ActivationCost,
		stepper: &simpleSteps{projection{&c.Kernel, c.Bias.Data()}, &c.RecurrentKernel, f, units},
	}, nil
}

// A projection is the product with the kernel, with which all cells begin.
type projection struct {
	kernel *Tensor
	bias   []float32 // nil: none
}

func (p projection) project(_ *kernel.Scratch, z, x blas32.General, mul product) {
	mul.set(z, x, kernel.Matrix(p.kernel.Data(), x.Cols, z.Cols), p.bias)
}

type simpleSteps struct {
	projection
	recurrent *Tensor
	f         activation.Func
	units     int
}

func (s *simpleSteps) advance(_ *kernel.Scratch, z, states blas32.General, _ []float32, mul product) {
	mul.add(z, states, kernel.Matrix(s.recurrent.Data(), s.units, s.units))
	for i := range z.Rows {
		row := z.Data[i*z.Stride:][:s.units]
		apply(s.f, row, s.units)
		copy(states.Data[i*states.Stride:], row)
	}
}

func (c *LSTMCell) plan(who id, step tensor.Shape) (_ boundCell, err error) {
	defer c.first.begin().end(&err)
	f, r := functionOr(c.Activation, activation.Tanh), functionOr(c.RecurrentActivation, activation.Sigmoid)
	g := gated{
		kernel: &c.Kernel, recurrent: &c.RecurrentKernel, bias: &c.Bias, units: c.Units, count: 4, biasShape: []int{-1},
		noBias: c.NoBias, biasInit: unitForget, seed: c.Seed, functions: []activation.Func{f, r},
	}
	if c.NoUnitForgetBias {
		g.biasInit = zeros
	}
	inputs, units, err := g.build(who, step)
	if err != nil {
		return boundCell{}, err
	}
	return boundCell{
		in: inputs, gates: 4 * units, states: []tensor.Shape{{units}, {units}}, cost: kernel.ProductCost(1, units, 4*units) + 5*units*kernel.ActivationCost,
		stepper: &lstmSteps{projection{&c.Kernel, c.Bias.Data()}, &c.RecurrentKernel, f, r, units, areUsual(f, r)},
	}, nil
}

type lstmSteps struct {
	projection
	recurrent *Tensor
	f, r      activation.Func
	units     int
	usual     bool // f and r are tanh and sigmoid
}

// areUsual reports whether f and r are the default activations of cells.
func areUsual(f, r activation.Func) bool {
	return f.Is(activation.Tanh()) && r.Is(activation.Sigmoid())
}

func (s *lstmSteps) advance(_ *kernel.Scratch, z, states blas32.General, _ []float32, mul product) {
	mul.add(z, kernel.Cols(states, 0, s.units), kernel.Matrix(s.recurrent.Data(), s.units, 4*s.units))
	for i := range z.Rows {
		state := states.Data[i*states.Stride:][:2*s.units]
		h, c, gates := state[:s.units], state[s.units:], z.Data[i*z.Stride:][:4*s.units]
		if s.usual {
			vmath.LSTM(h, c, gates)
		} else {
			lstmGates(h, c, gates, s.f, s.r)
		}
	}
}

// lstmGates replaces the output h and the carry c by those that follow from the gates z. It overwrites z.
func lstmGates(h, c, z []float32, f, r activation.Func) {
	n := len(h)
	apply(r, z[:2*n], n)
	apply(f, z[2*n:3*n], n)
	apply(r, z[3*n:], n)
	in, forget, candidate, out := z[:n], z[n:2*n], z[2*n:3*n], z[3*n:4*n]
	for i := range h {
		c[i] = forget[i]*c[i] + in[i]*candidate[i]
	}
	copy(candidate, c)
	apply(f, candidate, n)
	for i := range h {
		h[i] = out[i] * candidate[i]
	}
}

func (c *GRUCell) plan(who id, step tensor.Shape) (_ boundCell, err error) {
	defer c.first.begin().end(&err)
	f, r := functionOr(c.Activation, activation.Tanh), functionOr(c.RecurrentActivation, activation.Sigmoid)
	g := gated{
		kernel: &c.Kernel, recurrent: &c.RecurrentKernel, bias: &c.Bias, units: c.Units, count: 3, biasShape: []int{2, -1},
		noBias: c.NoBias, biasInit: zeros, seed: c.Seed, functions: []activation.Func{f, r},
	}
	if c.ResetBefore {
		g.biasShape = []int{-1}
	}
	inputs, units, err := g.build(who, step)
	if err != nil {
		return boundCell{}, err
	}
	p := boundCell{in: inputs, gates: 3 * units, states: []tensor.Shape{{units}}, cost: kernel.ProductCost(1, units, 3*units) + 3*units*kernel.ActivationCost}
	steps := gruSteps{projection{kernel: &c.Kernel}, &c.RecurrentKernel, nil, f, r, units, areUsual(f, r)}
	if bias := c.Bias.Data(); bias != nil {
		steps.bias = bias[:3*units]
		steps.stateBias = bias[3*units:]
	}
	if c.ResetBefore {
		p.scratch, p.stepper = units, &resetBeforeSteps{steps}
	} else {
		p.scratch, p.stepper = 3*units, &steps
	}
	return p, nil
}

// gruSteps is a GRU that resets the state's contribution to the candidate.
type gruSteps struct {
	projection
	recurrent *Tensor
	stateBias []float32 // empty: none
	f, r      activation.Func
	units     int
	usual     bool // f and r are tanh and sigmoid
}

func (s *gruSteps) advance(_ *kernel.Scratch, z, states blas32.General, scratch []float32, mul product) {
	n := s.units
	inner := kernel.Matrix(scratch, z.Rows, 3*n)
	mul.set(inner, states, kernel.Matrix(s.recurrent.Data(), n, 3*n), s.stateBias)
	for i := range z.Rows {
		row, in, h := z.Data[i*z.Stride:][:3*n], inner.Data[i*3*n:][:3*n], states.Data[i*states.Stride:][:n]
		if s.usual {
			vmath.GRU(h, row, in)
			continue
		}
		for j, v := range in[:2*n] {
			row[j] += v
		}
		apply(s.r, row[:2*n], n)
		update, reset, candidate := row[:n], row[n:2*n], row[2*n:]
		for j, v := range in[2*n:] {
			candidate[j] += reset[j] * v
		}
		apply(s.f, candidate, n)
		mix(h, update, candidate)
	}
}

// mix keeps a part of the state h, as the update gate says, and takes the rest from the candidate.
func mix(h, update, candidate []float32) {
	for j, u := range update {
		h[j] = u*h[j] + (1-u)*candidate[j]
	}
}

// resetBeforeSteps is a GRU that resets the state before it computes the candidate.
type resetBeforeSteps struct{ gruSteps }

func (s *resetBeforeSteps) advance(_ *kernel.Scratch, z, states blas32.General, scratch []float32, mul product) {
	n := s.units
	weights := kernel.Matrix(s.recurrent.Data(), n, 3*n)
	mul.add(kernel.Cols(z, 0, 2*n), states, kernel.Cols(weights, 0, 2*n))
	for i := range z.Rows {
		row, h := z.Data[i*z.Stride:][:3*n], states.Data[i*states.Stride:][:n]
		apply(s.r, row[:2*n], n)
		for j, r := range row[n : 2*n] {
			scratch[i*n+j] = r * h[j]
		}
	}
	mul.add(kernel.Cols(z, 2*n, 3*n), kernel.Matrix(scratch, z.Rows, n), kernel.Cols(weights, 2*n, 3*n))
	for i := range z.Rows {
		row := z.Data[i*z.Stride:][:3*n]
		apply(s.f, row[2*n:], n)
		mix(states.Data[i*states.Stride:][:n], row[:n], row[2*n:])
	}
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that Units fixes.
func (c *SimpleRNNCell) WantShapes(want func(variable tensor.Any, shape ...int)) {
	want(&c.Kernel, -1, anyOr(c.Units))
	want(&c.RecurrentKernel, anyOr(c.Units), anyOr(c.Units))
	want(&c.Bias, anyOr(c.Units))
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that Units fixes.
func (c *LSTMCell) WantShapes(want func(variable tensor.Any, shape ...int)) {
	want(&c.Kernel, -1, anyOr(4*c.Units))
	want(&c.RecurrentKernel, anyOr(c.Units), anyOr(4*c.Units))
	want(&c.Bias, anyOr(4*c.Units))
}

// WantShapes implements [tensor.Shaper]: it reports the shapes that Units and ResetBefore fix.
func (c *GRUCell) WantShapes(want func(variable tensor.Any, shape ...int)) {
	want(&c.Kernel, -1, anyOr(3*c.Units))
	want(&c.RecurrentKernel, anyOr(c.Units), anyOr(3*c.Units))
	if c.ResetBefore {
		want(&c.Bias, anyOr(3*c.Units))
	} else {
		want(&c.Bias, 2, anyOr(3*c.Units))
	}
}
