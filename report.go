package ckpt

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// A Report says what became of everything in a restore: of every value in the checkpoint and in the model. What a program
// should do about it is the program's: an assertion of [Status] turns part of it into an error.
type Report struct {
	Checkpoint   string   // the prefix
	Restored     []Item   // hold the checkpoint's values
	Missing      []Item   // in the model, not in the checkpoint
	Unused       []Item   // in the checkpoint, with no place in the model
	Mismatched   []Item   // matched, but of a kind that the other side has no place for
	Waiting      []Item   // in the checkpoint; the model has no object yet where it would go
	RootChildren []string // the edges of the checkpoint's root
}

// An Item is one value of a report.
type Item struct {
	Path   string // from the root, TensorFlow's form: model.dense.kernel
	GoPath string // Model.Dense.Kernel; "" where the model has no such place
	Key    string // in the checkpoint; "" where it has none
}

// Report looks at the program as it is now and says what became of everything. It is nil after Restore(ctx, "").
func (s *Status) Report() *Report {
	if s.r == nil && s.name == nil {
		return nil
	}
	g, err := s.updated(context.Background())
	if err != nil {
		if g, err = s.c.walk(); err != nil {
			return nil
		}
	}
	if s.name != nil {
		return s.name.report(g)
	}
	return s.r.report(g)
}

func (r *restoration) report(g *object.Graph) *Report {
	out := &Report{Checkpoint: r.path, RootChildren: storedChildren{r.stored, r.start}.Names()}
	waiting := make(map[int]bool)
	for _, se := range r.waiting {
		r.markBelow(r.stored.Nodes[se.parent].Children[se.child].ID, waiting)
	}
	matched := make(map[object.Identity]bool)
	for id := range r.stored.Nodes {
		n := &r.stored.Nodes[id]
		b, bound := r.bound.of(id)
		matched[b.key] = matched[b.key] || bound && (len(n.Attributes) > 0 && r.unusedAttributes[id] == nil || n.Saver != nil)
		if len(n.Attributes) == 0 && !bound {
			continue
		}
		var item Item
		if at := g.ByKey[b.key]; bound && at != nil {
			if len(n.Attributes) > 0 || len(at.Values) > 0 {
				item.Path, item.GoPath = at.Path(), at.GoPath()
			}
			if len(at.Values) > 0 && len(n.Attributes) == 0 {
				matched[b.key] = true // listed as mismatched, not once more as missing
				out.Mismatched = append(out.Mismatched, item)
			}
		} else if len(n.Attributes) > 0 {
			item.Path = r.userPath(id)
		}
		for _, a := range n.Attributes {
			item.Key = a.Key
			switch {
			case bound && r.unusedAttributes[id] != nil:
				out.Mismatched = append(out.Mismatched, item)
			case bound:
				out.Restored = append(out.Restored, item)
			case waiting[id]:
				out.Waiting = append(out.Waiting, item)
			default:
				out.Unused = append(out.Unused, item)
			}
		}
	}
	for _, n := range g.Required(matched, r.opts.skipSlots, false) {
		out.Missing = append(out.Missing, Item{Path: n.Path(), GoPath: n.GoPath()})
	}
	return out
}

// markBelow adds a stored node and all that only it leads to.
func (r *restoration) markBelow(id int, mark map[int]bool) {
	queue := []int{id}
	for len(queue) > 0 {
		id, queue = queue[0], queue[1:]
		if r.bound.has(id) || mark[id] {
			continue
		}
		mark[id] = true
		for _, c := range r.stored.Nodes[id].Children {
			queue = append(queue, c.ID)
		}
	}
}

// String returns the report as lines that group siblings: "optimizer.*: 212 values unused".
func (r *Report) String() string {
	if r == nil {
		return "nothing was restored"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d restored, %d missing, %d unused, %d mismatched, %d waiting", r.Checkpoint,
		len(r.Restored), len(r.Missing), len(r.Unused), len(r.Mismatched), len(r.Waiting))
	if len(r.Restored) == 0 {
		b.WriteString("\n  nothing matched but the root; " + rootChildrenText(r.RootChildren))
	}
	writeGroup(&b, "missing", itemPaths(r.Missing))
	writeGroup(&b, "unused", itemPaths(r.Unused))
	writeGroup(&b, "mismatched", itemPaths(r.Mismatched))
	writeGroup(&b, "waiting for an object", itemPaths(r.Waiting))
	return b.String()
}

func itemPaths(items []Item) []string {
	paths := make([]string, len(items))
	for i, it := range items {
		paths[i] = it.Path
	}
	return paths
}

// groupAbove is how many paths are listed one by one before siblings are grouped.
const groupAbove = 8

