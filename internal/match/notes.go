package match

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/wording"
	"github.com/gockpt/ckpt/layout"
)

// A Note is what a report says of an object or a value besides what became of it.
type Note struct{ Path, GoPath, Text string }

// Notes returns what there is to say of the layouts of another maker in which the values of the program g were stored, sorted by stored object.
func (r *Restoration) Notes(g *object.Graph) []Note {
	l := r.opts.Layouts
	if l == nil {
		return nil
	}
	n := &notes{r: r, said: make(map[Note]bool), values: make(map[object.Identity]int)}
	for id, b := range r.bound.each() {
		if len(r.stored.Nodes[id].Attributes) > 0 && r.unused[id] == nil {
			n.values[b.key()] = id
		}
	}
	for _, p := range r.shared {
		n.values[p.node.Key()] = p.stored
	}
	foreign := false
	for _, a := range l.applied {
		if o := g.Lookup(r.bound.key(a.Object)); o != nil {
			n.ofApplied(o, &a)
			foreign = foreign || len(a.Rule.Own) > 0
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.asked)) {
		if o := g.Lookup(r.bound.key(id)); o != nil {
			n.ofAsked(o, l.asked[id], foreign)
		}
	}
	return n.all
}

type notes struct {
	r      *Restoration
	all    []Note
	said   map[Note]bool
	values map[object.Identity]int // the stored values of objects
}

func (n *notes) add(at *object.Node, text string) {
	note := Note{at.Path(), at.GoPath(), text}
	if !n.said[note] {
		n.said[note] = true
		n.all = append(n.all, note)
	}
}

// ofApplied says what a rule says of itself, and what is doubtful about what it made.
func (n *notes) ofApplied(o *object.Node, a *AppliedRule) {
	if a.Rule.Note != "" {
		n.add(o, a.Rule.Note)
	}
	at := o
	if len(a.Rule.Own) == 1 {
		if v := below(o, a.Rule.Own[0]); v != nil {
			at = v
		}
	}
	if a.Rule.Lossy != "" {
		n.add(at, a.Rule.Lossy)
	}
	if a.Square {
		n.add(at, fmt.Sprintf("its shape does not tell whose layout it has: it was taken as %s's %s", a.Rule.Maker, wording.Quote(a.Rule.Stored)))
	}
	if len(a.Again) > 0 {
		n.add(at, fmt.Sprintf("another rule takes %s as well", wording.Quote(a.Again)))
	}
}

// ofAsked says which values got nothing by the rules that would make them, and which took a stored value as it is though its shape fits the
// other maker's layout too. foreign: the file is another maker's.
func (n *notes) ofAsked(o *object.Node, rules []layout.Rule, foreign bool) {
	for i := range rules {
		rule := &rules[i]
		for _, own := range rule.Own {
			v := below(o, own)
			if v == nil {
				continue
			}
			switch id, ok := n.values[v.Key()]; {
			case !ok && foreign && len(v.Values) > 0:
				n.add(v, fmt.Sprintf("no rule made it: %s's names for it, such as %s, are not in the file", rule.Maker, wording.Quote(rule.Stored)))
			case ok && !n.r.opts.Layouts.Graph.Made(id) && n.r.opts.Layouts.Graph.Square(id, rule):
				n.add(v, fmt.Sprintf("its shape does not tell whose layout it has: it was taken as it is, and not as %s's %s", rule.Maker, wording.Quote(rule.Stored)))
			}
		}
	}
}

// below returns the object at the end of a path of edges, joined by "/", that begins at n. It returns nil if there is none.
func below(n *object.Node, path string) *object.Node {
	for _, name := range strings.Split(path, "/") {
		e := n.Find(name)
		if e == nil || e.Node == nil {
			return nil
		}
		n = e.Node
	}
	return n
}
