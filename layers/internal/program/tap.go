package program

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
)

// Tap returns a program with the same inputs. Its outputs are the outputs of the callees with the given names: for each, the first
// tensor of the first call.
func (p *Program) Tap(names []string) (*Program, error) {
	t := *p
	t.outputs, t.Results = nil, nil
	for _, name := range names {
		at := slices.IndexFunc(p.nodes, func(n node) bool { return n.callee.Who.Name == name })
		switch {
		case at >= 0:
			t.outputs = append(t.outputs, place{node: at})
		case p.inputIndex(name) >= 0:
			t.outputs = append(t.outputs, place{input: p.inputIndex(name), node: -1})
		default:
			return nil, fault.Errorf(p.Who, "no layer is called %q: LayerNames has the names; the layers of an inner model are its own", name)
		}
		t.Results = append(t.Results, Spec{Name: name})
	}
	t.prune()
	t.plan()
	for i, d := range t.dtypes() {
		t.Results[i].DType = d
	}
	return &t, nil
}

func (p *Program) inputIndex(name string) int {
	return slices.IndexFunc(p.Inputs, func(s Spec) bool { return s.Name == name })
}

// prune removes the nodes that the outputs do not need. It does not change the nodes of the program from which p was copied.
func (p *Program) prune() {
	needed := make([]bool, len(p.nodes))
	for _, o := range p.outputs {
		if o.node >= 0 {
			needed[o.node] = true
		}
	}
	for i := range slices.Backward(p.nodes) {
		if needed[i] {
			for _, from := range p.nodes[i].parents() {
				needed[from] = true
			}
		}
	}
	at := make([]int, len(p.nodes))
	var kept []node
	for i, n := range p.nodes {
		if at[i] = len(kept); needed[i] {
			kept = append(kept, n.moved(at))
		}
	}
	p.nodes = kept
	for i, o := range p.outputs {
		if o.node >= 0 {
			p.outputs[i].node = at[o.node]
		}
	}
}
