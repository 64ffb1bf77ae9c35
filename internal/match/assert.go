package match

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// The assertions use TensorFlow's words. They return nil if they hold.

// ExistingMatched asserts that every variable of the program was in the checkpoint
// (CheckpointLoadStatus.assert_existing_objects_matched).
func (r *Restoration) ExistingMatched(g *object.Graph, h *transfer.History) *transfer.Mismatch {
	for id, b := range r.bound.each() {
		if n := g.Lookup(b.key()); n != nil && h.Last(b.key()) < r.id {
			return &transfer.Mismatch{Problem: fmt.Sprintf("Object %s (%s) not assigned a value from checkpoint", r.prettyName(id), n.GoPath())}
		}
	}
	unmatched := r.unmatched(g)
	if len(unmatched) == 0 {
		return nil
	}
	names := paths(unmatched)
	shown := min(10, len(names))
	return &transfer.Mismatch{
		Problem: fmt.Sprintf("Found %d Go objects that were not bound to checkpointed values, likely due to changes in the Go program. Showing %d of %d unmatched objects: %s",
			len(names), shown, len(names), strings.Join(names[:shown], ", ")),
		Missing: names,
		Hints:   r.hints(g, &r.found, unmatched),
	}
}

// Consumed asserts that the checkpoint and the program match completely (CheckpointLoadStatus.assert_consumed).
func (r *Restoration) Consumed(g *object.Graph, h *transfer.History) *transfer.Mismatch {
	unresolved := r.unresolved(&r.found)
	unused := make([]string, len(unresolved))
	for i, id := range unresolved {
		unused[i] = r.userPath(id)
	}
	if e := r.ExistingMatched(g, h); e != nil {
		e.Unused = unused
		return e
	}
	if len(unresolved) > 0 {
		first := unresolved[0]
		return &transfer.Mismatch{
			Problem: "Unresolved object in checkpoint " + r.prettyName(first) + ": " + describe(&r.stored.Nodes[first]),
			Unused:  unused,
			Hints:   r.storedHints(g, unresolved),
		}
	}
	if len(r.unused) == 0 {
		return nil
	}
	e := &transfer.Mismatch{}
	lines := []string{"Unused attributes in these objects (the attributes exist in the checkpoint but were not restored):"}
	for _, id := range sortedIDs(r.unused) {
		lines = append(lines, fmt.Sprintf("%s (%v): %q", r.prettyName(id), r.bound.key(id).Type, r.unused[id]))
		e.Unused = append(e.Unused, r.userPath(id))
	}
	e.Problem = strings.Join(lines, "\n")
	return e
}

// Nontrivial asserts that something besides the root was matched (CheckpointLoadStatus.assert_nontrivial_match).
func (r *Restoration) Nontrivial(g *object.Graph, _ *transfer.History) *transfer.Mismatch {
	if r.bound.count > 1 {
		return nil
	}
	if len(r.stored.Nodes[r.start].Attributes) > 0 && len(g.Root().Values) > 0 {
		return nil // the root itself is the only value
	}
	unmatched := r.unmatched(g)
	if len(unmatched) == 0 {
		return &transfer.Mismatch{Problem: fmt.Sprintf("Nothing to load. No dependencies have been added to %v yet.", g.Root().Key().Type)}
	}
	return &transfer.Mismatch{
		Problem: "Nothing except the root object matched a checkpointed value. Typically this means that the checkpoint does not match the Go program. " + wording.RootChildren(r.RootChildren()),
		Missing: paths(unmatched),
	}
}

func paths(nodes []*object.Node) []string {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Path())
	}
	return names
}

// describe prints a stored node like the start of its text proto.
func describe(n *objectgraph.Node) string {
	var b strings.Builder
	for i, a := range n.Attributes {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "attributes { name: %q full_name: %q checkpoint_key: %q }", a.Name, a.FullName, a.Key)
	}
	return b.String()
}

func sortedIDs[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }
