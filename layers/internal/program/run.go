package program

import (
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Run computes the nodes in order. If own is set, outputs do not use the memory of work. Otherwise they are valid until the enclosing
// run drops them.
func (p *Program) Run(work *kernel.Scratch, inputs []*ops.Value, own bool) ([]*ops.Value, error) {
	if len(inputs) != len(p.Inputs) {
		return nil, fault.Errorf(p.Who, "%d inputs, want %d: %q", len(inputs), len(p.Inputs), p.InputNames())
	}
	r := run{Program: p, work: work, own: own, inputs: make([]*ops.Value, len(inputs)), results: make([][]*ops.Value, len(p.nodes))}
	for i, v := range inputs {
		var err error
		if r.inputs[i], err = p.Inputs[i].fit(p.Who, v); err != nil {
			return nil, err
		}
	}
	r.from = work.Results.Begin()
	outputs, err := r.nodes()
	r.end(outputs)
	return outputs, err
}

// A run holds the values of one run of a program.
type run struct {
	*Program
	work    *kernel.Scratch
	own     bool // see [Program.Run]
	inputs  []*ops.Value
	results [][]*ops.Value // of each node; nil before its call and after the last use
	from    int            // result of [kernel.Results.Begin]
}

// nodes computes the nodes and returns the outputs.
func (r *run) nodes() ([]*ops.Value, error) {
	for i := range r.Program.nodes {
		n := &r.Program.nodes[i]
		if n.joined {
			continue
		}
		a, err := r.arguments(n)
		if err != nil {
			return nil, err
		}
		values, err := n.callee.call(a)
		if err != nil {
			return nil, err
		}
		at := i
		if len(n.then) > 0 {
			at = n.then[len(n.then)-1]
		}
		r.results[at] = values
		for _, v := range values {
			r.work.Results.Hold(floats(v))
		}
		for _, last := range r.dead[i] {
			r.drop(last)
		}
	}
	outputs := make([]*ops.Value, len(r.outputs))
	for i, from := range r.outputs {
		var err error
		if outputs[i], err = r.at(from); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// arguments returns the arguments for the call of n.
func (r *run) arguments(n *node) (*ops.Arguments, error) {
	a := &ops.Arguments{Work: r.work, Passing: !(r.own && n.gives || n.callee.keeps)}
	for _, i := range n.then {
		a.Then = append(a.Then, r.Program.nodes[i].callee.Layer)
	}
	given := func(v any) (any, error) {
		from, ok := v.(place)
		if !ok {
			return v, nil
		}
		got, err := r.at(from)
		if err == nil && n.callee.keeps {
			got = r.lasting(got)
		}
		return got, err
	}
	var err error
	if a.Args, err = ops.MapArgs(n.args, given); err != nil {
		return nil, err
	}
	a.Kw, err = ops.MapKwargs(n.kwargs, given)
	return a, err
}

// lasting returns v, or a copy if v uses the run's memory.
func (r *run) lasting(v *ops.Value) *ops.Value {
	if !r.work.Results.Has(floats(v)) {
		return v
	}
	return &ops.Value{X: tensor.Clone(v.X), As: v.As, Mask: v.Mask}
}

// at returns the value at a place.
func (r *run) at(from place) (*ops.Value, error) {
	if from.node < 0 {
		return r.inputs[from.input], nil
	}
	if from.tensor >= len(r.results[from.node]) {
		return nil, fault.Errorf(r.Program.nodes[from.node].callee.Who, "tensor %d of %d is asked for", from.tensor, len(r.results[from.node]))
	}
	return r.results[from.node][from.tensor], nil
}

// drop removes the results of a node.
func (r *run) drop(node int) {
	for _, v := range r.results[node] {
		r.work.Results.Drop(floats(v), r.from)
	}
	r.results[node] = nil
}

// end gives back all memory except that of the outputs. If own is set, it copies outputs that use the run's memory.
func (r *run) end(outputs []*ops.Value) {
	var keep [][]float32
	for i, v := range outputs {
		if r.own {
			outputs[i] = r.lasting(v)
		} else {
			keep = append(keep, floats(v))
			r.work.Results.Hold(floats(v))
		}
	}
	for node := range r.results {
		r.drop(node)
	}
	for _, x := range keep {
		r.work.Results.Leave(x)
	}
	r.work.Results.End(r.from, keep...)
}

// floats returns the values of a float32 tensor; nil for other dtypes, which do not use the run's memory.
func floats(v *ops.Value) []float32 {
	if x, ok := v.X.(*kernel.Tensor); ok {
		return x.Data()
	}
	return nil
}
