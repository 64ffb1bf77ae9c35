package object

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
)

// steps returns the nodes on the way from the root to n, the root excluded.
func (n *Node) steps() []*Node {
	var path []*Node
	for ; n.Parent != nil; n = n.Parent {
		path = append(path, n)
	}
	slices.Reverse(path)
	return path
}

// EdgePath returns the names of the edges that lead from the root to n.
func (n *Node) EdgePath() []string {
	steps := n.steps()
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Name
	}
	return names
}

// Path returns the path of n for messages: model.dense.kernel, and (root) for the root. Long paths are truncated to their last
// steps, after "…": a checkpoint determines the depth of a program, and the total length of all paths must not grow with its
// square.
func (n *Node) Path() string {
	if s := n.SlotOf(); s != nil {
		return s.path(s.Owner.Path(), s.Variable.Path())
	}
	if n.Parent == nil {
		return "(root)"
	}
	return strings.Join(n.LastSteps(EdgeName), ".")
}

// FullPath returns the whole path of n, for functions of the user.
func (n *Node) FullPath() string {
	if s := n.SlotOf(); s != nil {
		return s.path(s.Owner.FullPath(), s.Variable.FullPath())
	}
	if n.Parent == nil {
		return "(root)"
	}
	return strings.Join(n.EdgePath(), ".")
}

// path returns the path of a slot variable, given those of its owner and of its variable.
func (s *Slot) path(owner, variable string) string {
	return owner + "'s state '" + s.Name + "' for " + variable
}

// EdgeName is the step of [Node.LastSteps] that gives names of edges.
func EdgeName(n *Node) string { return n.Name }

// LastSteps returns the steps that lead to n, or the last ones if there are too many: see [objectgraph.LastSteps].
func (n *Node) LastSteps(step func(*Node) string) []string {
	return objectgraph.LastSteps(func(yield func(string) bool) {
		for at := n; at.Parent != nil && yield(step(at)); at = at.Parent {
		}
	})
}

// GoPath returns the path of n in Go's notation: Model.Dense.Kernel. Long ones are truncated as by Path.
func (n *Node) GoPath() string {
	if s := n.SlotOf(); s != nil {
		return s.Owner.GoPath() + ".Slot(" + strconv.Quote(s.Name) + ", " + s.Variable.GoPath() + ")"
	}
	path := strings.Join(n.LastSteps((*Node).step), "")
	if path == "" {
		return n.Key().Type.String()
	}
	return strings.TrimPrefix(path, ".")
}

// step is the part of a Go path from the parent to n.
func (n *Node) step() string {
	switch {
	case n.Field.step() != "" || n.Parent == nil:
		return n.Field.step()
	case n.Parent.Obj.Kind() == reflect.Map:
		return "[" + strconv.Quote(n.Name) + "]"
	}
	return "[" + n.Name + "]"
}

// PlaceOf returns the path and the Go path of the value that e leads to, for errors.
func PlaceOf(parent *Node, e *Edge) string {
	n := Node{Parent: parent, Name: e.Name, Field: e.Field}
	if parent == nil {
		return "(root)"
	}
	return n.Path() + " (" + n.GoPath() + ")"
}
