package layers

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
	"gonum.org/v1/gonum/blas/blas32"
)

// A Cell is one step of a recurrent layer: [SimpleRNNCell], [LSTMCell], [GRUCell], [ConvLSTMCell], or [StackedRNNCells] of the
// first three.
//
// A cell can also be used as a layer: ForwardAll takes one step's input and, if they are not zeros, the states. It returns the
// output and the new states. Other packages cannot implement Cell.
type Cell interface {
	Builder
	MultiLayer

	id() id

	// plan builds the weights for steps of the given shape, batch included, and returns the computation.
	plan(who id, step tensor.Shape) (boundCell, error)

	// fresh returns a cell with the same options and without weights.
	fresh() Cell
}

// A boundCell is a cell with weights that fit. It computes with matrices that have a row for each example. A row of states
// contains all states of an example, one after another.
type boundCell struct {
	in      int            // the number of values in a step's input
	gates   int            // the number of values that project computes from them
	states  []tensor.Shape // of one example
	output  int            // which of the states is the output
	scratch int            // the number of values that advance needs for an example
	cost    int            // the cost of advance for an example, in multiplications
	places  placing
	stepper

	// whole says that the stepper itself divides its work among goroutines.
	whole bool
}

// A stepper does a cell's arithmetic. Both methods receive the functions for products of matrices. The scratch memory is only for
// boundCell.whole, which one goroutine calls.
type stepper interface {
	// project computes from the input x the part of a step that does not depend on the states, and stores it in z. This is done
	// for many steps at once.
	project(w *kernel.Scratch, z, x blas32.General, mul product)

	// advance replaces the states by those after the step of z. It may change z.
	advance(w *kernel.Scratch, z, states blas32.General, scratch []float32, mul product)
}

// A product multiplies matrices: over several goroutines, or on one.
type product struct {
	add func(y, x, w blas32.General)                 // adds x·w to y
	set func(y, x, w blas32.General, bias []float32) // sets y to x·w plus bias, which may be empty
}

// A placing describes the axis of the channels in inputs and outputs. In the steppers channels come last.
type placing struct {
	first   bool // before the spatial axes; otherwise nothing has to be moved
	in, out int  // the numbers of spatial positions of an input and an output
}

func (p *boundCell) stateLen() int {
	n := 0
	for _, s := range p.states {
		n += s.Len()
	}
	return n
}

// outputAt returns the position of the output in a row of states.
func (p *boundCell) outputAt() (lo, hi int) {
	for _, s := range p.states[:p.output] {
		lo += s.Len()
	}
	return lo, lo + p.states[p.output].Len()
}

// chunkFloats is the approximate number of projected values at a time: 1 MiB.
const chunkFloats = 1 << 18

// A recurrence is a recurrent layer's work: its cell, run over the steps of a sequence.
type recurrence struct {
	who        id
	cell       Cell
	sequences  bool // return the outputs of all steps, not only of the last
	state      bool // also return the states
	backwards  bool // go from the last step to the first
	zeroOutput bool // at a masked step return zeros instead of the previous output
	unroll     bool // the zeros are those of Keras's unrolled loop
}

// build makes the cell's weights for sequences of the given shape and binds them.
func (r recurrence) build(input tensor.Shape) error {
	_, err := r.plan(input)
	return err
}

func (r recurrence) plan(input tensor.Shape) (boundCell, error) {
	if r.cell == nil {
		return boundCell{}, errorf(r.who, "Cell must be set")
	}
	if len(input) < 3 {
		return boundCell{}, shapeErrorf(r.who, "input", input, "rank 3 or more")
	}
	step := make(tensor.Shape, 0, 6)
	return r.cell.plan(r.who, append(append(step, input[0]), input[2:]...))
}

// A sequence is one call of a recurrence, checked.
type sequence struct {
	recurrence
	boundCell
	batch, steps int
	x            *Tensor
	initial      []*Tensor // one for each state, or nil for zeros
	mask         *Mask
}

// check returns the call with the sequence xs[0] and the initial states after it.
func (r recurrence) check(c *Context, xs []*Tensor) (sequence, error) {
	s := sequence{recurrence: r, mask: c.Mask(0)}
	if len(xs) == 0 {
		return s, errorf(r.who, "no input")
	}
	s.x, s.initial = xs[0], xs[1:]
	if err := checkInput(r.who, s.x, 3, 0); err != nil {
		return s, err
	}
	shape := s.x.Shape()
	var err error
	if s.boundCell, err = r.plan(shape); err != nil {
		return s, err
	}
	s.batch, s.steps = shape[0], shape[1]
	if s.mask != nil && !s.mask.Shape().Equal(shape[:2]) {
		return s, shapeErrorf(r.who, "mask", s.mask.Shape(), "%v for input shape %v", shape[:2], shape)
	}
	if n := len(s.initial); n != 0 && n != len(s.states) {
		return s, errorf(r.who, "%d initial states, want %d", n, len(s.states))
	}
	for i, state := range s.initial {
		if state == nil {
			continue
		}
		if got, want := state.Shape(), s.stateShape(i); !got.Equal(want) {
			return s, shapeErrorf(r.who, fmt.Sprintf("initial state %d", i), got, "%v for input shape %v", want, shape)
		}
	}
	return s, nil
}

