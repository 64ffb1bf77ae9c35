package program

import "github.com/gockpt/ckpt/layers/internal/description"

// A builder turns a configuration into a program's nodes.
type builder struct {
	*Program
	lib    Library
	kinds  []*Spec // of the callees that are inputs
	index  map[string]int
	calls  [][]call // of each callee
	places map[[2]int]int
}

// A call is a node with tensors that are still to be found.
type call struct {
	description.Call
	state int // 0: not looked at; 1: its arguments are being looked for; 2: done
}
