package match

import (
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// Options of a restoration.
type Options struct {
	Savers    []*object.Saver // the custom savers that the program knows
	SkipSlots bool            // leaves the slot variables of optimizers out
	Logger    *slog.Logger

	// Load requires a complete model: every value of the program must be stored, and one stored value may fill several objects.
	Load    bool
	Partial bool // with Load: values may be missing
	Strict  bool // with Load: no stored value may be left over

	// IgnoreUnknown, with Load, ignores stored values inside matched objects that have no object in the program.
	IgnoreUnknown bool
	// Undeclared returns what the type of an object declares about a name that is not one of its edges. It may be nil.
	Undeclared func(obj reflect.Value, name string) object.Undeclared

	// Hint is the first hint of an error about missing values, or "".
	Hint string

	// Layouts adds to the stored graph the values that an object, or a nil list, makes from another maker's layout. It is nil if
	// the file has no such layout.
	Layouts *Layouts
}

// A Restoration is one restore of a stored graph.
type Restoration struct {
	id     uint64 // later restores have larger ids
	path   string
	stored *objectgraph.Graph
	start  int // the stored node that belongs to the program's root
	opts   Options

	found                      // set by a match
	paths   *objectgraph.Paths // made when a name is asked for
	names   nameIndexes        // made when a name is asked for
	warning *unrestoredWarning
}

// found is the state of a restoration that depends on the program. A match works on a copy.
type found struct {
	bound   bindings
	waiting []storedEdge     // edges to stored values for which the program has no object yet
	unused  map[int][]string // attributes of bound nodes for which their objects have no tensor
	doubled map[int]bool     // bound nodes with objects that took other nodes' values
	shared  []pair           // with Load: further objects that took the values of a stored node
	zeros   []bool           // by stored node, and perhaps shorter: the object took zero values
}

// A storedEdge is the i-th child of a stored node.
type storedEdge struct{ parent, child int }

func (f *found) clone() found {
	return found{bound: f.bound.clone(), unused: maps.Clone(f.unused), doubled: maps.Clone(f.doubled), zeros: slices.Clone(f.zeros)}
}

// New returns a restoration of the checkpoint path with the graph stored. Node start belongs to the program's root.
func New(id uint64, path string, stored *objectgraph.Graph, start int, o Options) *Restoration {
	r := &Restoration{id: id, path: path, stored: stored, start: start, opts: o}
	r.warning = &unrestoredWarning{checkpoint: path, stored: stored, logger: o.Logger}
	return r
}

func (r *Restoration) nothing() found {
	return found{bound: newBindings(len(r.stored.Nodes))}
}

// Waits reports whether values wait for objects that are attached to the program later.
func (r *Restoration) Waits() bool {
	if len(r.waiting) > 0 {
		return true
	}
	for _, n := range r.stored.Nodes {
		for _, s := range n.Slots {
			if !r.bound.has(s.Variable) {
				return true
			}
		}
	}
	return false
}

// Forget does nothing: the state depends on the stored objects only.
func (r *Restoration) Forget(*object.Graph) {}

// CanFollowUp reports whether g has an object for which values wait, so that files are opened only when there is something to
// read.
func (r *Restoration) CanFollowUp(g *object.Graph) bool {
	for _, se := range r.waiting {
		if parent := g.Lookup(r.bound.key(se.parent)); parent != nil {
			if e := parent.Find(r.stored.Nodes[se.parent].Children[se.child].Name); e != nil && (e.Node != nil || e.Opt.Alloc) {
				return true
			}
		}
	}
	for id, n := range r.stored.Nodes {
		for _, s := range n.Slots {
			if !r.bound.has(s.Variable) && g.Lookup(r.bound.key(id)) != nil && g.Lookup(r.bound.key(s.Original)) != nil {
				return true
			}
		}
	}
	return false
}

// hasValues reports whether a stored node, or one below it, has values that may wait.
func (r *Restoration) hasValues(stored int) bool {
	n := &r.stored.Nodes[stored]
	if n.HasValues != nil {
		return *n.HasValues
	}
	return len(n.Children)+len(n.Attributes)+len(n.Slots) > 0 || n.Saver != nil
}

// prettyName returns the path of a stored node as TensorFlow prints it: (root).model.dense.
func (r *Restoration) prettyName(id int) string {
	if r.paths == nil {
		r.paths = r.stored.Paths()
	}
	return r.paths.Name(id)
}

// userPath returns the path of a stored node without TensorFlow's "(root)." before it.
func (r *Restoration) userPath(id int) string {
	return strings.ReplaceAll(r.prettyName(id), "(root).", "")
}

// RootChildren returns the names of the children of the stored node that belongs to the program's root.
func (r *Restoration) RootChildren() []string { return children{r.stored, r.start}.Names() }

// Children returns the children of the stored node that belongs to the program's root.
func (r *Restoration) Children() object.Children { return children{r.stored, r.start} }

// child returns the first child of a stored node with the given name.
func (r *Restoration) child(stored int, name string) (id int, ok bool) {
	return r.names.child(r.stored, stored, name)
}

// hasChild reports whether a stored node has a child with the given name.
func (r *Restoration) hasChild(stored int, name string) bool {
	_, ok := r.child(stored, name)
	return ok
}

// Warning returns the function that logs, once, which values were not restored. due is false if there are none. The function
// does not keep the program alive.
func (r *Restoration) Warning() (log func(), due bool) { return r.warning.log, r.warning.due() }

// Silence makes the warning do nothing.
func (r *Restoration) Silence() { r.warning.silence() }
