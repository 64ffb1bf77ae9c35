package program

import (
	"slices"

	"github.com/gockpt/ckpt/layers/internal/kernel"
)

// order sorts the nodes into the order in which Keras runs them (keras.src.ops.function.map_graph): the farther from the outputs, the
// earlier. The order matters if a layer changes the mask of a tensor that other layers use.
func (b *builder) order() {
	depths, layers := make(map[int]int), make(map[*Callee]int)
	var seen []int
	set := func(i, depth int) {
		if old, ok := depths[i]; !ok {
			seen = append(seen, i)
			depths[i] = depth
		} else if depth > old {
			depths[i] = depth
		}
	}
	for i := len(b.nodes) - 1; i >= 0; i-- {
		set(i, 0)
		set(i, layers[b.nodes[i].callee])
		layers[b.nodes[i].callee] = depths[i]
		for _, p := range b.nodes[i].parents() {
			set(p, depths[i]+1)
		}
	}
	slices.SortStableFunc(seen, func(i, j int) int { return depths[j] - depths[i] })
	at := kernel.Inverse(seen)
	nodes := make([]node, len(seen))
	for to, from := range seen {
		nodes[to] = b.nodes[from].moved(at)
	}
	b.nodes = nodes
	for i, p := range b.outputs {
		if p.node >= 0 {
			b.outputs[i].node = at[p.node]
		}
	}
}
