package program

import "github.com/gockpt/ckpt/layers/internal/description"

// A builder turns a configuration into a program's nodes.
type builder struct {
	*Program
	lib    Library
	kinds  []*Spec // for each callee; nil if it is not an input
	index  map[string]int
	calls  [][]call // for each callee
	places map[[2]int]int
}

// A call becomes a node when find has resolved its references.
type call struct {
	description.Call
	state int // 0: new; 1: find is resolving its arguments; 2: done
}
