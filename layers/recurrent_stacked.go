package layers

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
	"gonum.org/v1/gonum/blas/blas32"
)

// StackedRNNCells is keras.layers.StackedRNNCells: cells that at each step pass their output to the next cell. Its states are
// those of the first cell, then those of the second, and so on. Its output is that of the last cell.
//
// Keras 3 does not save the weights of stacked cells in TensorFlow's format: restoring such a checkpoint reports them as missing.
// TF 2.0's Keras saves them.
type StackedRNNCells struct {
	Cells []Cell `ckpt:"cells"`

	Name string // for error messages
}

func (s *StackedRNNCells) id() id { return id{"stacked_rnn_cells", s.Name} }

func (s *StackedRNNCells) fresh() Cell {
	f := &StackedRNNCells{Name: s.Name}
	for _, c := range s.Cells {
		if c != nil {
			c = c.fresh()
		}
		f.Cells = append(f.Cells, c)
	}
	return f
}

// Build makes the weights of all cells for steps of the given shape, [batch inputs].
func (s *StackedRNNCells) Build(step tensor.Shape) error { return buildCell(s, step) }

// Call returns the output for one step's x, [batch inputs], and the new states. Without states they are zeros.
func (s *StackedRNNCells) Call(x *Tensor, states ...*Tensor) (y *Tensor, next []*Tensor, err error) {
	return callCell(nil, s, x, states)
}

// ForwardAll is Call with a [Context], for x and the states after it. It returns the output and the new states.
func (s *StackedRNNCells) ForwardAll(c *Context, xs []*Tensor) ([]*Tensor, error) {
	return callCellAll(c, s, xs)
}

func (s *StackedRNNCells) plan(who id, step tensor.Shape) (boundCell, error) {
	if len(s.Cells) == 0 {
		return boundCell{}, errorf(who, "Cells is empty")
	}
	steps := &stackedSteps{}
	var p boundCell
	for i, c := range s.Cells {
		if c == nil {
			return boundCell{}, errorf(who, "cell %d of the stack is nil", i)
		}
		cell, err := c.plan(id{who.kind, fmt.Sprintf("%s.cells.%d", who.name, i)}, step)
		if err != nil {
			return boundCell{}, err
		}
		if cell.whole {
			return boundCell{}, errorf(who, "cell %d, a %v, cannot be stacked", i, c.id())
		}
		if i == 0 {
			p.in, p.gates, p.scratch = cell.in, cell.gates, cell.scratch
		} else {
			p.scratch = max(p.scratch, cell.gates+cell.scratch)
			p.cost += kernel.ProductCost(1, cell.in, cell.gates)
		}
		p.cost += cell.cost
		p.output = len(p.states) + cell.output
		p.states = append(p.states, cell.states...)
		steps.cells = append(steps.cells, cell)
		step = append(tensor.Shape{step[0]}, cell.states[cell.output]...)
	}
	p.stepper = steps
	return p, nil
}

type stackedSteps struct{ cells []boundCell }

func (s *stackedSteps) project(w *kernel.Scratch, z, x blas32.General, mul product) {
	s.cells[0].project(w, z, x, mul)
}

func (s *stackedSteps) advance(w *kernel.Scratch, z, states blas32.General, scratch []float32, mul product) {
	var output blas32.General
	at := 0
	for i := range s.cells {
		c := &s.cells[i]
		own := kernel.Cols(states, at, at+c.stateLen())
		rest := scratch
		if i > 0 {
			z, rest = kernel.Matrix(scratch, states.Rows, c.gates), scratch[states.Rows*c.gates:]
			c.project(w, z, output, mul)
		}
		c.advance(w, z, own, rest, mul)
		lo, hi := c.outputAt()
		output = kernel.Cols(own, lo, hi)
		at += c.stateLen()
	}
}
