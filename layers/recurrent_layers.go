package layers

import "github.com/gockpt/ckpt/tensor"

// A RecurrentLayer applies a [Cell] to the steps of a sequence: one of [RNN], [SimpleRNN], [LSTM], [GRU] and [ConvLSTM].
// [Bidirectional] wraps two of them.
//
// A call begins with states of zeros, or with the states passed to ForwardAll. Keras's option stateful, which keeps states for the
// next call, is not supported: a layer has no state besides its weights. Pass the states that ForwardAll returns to the next call.
type RecurrentLayer interface {
	Layer
	MultiLayer
	Builder
	Masker

	recurrence() recurrence

	// reversed returns a layer with the same options and the opposite direction, without weights.
	reversed() RecurrentLayer
}

// SimpleRNN is keras.layers.SimpleRNN: [SimpleRNNCell] over a sequence.
type SimpleRNN struct {
	Cell SimpleRNNCell `ckpt:"cell"`

	ReturnSequences   bool   // return the outputs of all steps, not only of the last
	ReturnState       bool   // ForwardAll also returns the states
	GoBackwards       bool   // go from the last step to the first, and return outputs in that order
	ZeroOutputForMask bool   // at a masked step return zeros instead of the previous output
	Unroll            bool   // see [Bidirectional]: with it, Keras puts the zeros of ZeroOutputForMask in other places
	Name              string // for error messages
}

// NewSimpleRNN returns a SimpleRNN with the given number of units. It makes its weights at the first call, unless they are
// restored before. Its other options are fields of the layer and of its cell.
func NewSimpleRNN(units int) *SimpleRNN { return &SimpleRNN{Cell: SimpleRNNCell{Units: units}} }

func (s *SimpleRNN) id() id { return id{"simple_rnn", s.Name} }

func (s *SimpleRNN) recurrence() recurrence {
	return recurrence{s.id(), &s.Cell, s.ReturnSequences, s.ReturnState, s.GoBackwards, s.ZeroOutputForMask, s.Unroll}
}

func (s *SimpleRNN) reversed() RecurrentLayer {
	back := *s
	back.Cell = *s.Cell.fresh().(*SimpleRNNCell)
	back.GoBackwards = !back.GoBackwards
	return &back
}

// Build makes the cell's weights for sequences of the given shape, [batch steps inputs].
func (s *SimpleRNN) Build(input tensor.Shape) error { return s.recurrence().build(input) }

// Call returns the output of the last step, or of all, for x, [batch steps inputs].
func (s *SimpleRNN) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

// Forward is Call with a [Context]: masked steps are skipped.
func (s *SimpleRNN) Forward(c *Context, x *Tensor) (*Tensor, error) { return s.recurrence().one(c, x) }

// ForwardAll is Forward for x and optional initial states; a missing or nil state begins as zeros. It returns the output and, if
// ReturnState is set, the states.
func (s *SimpleRNN) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return s.recurrence().forward(c, xs)
}

// OutputMask returns the input's mask if the output has the same steps.
func (s *SimpleRNN) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return s.recurrence().outputMask(c)
}

// LSTM is keras.layers.LSTM: [LSTMCell] over a sequence. Its states are the output and the carry.
type LSTM struct {
	Cell LSTMCell `ckpt:"cell"`

	ReturnSequences   bool   // return the outputs of all steps, not only of the last
	ReturnState       bool   // ForwardAll also returns the states
	GoBackwards       bool   // go from the last step to the first, and return outputs in that order
	ZeroOutputForMask bool   // at a masked step return zeros instead of the previous output
	Unroll            bool   // see [Bidirectional]: with it, Keras puts the zeros of ZeroOutputForMask in other places
	Name              string // for error messages
}

// NewLSTM returns an LSTM with the given number of units. It makes its weights at the first call, unless they are restored before.
// Its other options are fields of the layer and of its cell.
func NewLSTM(units int) *LSTM { return &LSTM{Cell: LSTMCell{Units: units}} }

func (l *LSTM) id() id { return id{"lstm", l.Name} }

func (l *LSTM) recurrence() recurrence {
	return recurrence{l.id(), &l.Cell, l.ReturnSequences, l.ReturnState, l.GoBackwards, l.ZeroOutputForMask, l.Unroll}
}

func (l *LSTM) reversed() RecurrentLayer {
	back := *l
	back.Cell = *l.Cell.fresh().(*LSTMCell)
	back.GoBackwards = !back.GoBackwards
	return &back
}

// Build makes the cell's weights for sequences of the given shape, [batch steps inputs].
func (l *LSTM) Build(input tensor.Shape) error { return l.recurrence().build(input) }

// Call returns the output of the last step, or of all, for x, [batch steps inputs].
func (l *LSTM) Call(x *Tensor) (*Tensor, error) { return l.Forward(nil, x) }

