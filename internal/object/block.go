package object

// A block is memory for nodes and for the values of nodes with one value. It allocates many at once.
type block struct {
	nodes  []Node
	values []Value
}

// The sizes of blocks. The first blocks are small, because most graphs are small.
const (
	smallestBlock = 8
	largestBlock  = 240 // a little less than a page of the allocator
)

// NewNode returns a node that is not in the graph yet.
func (g *Graph) NewNode() *Node {
	if len(g.free.nodes) == 0 {
		g.free.nodes = make([]Node, blockSize(len(g.Nodes)))
	}
	n := &g.free.nodes[0]
	g.free.nodes = g.free.nodes[1:]
	return n
}

// OneValue returns memory for one value.
func (g *Graph) OneValue(v Value) []Value {
	if len(g.free.values) == 0 {
		g.free.values = make([]Value, blockSize(len(g.Nodes)))
	}
	one := g.free.values[:1:1]
	one[0] = v
	g.free.values = g.free.values[1:]
	return one
}

func blockSize(nodes int) int { return min(max(nodes, smallestBlock), largestBlock) }
