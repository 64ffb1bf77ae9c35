package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gockpt/ckpt"
)

// maxDepth is the depth at which a tree is cut and continued as another tree, so that the drawing of a deep graph is
// not much longer than the graph.
const maxDepth = 32

// A tree draws a graph of objects: every object once and every edge once, in memory and time proportional to the graph.
type tree struct {
	g   *ckpt.StoredGraph
	r   *ckpt.Reader
	out *bufio.Writer
	// home is the edge at which each object is shown with its contents.
	home []place
	// An object is below another if it is entered after the other is entered and before the other is left.
	entered, left []int32
	later         []int // the roots of the next trees
}

// A place is an edge of an object. An object's children come first, then its slots. The places of tops are not below any
// object.
type place struct{ object, edge int32 }

const (
	top     = -1
	nowhere = -2
)

// printTree draws g, which has passed its Check.
func printTree(ctx context.Context, out io.Writer, r *ckpt.Reader, g *ckpt.StoredGraph) error {
	n := len(g.Nodes)
	t := &tree{g: g, r: r, out: bufio.NewWriter(out), home: make([]place, n), entered: make([]int32, n), left: make([]int32, n)}
	for i, id := range t.settle() {
		title := "(root)"
		if i > 0 {
			title = "(no edge leads here)"
		}
		for t.later = append(t.later, id); len(t.later) > 0; title = "(continued)" {
			next := t.later[0]
			t.later = t.later[1:]
			fmt.Fprintf(t.out, "%s #%d%s\n", title, next, t.describe(next))
			if err := t.draw(ctx, next); err != nil {
				return err
			}
		}
	}
	return t.out.Flush()
}

// settle sets the home of every object: the edge by which a breadth-first walk of the children finds it, or else the slot of its
// optimizer. It returns the tops: the root, and objects without incoming edges.
func (t *tree) settle() (tops []int) {
	for id := range t.home {
		t.home[id].object = nowhere
	}
	clock := int32(0)
	for id := range t.g.Nodes {
		if t.home[id].object != nowhere {
			continue
		}
		tops = append(tops, id)
		t.home[id].object = top
		queue := []int{id}
		add := func(id, from, edge int) {
			if t.home[id].object == nowhere {
				t.home[id] = place{int32(from), int32(edge)}
				queue = append(queue, id)
			}
		}
		for children, slots := 0, 0; slots < len(queue); {
			if children < len(queue) {
				from := queue[children]
				for edge, c := range t.g.Nodes[from].Children {
					add(c.ID, from, edge)
				}
				children++
				continue
			}
			from := queue[slots]
			for i, s := range t.g.Nodes[from].Slots {
				add(s.Variable, from, len(t.g.Nodes[from].Children)+i)
			}
			slots++
		}
		clock = t.enter(id, clock)
	}
	return tops
}

// A frame is an object on the walk's stack.
type frame struct {
	id, next int
	indent   int // the length of the indentation above it
}

// enter records when the walk enters and leaves id and each object below it, and returns the time after that.
func (t *tree) enter(id int, clock int32) int32 {
	stack := []frame{{id: id}}
	t.entered[id] = clock
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next == t.edges(f.id) {
			t.left[f.id] = clock
			stack = stack[:len(stack)-1]
			continue
		}
		to, here := t.follow(f)
		if here {
			clock++
			t.entered[to] = clock
			stack = append(stack, frame{id: to})
		}
	}
	return clock + 1
}

// edges returns how many edges an object has.
func (t *tree) edges(id int) int { return len(t.g.Nodes[id].Children) + len(t.g.Nodes[id].Slots) }

// follow returns the object that the next edge of f leads to, and whether this edge is the object's home.
func (t *tree) follow(f *frame) (to int, here bool) {
	n, edge := &t.g.Nodes[f.id], f.next
	f.next++
	if edge < len(n.Children) {
		to = n.Children[edge].ID
	} else {
		to = n.Slots[edge-len(n.Children)].Variable
	}
	return to, t.home[to] == place{int32(f.id), int32(edge)}
}

// draw draws the objects below an object, down to maxDepth.
func (t *tree) draw(ctx context.Context, id int) error {
	var indent []byte
	stack := []frame{{id: id}}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next == t.edges(f.id) {
			indent = indent[:f.indent]
			stack = stack[:len(stack)-1]
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name := t.edgeName(f.id, f.next)
		to, here := t.follow(f)
		branch, below := "├── ", "│   "
		if f.next == t.edges(f.id) {
			branch, below = "└── ", "    "
		}
		t.out.Write(indent)
		fmt.Fprintf(t.out, "%s%s ", branch, name)
		switch {
		case here && t.edges(to) > 0 && len(stack) == maxDepth:
			fmt.Fprintf(t.out, "#%d%s, continued below\n", to, t.describe(to))
			t.later = append(t.later, to)
		case here:
			fmt.Fprintf(t.out, "#%d%s\n", to, t.describe(to))
			stack = append(stack, frame{id: to, indent: len(indent)})
			indent = append(indent, below...)
		case t.entered[to] <= t.entered[f.id] && t.entered[f.id] <= t.left[to]:
			fmt.Fprintf(t.out, "-> #%d, cycle\n", to)
		default:
			fmt.Fprintf(t.out, "-> #%d\n", to)
		}
	}
	return nil
}

// edgeName returns the name of an edge.
func (t *tree) edgeName(id, edge int) string {
	n := &t.g.Nodes[id]
	if edge < len(n.Children) {
		return safe(n.Children[edge].Name)
	}
	s := n.Slots[edge-len(n.Children)]
	return fmt.Sprintf("[slot %s of #%d]", safe(s.Name), s.Original)
}

// describe describes the values of an object.
func (t *tree) describe(id int) string {
	var text strings.Builder
	for i, a := range t.g.Nodes[id].Attributes {
		if i > 0 {
			text.WriteByte(';')
		}
		text.WriteByte(' ')
		if a.Name != "VARIABLE_VALUE" {
			text.WriteString(safe(a.Name) + " ")
		}
		if e, err := t.r.Lookup(a.Key); err == nil {
			fmt.Fprintf(&text, "%s %v", safe(e.Type()), e.Shape)
		} else {
			text.WriteString("(stored under other keys)")
		}
	}
	if s := t.g.Nodes[id].Saver; s != nil {
		text.WriteString(" saved by " + safe(s.Name))
	}
	return text.String()
}