// Forward is Call with a [Context]: masked steps are skipped.
func (l *LSTM) Forward(c *Context, x *Tensor) (*Tensor, error) { return l.recurrence().one(c, x) }

// ForwardAll is Forward for x and optional initial states; a missing or nil state begins as zeros. It returns the output and, if
// ReturnState is set, the states.
func (l *LSTM) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return l.recurrence().forward(c, xs)
}

// OutputMask returns the input's mask if the output has the same steps.
func (l *LSTM) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return l.recurrence().outputMask(c)
}

// GRU is keras.layers.GRU: [GRUCell] over a sequence.
type GRU struct {
	Cell GRUCell `ckpt:"cell"`

	ReturnSequences   bool   // return the outputs of all steps, not only of the last
	ReturnState       bool   // ForwardAll also returns the states
	GoBackwards       bool   // go from the last step to the first, and return outputs in that order
	ZeroOutputForMask bool   // at a masked step return zeros instead of the previous output
	Unroll            bool   // see [Bidirectional]: with it, Keras puts the zeros of ZeroOutputForMask in other places
	Name              string // for error messages
}

// NewGRU returns a GRU with the given number of units. It makes its weights at the first call, unless they are restored before.
// Its other options are fields of the layer and of its cell.
func NewGRU(units int) *GRU { return &GRU{Cell: GRUCell{Units: units}} }

func (g *GRU) id() id { return id{"gru", g.Name} }

func (g *GRU) recurrence() recurrence {
	return recurrence{g.id(), &g.Cell, g.ReturnSequences, g.ReturnState, g.GoBackwards, g.ZeroOutputForMask, g.Unroll}
}

func (g *GRU) reversed() RecurrentLayer {
	back := *g
	back.Cell = *g.Cell.fresh().(*GRUCell)
	back.GoBackwards = !back.GoBackwards
	return &back
}

// Build makes the cell's weights for sequences of the given shape, [batch steps inputs].
func (g *GRU) Build(input tensor.Shape) error { return g.recurrence().build(input) }

// Call returns the output of the last step, or of all, for x, [batch steps inputs].
func (g *GRU) Call(x *Tensor) (*Tensor, error) { return g.Forward(nil, x) }

// Forward is Call with a [Context]: masked steps are skipped.
func (g *GRU) Forward(c *Context, x *Tensor) (*Tensor, error) { return g.recurrence().one(c, x) }

// ForwardAll is Forward for x and optional initial states; a missing or nil state begins as zeros. It returns the output and, if
// ReturnState is set, the states.
func (g *GRU) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return g.recurrence().forward(c, xs)
}

// OutputMask returns the input's mask if the output has the same steps.
func (g *GRU) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return g.recurrence().outputMask(c)
}

// RNN is keras.layers.RNN: any [Cell] over a sequence.
type RNN struct {
	Cell Cell `ckpt:"cell"`

	ReturnSequences   bool   // return the outputs of all steps, not only of the last
	ReturnState       bool   // ForwardAll also returns the states
	GoBackwards       bool   // go from the last step to the first, and return outputs in that order
	ZeroOutputForMask bool   // at a masked step return zeros instead of the previous output
	Unroll            bool   // see [Bidirectional]: with it, Keras puts the zeros of ZeroOutputForMask in other places
	Name              string // for error messages
}

func (r *RNN) id() id { return id{"rnn", r.Name} }

func (r *RNN) recurrence() recurrence {
	return recurrence{r.id(), r.Cell, r.ReturnSequences, r.ReturnState, r.GoBackwards, r.ZeroOutputForMask, r.Unroll}
}

func (r *RNN) reversed() RecurrentLayer {
	back := *r
	if back.Cell != nil {
		back.Cell = back.Cell.fresh()
	}
	back.GoBackwards = !back.GoBackwards
	return &back
}

// Build makes the cell's weights for sequences of the given shape, [batch steps inputs].
func (r *RNN) Build(input tensor.Shape) error { return r.recurrence().build(input) }

// Call returns the output of the last step, or of all, for x, [batch steps inputs].
func (r *RNN) Call(x *Tensor) (*Tensor, error) { return r.Forward(nil, x) }

// Forward is Call with a [Context]: masked steps are skipped.
func (r *RNN) Forward(c *Context, x *Tensor) (*Tensor, error) { return r.recurrence().one(c, x) }

// ForwardAll is Forward for x and optional initial states; a missing or nil state begins as zeros. It returns the output and, if
// ReturnState is set, the states.
func (r *RNN) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return r.recurrence().forward(c, xs)
}

// OutputMask returns the input's mask if the output has the same steps.
func (r *RNN) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) {
	return r.recurrence().outputMask(c)
}
