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

// A Note is a remark in a report about an object or a value.
type Note struct{ Path, GoPath, Text string }

// Notes returns the remarks about values of the program g that were stored in another maker's layout, sorted by stored object.
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

// ofApplied adds the note of an applied rule, and notes about doubtful results.
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
		n.add(at, fmt.Sprintf("its shape fits two layouts: it was read as %s's %s", a.Rule.Maker, wording.Quote(a.Rule.Stored)))
	}
	if len(a.Again) > 0 {
		n.add(at, fmt.Sprintf("another rule also uses %s", wording.Quote(a.Again)))
	}
}

// ofAsked adds notes about values for which no rule applied, and about values that were read unchanged although their shape also
// fits the other maker's layout. foreign: the file is another maker's.
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
				n.add(v, fmt.Sprintf("no rule applied: the file does not have %s's names for it, such as %s", rule.Maker, wording.Quote(rule.Stored)))
			case ok && !n.r.opts.Layouts.Graph.Made(id) && n.r.opts.Layouts.Graph.Square(id, rule):
				n.add(v, fmt.Sprintf("its shape fits two layouts: it was read unchanged, and not as %s's %s", rule.Maker, wording.Quote(rule.Stored)))
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
