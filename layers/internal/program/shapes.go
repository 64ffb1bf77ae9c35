package program

import (
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Shapes calls the nodes with inputs and returns the shapes of what each callee gave at its last call, by its name. Callees that failed, or
// that took what another one did not give, are not there.
func (p *Program) Shapes(inputs []*ops.Value) map[string][]tensor.Shape {
	r := run{Program: p, work: new(kernel.Scratch), own: true, inputs: inputs, results: make([][]*ops.Value, len(p.nodes))}
	shapes := make(map[string][]tensor.Shape)
	for i, n := range p.nodes {
		n.then = nil // each node by itself
		a, err := r.arguments(&n)
		if err != nil {
			continue
		}
		values, err := n.callee.call(a)
		if err != nil {
			continue
		}
		r.results[i] = values
		given := make([]tensor.Shape, len(values))
		for k, v := range values {
			given[k] = v.Shape()
		}
		shapes[n.callee.Name()] = given
	}
	return shapes
}
