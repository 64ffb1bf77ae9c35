package match

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// complete checks the requirements of [Options.Load].
func (m *matcher) complete() error {
	g, r := m.w.Graph(), m.r
	unknown, advice, err := m.unknown()
	if err != nil {
		return err
	}
	missing := m.missing()
	if !r.opts.Partial {
		if len(missing) > 0 {
			e := &transfer.Mismatch{Hints: r.hints(g, &m.found, missing), Unused: unknown}
			for _, n := range missing {
				e.Missing = append(e.Missing, n.Path())
			}
			e.Problem = fmt.Sprintf("%d of %d values of the model are not in the checkpoint", len(missing), g.Leaves())
			if objects := slices.ContainsFunc(missing, func(n *object.Node) bool { return n.Group }); objects {
				e.Problem = fmt.Sprintf("%d values and objects of the model are not in the checkpoint", len(missing))
			}
			return e
		}
	}
	// A layer with only optional values matches a checkpoint without any of them.
	if !m.plan.Assigns() && len(missing)+len(r.unresolvedBelow(&m.found, r.start)) > 0 {
		e := &transfer.Mismatch{Problem: "no value of the checkpoint matches the model; " + wording.RootChildren(r.RootChildren())}
		if level := r.level(g); level != "" {
			e.Hints = []string{level}
		}
		return e
	}
	if r.opts.Strict {
		var unused []string
		for _, id := range slices.Concat(r.unresolvedBelow(&m.found, r.start), sortedIDs(m.unused), sortedIDs(m.doubled)) {
			unused = append(unused, r.userPath(id))
		}
		if len(unused) > 0 {
			return &transfer.Mismatch{Unused: unused, Hints: advice, Problem: fmt.Sprintf("the model has no fields for %d values of the checkpoint", len(unused))}
		}
	}
	if len(unknown) > 0 {
		return &transfer.Mismatch{Unused: unknown, Hints: advice,
			Problem: fmt.Sprintf("%d values of the checkpoint lie inside objects of the model that have no field for them", len(unknown))}
	}
	return nil
}

// missing returns the values of the program that the plan does not assign.
func (m *matcher) missing() []*object.Node {
	g := m.w.Graph()
	filled := m.plan.Targets()
	for _, n := range g.Nodes { // if an optional object was found, all of it is required
		if n.Reached && n.Group && n.Saver() == nil {
			filled[n.Key()] = true
		}
	}
	return g.Required(object.Requirement{Matched: filled, SkipSlots: m.r.opts.SkipSlots, Stored: m.r.storedEdges(&m.found)})
}