func (s *sequence) stateShape(i int) tensor.Shape {
	return append(tensor.Shape{s.batch}, s.states[i]...)
}

// outputShape returns the shape of the layer's first result.
func (s *sequence) outputShape() tensor.Shape {
	shape := make(tensor.Shape, 0, 6)
	shape = append(shape, s.batch)
	if s.sequences {
		shape = append(shape, s.steps)
	}
	return append(shape, s.states[s.output]...)
}

// forward returns the layer's output for the sequence xs[0], followed by the states if they are requested. The other tensors in xs
// are initial states.
func (r recurrence) forward(c *Context, xs []*Tensor) ([]*Tensor, error) {
	s, err := r.check(c, xs)
	if err != nil {
		return nil, err
	}
	y, err := c.newOutput(r.who, s.outputShape()...)
	if err != nil {
		return nil, err
	}
	ys := make([]*Tensor, 1, 4)
	ys[0] = y
	if r.state {
		if ys, err = s.appendStates(ys); err != nil {
			return nil, err
		}
	}
	s.run(c.workspace(), y.Data(), ys[1:], false)
	return ys, nil
}

// appendStates appends the tensors of the states to ys.
func (s *sequence) appendStates(ys []*Tensor) ([]*Tensor, error) {
	for i := range s.states {
		state, err := newOutput(s.who, s.stateShape(i)...)
		if err != nil {
			return nil, err
		}
		ys = append(ys, state)
	}
	return ys, nil
}

// one is forward with one sequence and one result.
func (r recurrence) one(c *Context, x *Tensor) (*Tensor, error) {
	r.state = false
	ys, err := r.forward(c, []*Tensor{x})
	if err != nil {
		return nil, err
	}
	return ys[0], nil
}

// outputMask returns the mask of the layer's output.
func (r recurrence) outputMask(c *Context) (*Mask, error) {
	if r.sequences {
		return c.Mask(0), nil
	}
	return nil, nil
}

// run goes through the sequence. It puts the outputs into y, in the order of computation or, if flip is set, in the opposite
// order, and the states into final, which may be empty. It overwrites both.
func (s *sequence) run(w *kernel.Scratch, y []float32, final []*Tensor, flip bool) {
	if s.batch == 0 {
		return
	}
	defer w.Release(w.Mark())
	states := s.begin(w)
	x, to := s.x.Data(), y
	if s.places.first {
		x = w.Floats(len(x))
		swapAxes(x, s.x.Data(), s.batch*s.steps, s.in/max(s.places.in, 1), s.places.in)
		to = w.Floats(len(y))
	}
	clear(to)

	// The rest is computed for each example, unless the cell computes many at a time.
	runs, cost := 1, max(s.cost+kernel.ProductCost(1, s.in, s.gates), 1)*max(s.steps, 1)
	if !s.whole {
		runs = kernel.Ranges(s.batch, cost)
	}
	rows := (s.batch + runs - 1) / runs
	chunk := min(max(chunkFloats/max(rows*s.gates, 1), 1), max(s.steps, 1))
	zs, scratch := w.Floats(runs*rows*chunk*s.gates), w.Floats(runs*rows*s.scratch)
	part := func(run, lo, hi int, mul product) {
		z := zs[run*rows*chunk*s.gates:][:rows*chunk*s.gates]
		s.part(w, z, x, states, to, scratch[run*rows*s.scratch:][:rows*s.scratch], lo, hi, chunk, flip, mul)
	}
	if runs == 1 {
		part(0, 0, s.batch, product{kernel.Matmul, kernel.MatmulBias})
	} else {
		kernel.Parallel(s.batch, cost, func(run, lo, hi int) { part(run, lo, hi, product{kernel.MulAdd, kernel.Mul}) })
	}
	if s.zeroOutput && s.unroll && s.sequences && s.mask != nil {
		s.zeroUnrolled(to, flip)
	}
	s.end(y, to, states, final)
}

