package program

import (
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Shapes runs the program and returns the result shapes of each callee's last call, by the callee's name. It omits callees that
// failed or that depend on a failed one.
func (p *Program) Shapes(inputs []*ops.Value) map[string][]tensor.Shape {
	r := run{Program: p, work: new(kernel.Scratch), own: true, inputs: inputs, results: make([][]*ops.Value, len(p.nodes))}
	shapes := make(map[string][]tensor.Shape)
	for i, n := range p.nodes {
		n.then = nil // call each node separately
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