// writeGroup writes a line per path, or per group of siblings where there are many.
func writeGroup(b *strings.Builder, what string, paths []string) {
	if len(paths) <= groupAbove {
		for _, p := range paths {
			fmt.Fprintf(b, "\n  %s: %s", p, what)
		}
		return
	}
	groups := make(map[string][]string)
	for _, p := range paths {
		top, _, nested := strings.Cut(p, ".")
		if nested {
			top += ".*"
		}
		groups[top] = append(groups[top], p)
	}
	if len(groups) == 1 && len(paths) > 1 { // all below one object: group one level deeper
		clear(groups)
		for _, p := range paths {
			parts := strings.SplitN(p, ".", 3)
			if len(parts) == 3 {
				p = parts[0] + "." + parts[1] + ".*"
			}
			groups[p] = append(groups[p], p)
		}
	}
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		switch n := len(groups[g]); {
		case n == 1 && !strings.HasSuffix(g, ".*"):
			fmt.Fprintf(b, "\n  %s: %s", g, what)
		default:
			fmt.Fprintf(b, "\n  %s: %d values %s", g, n, what)
		}
	}
}

func rootChildrenText(names []string) string {
	if len(names) == 0 {
		return "the checkpoint's root has no children"
	}
	return "the checkpoint's root has children: " + strings.Join(firstOf(names, 20), ", ")
}

func (r *restoration) rootChildren() string {
	return rootChildrenText(storedChildren{r.stored, r.start}.Names())
}

// prettyName is a stored node's path as TensorFlow prints it: (root).model.dense.
func (r *restoration) prettyName(id int) string {
	if r.paths == nil {
		r.paths = r.stored.Paths()
	}
	return r.paths.Name(id)
}

// userPath is a stored node's path from the root without TensorFlow's "(root)." before it.
func (r *restoration) userPath(id int) string {
	return strings.ReplaceAll(r.prettyName(id), "(root).", "")
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// hints says, for objects that found nothing, which stored edges beside them were probably meant.
func (r *restoration) hints(unmatched []*object.Node) []string {
	byKey := make(map[object.Identity]int)
	for id, b := range r.bound.each() {
		byKey[b.key] = id
	}
	var out []string
	for _, n := range unmatched {
		if n.Parent == nil || len(out) == 3 {
			continue
		}
		id, ok := byKey[n.Parent.Key]
		if !ok {
			continue
		}
		if near := near(n.Name, r.unboundChildren(id)); len(near) > 0 {
			out = append(out, fmt.Sprintf("for %s the checkpoint has %s: an alias in the tag would match it", n.Path(), quoteAll(near)))
		}
	}
	if r.bound.count <= 1 {
		out = append(out, r.rootChildren())
	}
	return out
}

func (r *restoration) unboundChildren(id int) []string {
	var names []string
	for _, c := range r.stored.Nodes[id].Children {
		if !r.bound.has(c.ID) && r.hasValues(c.ID) {
			names = append(names, c.Name)
		}
	}
	return names
}

// storedHints is hints the other way round: what the program's object beside an unused value calls its own.
func (r *restoration) storedHints(g *object.Graph, unresolved []int) []string {
	parents := make(map[int]objectgraph.Child)
	from := make(map[int]int)
	for id := range r.stored.Nodes {
		for _, c := range r.stored.Nodes[id].Children {
			if _, seen := from[c.ID]; !seen {
				from[c.ID], parents[c.ID] = id, c
			}
		}
	}
	var out []string
	for _, id := range unresolved {
		n := g.ByKey[r.bound.key(from[id])]
		if n == nil || len(out) == 3 {
			continue
		}
		var names []string
		for i := range n.Edges {
			names = append(names, n.Edges[i].Name)
		}
		if near := near(parents[id].Name, names); len(near) > 0 {
			out = append(out, fmt.Sprintf("for %s the model has %s", r.userPath(id), quoteAll(near)))
		}
	}
	return out
}

func quoteAll(names []string) string {
	for i := range names {
		names[i] = strconv.Quote(names[i])
	}
	return strings.Join(names, ", ")
}

// near returns the names that differ from name by so little that it may be a slip: in case, underscores, a number at the end,
// or a letter or two.
func near(name string, names []string) []string {
	var out []string
	for _, other := range names {
		a, b := plainName(name), plainName(other)
		if other != name && (a == b || editDistance(a, b) <= min(2, len(a)/3)) {
			out = append(out, other)
		}
	}
	return out
}

func plainName(s string) string {
	return strings.TrimRight(strings.ReplaceAll(strings.ToLower(s), "_", ""), "0123456789")
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
