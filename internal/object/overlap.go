package object

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// CheckOverlap returns an error if two variables share memory: a restore would write it twice.
func (g *Graph) CheckOverlap() error {
	type span struct {
		from, to uintptr
		node     *Node
	}
	spans := make([]span, 0, len(g.Nodes))
	for _, n := range g.Nodes {
		for i := range n.Values {
			if t := n.Values[i].Tensor; t != nil {
				if from, to := tensor.Addresses(t); from < to {
					spans = append(spans, span{from, to, n})
				}
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(spans); i++ {
		if a, b := spans[i-1], spans[i]; b.from < a.to {
			return fmt.Errorf("ckpt: %s (%s) and %s (%s) share memory but are two variables: use pointers to one tensor for both",
				a.node.Path(), a.node.GoPath(), b.node.Path(), b.node.GoPath())
		}
	}
	return nil
}