// zeroUnrolled clears the same outputs as Keras's unrolled loop: the i-th output if the mask is false at its i-th step. If the
// layer goes backwards, these are not the masked steps.
func (s *sequence) zeroUnrolled(y []float32, flip bool) {
	from, to := s.outputAt()
	n := to - from
	for b := range s.batch {
		for i, keep := range s.mask.Data()[b*s.steps:][:s.steps] {
			at := i
			if flip {
				at = s.steps - 1 - i
			}
			if !keep {
				clear(y[(b*s.steps+at)*n:][:n])
			}
		}
	}
}

// begin returns the initial states as rows.
func (s *sequence) begin(w *kernel.Scratch) []float32 {
	size := s.stateLen()
	states := w.Floats(s.batch * size)
	clear(states)
	at := 0
	for i, shape := range s.states {
		n := shape.Len()
		if i < len(s.initial) && s.initial[i] != nil {
			from := s.initial[i].Data()
			for b := range s.batch {
				s.place(states[b*size+at:][:n], from[b*n:][:n], true)
			}
		}
		at += n
	}
	return states
}

// end returns the results: the outputs, if they are not in y yet, and the states.
func (s *sequence) end(y, computed, states []float32, final []*Tensor) {
	if s.places.first {
		swapAxes(y, computed, len(y)/max(s.states[s.output].Len(), 1), s.places.out, s.states[s.output].Len()/max(s.places.out, 1))
	}
	size, at := s.stateLen(), 0
	for i, state := range final {
		n := s.states[i].Len()
		for b := range s.batch {
			s.place(state.Data()[b*n:][:n], states[b*size+at:][:n], false)
		}
		at += n
	}
}

// place copies the state of one example into or out of the rows.
func (s *sequence) place(dst, src []float32, in bool) {
	channels := len(src) / max(s.places.out, 1)
	switch {
	case !s.places.first:
		copy(dst, src)
	case in:
		swapMatrix(dst, src, channels, s.places.out)
	default:
		swapMatrix(dst, src, s.places.out, channels)
	}
}

// part computes all steps for the examples lo to hi-1. It projects chunk steps at a time.
func (s *sequence) part(w *kernel.Scratch, z, x, states, y, scratch []float32, lo, hi, chunk int, flip bool, mul product) {
	size := s.stateLen()
	for first := 0; first < s.steps; first += chunk {
		n := min(chunk, s.steps-first)
		from := first
		if s.backwards {
			from = s.steps - first - n
		}
		if n == s.steps { // the steps of an example are adjacent
			s.project(w, kernel.Matrix(z, (hi-lo)*n, s.gates), kernel.Matrix(x[lo*n*s.in:], (hi-lo)*n, s.in), mul)
		} else {
			for b := lo; b < hi; b++ {
				s.project(w, kernel.Matrix(z[(b-lo)*n*s.gates:], n, s.gates), kernel.Matrix(x[(b*s.steps+from)*s.in:], n, s.in), mul)
			}
		}
		for i := range n {
			at := i
			if s.backwards {
				at = n - 1 - i
			}
			step := blas32.General{Rows: hi - lo, Cols: s.gates, Stride: max(n*s.gates, 1), Data: z[at*s.gates:]}
			all := kernel.Matrix(states[lo*size:], hi-lo, size)
			s.each(from+at, lo, hi, func(a, b int) {
				s.advance(w, kernel.Rows(step, a-lo, b-lo), kernel.Rows(all, a-lo, b-lo), scratch, mul)
			})
			s.emit(y, states, first+i, from+at, lo, hi, flip)
		}
	}
}

// each calls f for the runs of examples among lo to hi-1 for which the mask is true at time t.
func (s *sequence) each(t, lo, hi int, f func(lo, hi int)) {
	if s.mask == nil {
		f(lo, hi)
		return
	}
	keep := s.mask.Data()
	for b := lo; b < hi; b++ {
		if !keep[b*s.steps+t] {
			continue
		}
		from := b
		for b < hi && keep[b*s.steps+t] {
			b++
		}
		f(from, b)
	}
}

// emit stores the outputs of the step-th computed step, at time t, in y.
func (s *sequence) emit(y, states []float32, step, t, lo, hi int, flip bool) {
	if !s.sequences && s.mask == nil && step < s.steps-1 {
		return
	}
	size := s.stateLen()
	from, to := s.outputAt()
	n := to - from
	at, stride, before := 0, 1, 0
	if s.sequences {
		at, stride, before = step, s.steps, -1
		if flip {
			at, before = s.steps-1-step, 1
		}
	}
	for b := lo; b < hi; b++ {
		out := y[(b*stride+at)*n:][:n]
		switch {
		case s.mask == nil || s.mask.Data()[b*s.steps+t]:
			copy(out, states[b*size+from:b*size+to])
		case s.zeroOutput && !(s.unroll && s.sequences):
			clear(out)
		case s.sequences && step > 0:
			copy(out, y[(b*stride+at+before)*n:][:n])
		}
	}
}
