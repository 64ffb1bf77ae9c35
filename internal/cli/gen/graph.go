package gen

import (
	"github.com/gockpt/ckpt/tensor"
)

// A graph is the part of a checkpoint's graph that Go types need. At first it has everything that is stored.
// After simplify, it has what a person would declare.
type graph struct {
	nodes   []node
	start   int
	order   []int  // breadth first from start
	parent  []int  // node → the node from which the walk reached it
	via     []int  // node → the parent's edge by which the walk reached it
	cycles  []bool // nodes on cycles, and between two cycles
	torch   bool   // the names are PyTorch's
	names   map[int]string
	byName  bool // the checkpoint has only names and no graph
	leftOut []string
	like    []int         // node → its class: nodes of one class have one Go type
	members map[int][]int // class → its nodes, in order
}

// A node is an object.
type node struct {
	kind   kind
	values []value
	edges  []edge
	slots  []string // names of the slot variables, for an optimizer
	layer  *layer   // set for a layer
	holds  int      // number of edges that lead here
	sparse bool     // it also holds objects without values
}

type kind int

const (
	kindGroup    kind = iota // a struct
	kindVariable             // a tensor
	kindState                // Python state, text
	kindTensors              // several named tensors
	kindList                 // a slice
	kindDict                 // a map
	kindLayer                // a layer of the package layers
	kindTable                // a lookup table
)

// A value is a tensor of an object.
type value struct {
	name, fullName string
	dtype          tensor.DType
	shape          tensor.Shape
}

// An edge is a field, with all edges by which its object refers to the field's value.
type edge struct {
	name string
	also []string
	to   int
}
