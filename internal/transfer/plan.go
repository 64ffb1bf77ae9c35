package transfer

import (
	"sync/atomic"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
)

// A Plan lists what a restore will do.
type Plan struct {
	reader      format.Reader
	graph       *object.Graph
	assignments []*Assignment
	block       []Assignment // room for further ones
	custom      object.Batches
	problems    []Problem
	undos       []func() // of what planning itself changed, in its order
	wants       map[object.Identity][]wantedShape
}

// An Assignment is one stored tensor with the value that takes it.
type Assignment struct {
	Node  *object.Node
	Value *object.Value
	Key   string
	Part  *object.Part // of the stored tensor; nil: all of it

	found  format.Found   // set by the check
	target *object.Target // set by the run; nil where the tensor is read straight into the value's memory
	state  atomic.Int32
}

// The states of an Assignment.
const (
	untouched int32 = iota
	reading
	read
	assigning // the object is taking the values
	assigned
)

// Reader returns the reader of the checkpoint.
func (p *Plan) Reader() format.Reader { return p.reader }

// Grow makes room for n assignments.
func (p *Plan) Grow(n int) { p.assignments = make([]*Assignment, 0, n) }

// Assign adds the assignment of the tensor key, or a part of it, to a value of n.
func (p *Plan) Assign(n *object.Node, v *object.Value, key string, part *object.Part) {
	if len(p.block) == 0 {
		p.block = make([]Assignment, min(max(len(p.assignments), fewAssignments), assignmentBlock))
	}
	a := &p.block[0]
	p.block = p.block[1:]
	a.Node, a.Value, a.Key, a.Part = n, v, key, part
	p.assignments = append(p.assignments, a)
}

// The sizes of blocks of assignments: the first are small, as most plans are.
const (
	fewAssignments  = 8
	assignmentBlock = 450 // a little less than a page of the allocator's
)

// AssignCustom lets the custom saver s restore the object n under a name.
func (p *Plan) AssignCustom(s *object.Saver, name string, n *object.Node) {
	p.custom = p.custom.Add(s, name, n)
}

// Undo adds a function that takes back a change which planning has made to the program.
func (p *Plan) Undo(f func()) { p.undos = append(p.undos, f) }

// Problem adds a reason for which the check will fail.
func (p *Plan) Problem(n *object.Node, key, text string) {
	p.problems = append(p.problems, Problem{Node: n, Key: key, Text: text})
}

// Assigns reports whether the plan gives any object a value.
func (p *Plan) Assigns() bool { return len(p.assignments)+len(p.custom) > 0 }

// Keys returns the key that each object takes its values from, one of them where it takes several tensors.
func (p *Plan) Keys() map[object.Identity]string {
	keys := make(map[object.Identity]string, len(p.assignments))
	for _, a := range p.assignments {
		keys[a.Node.Key()] = a.Key
	}
	return keys
}

// Targets returns the identities of the objects that the plan gives values.
func (p *Plan) Targets() map[object.Identity]bool {
	targets := make(map[object.Identity]bool, len(p.assignments))
	for _, a := range p.assignments {
		targets[a.Node.Key()] = true
	}
	for _, b := range p.custom {
		for _, n := range b.Nodes {
			targets[n.Key()] = true
		}
	}
	return targets
}

// A wantedShape is a shape that the options of an object fix for one of its variables; -1 stands for any length.
type wantedShape struct {
	by    *object.Node
	shape []int
}
