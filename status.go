package ckpt

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// A Status answers what became of a restore. Its assertions look at the program as it is when they are called: each
// first lets objects that were attached since take the values that wait for them.
type Status struct {
	c    *Checkpoint
	r    *restoration // nil where nothing is being restored
	name *nameRestoration
}

// An Assertion is something that a restore can be held to.
type Assertion int

const (
	// Consumed: everything in the checkpoint found its place, and every existing object its values.
	Consumed Assertion = iota
	// ExistingObjectsMatched: every variable of the program found its values.
	ExistingObjectsMatched
	// NontrivialMatch: something besides the root was matched.
	NontrivialMatch
)

// AssertConsumed returns nil where every value in the checkpoint has been matched to an object of the program and every
// object to values. The error is a *[MismatchError] unless it is one of reading.
func (s *Status) AssertConsumed() error { return s.Assert(Consumed) }

// AssertExistingObjectsMatched returns nil where every variable that the program has now was in the checkpoint, whatever
// else that may hold.
func (s *Status) AssertExistingObjectsMatched() error { return s.Assert(ExistingObjectsMatched) }

// AssertNontrivialMatch returns nil where anything but the root object was matched.
func (s *Status) AssertNontrivialMatch() error { return s.Assert(NontrivialMatch) }

// Assert checks any of the three assertions at once and returns the first that fails.
func (s *Status) Assert(which ...Assertion) error {
	if s.r == nil && s.name == nil {
		return fmt.Errorf("ckpt: %w", ErrNoCheckpoint)
	}
	g, err := s.updated(context.Background())
	if err != nil {
		return err
	}
	if s.name != nil {
		return s.name.assert(s.c, g)
	}
	for _, a := range which {
		switch a {
		case Consumed:
			err = s.consumed(g)
		case ExistingObjectsMatched:
			err = s.existingMatched(g)
		case NontrivialMatch:
			err = s.nontrivial(g)
		default:
			err = fmt.Errorf("ckpt: assertion %d is none of Consumed, ExistingObjectsMatched, NontrivialMatch", a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Update lets objects that were attached to the program since the restore take the values that wait for them.
func (s *Status) Update(ctx context.Context) error {
	_, err := s.updated(ctx)
	return err
}

func (s *Status) updated(ctx context.Context) (*object.Graph, error) {
	if err := s.c.update(ctx); err != nil {
		return nil, err
	}
	return s.c.walk()
}

// ExpectPartial says that values without counterparts are expected, so that nothing is logged about them later.
func (s *Status) ExpectPartial() *Status {
	if s.r != nil {
		s.r.notice.silence()
	}
	return s
}

// RunRestoreOps moves the bytes of a restore that was [Planned]. Without that option it has nothing left to do.
func (s *Status) RunRestoreOps(ctx context.Context) error {
	if s.r == nil && s.name == nil {
		return fmt.Errorf("ckpt: %w, so there is nothing to run", ErrNoCheckpoint)
	}
	if s.r == nil || !s.r.planned {
		return nil
	}
	s.r.planned = false
	return s.c.runPlanned(ctx, s.r)
}

// An Initializer is an object that can give itself its first values.
type Initializer interface{ Initialize() error }

// InitializeOrRestore runs what [Planned] left to run, and lets the objects that no restore has reached and that are
// an [Initializer] initialize themselves.
func (s *Status) InitializeOrRestore(ctx context.Context) error {
	if s.r != nil {
		if err := s.RunRestoreOps(ctx); err != nil {
			return err
		}
	}
	g, err := s.updated(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range g.Nodes {
		if _, reached := s.c.reached[n.Key]; reached || !n.Obj.CanAddr() {
			continue
		}
		if o, ok := n.Obj.Addr().Interface().(Initializer); ok {
			if err := o.Initialize(); err != nil {
				errs = append(errs, fmt.Errorf("ckpt: initialize %s (%s): %w", n.Path(), n.GoPath(), err))
			}
		}
	}
	return errors.Join(errs...)
}

func (s *Status) mismatch(problem string) *MismatchError {
	return &MismatchError{Checkpoint: s.r.path, Problem: problem}
}

// existingMatched follows CheckpointLoadStatus.assert_existing_objects_matched.
func (s *Status) existingMatched(g *object.Graph) error {
	for id, b := range s.r.bound.each() {
		if n := g.ByKey[b.key]; n != nil && s.c.reached[b.key] < s.r.id {
			return s.mismatch(fmt.Sprintf("Object %s (%s) not assigned a value from checkpoint", s.r.prettyName(id), n.GoPath()))
		}
	}
	unmatched := s.r.unmatched(g)
	if len(unmatched) == 0 {
		return nil
	}
	shown := min(10, len(unmatched))
	names := make([]string, len(unmatched))
	for i, n := range unmatched {
		names[i] = n.Path()
	}
	e := s.mismatch(fmt.Sprintf("Found %d Go objects that were not bound to checkpointed values, likely due to changes in the Go program. Showing %d of %d unmatched objects: %s",
		len(names), shown, len(names), strings.Join(names[:shown], ", ")))
	e.Missing = names
	e.Hints = s.r.hints(unmatched)
	return e
}

// consumed follows CheckpointLoadStatus.assert_consumed.
func (s *Status) consumed(g *object.Graph) error {
	existing := s.existingMatched(g)
	unresolved := s.r.unresolved()
	unused := make([]string, len(unresolved))
	for i, id := range unresolved {
		unused[i] = s.r.userPath(id)
	}
	var m *MismatchError
	switch {
	case errors.As(existing, &m):
		m.Unused = unused
		return m
	case len(unresolved) > 0:
		m = s.mismatch("Unresolved object in checkpoint " + s.r.prettyName(unresolved[0]) + ": " + describeStored(&s.r.stored.Nodes[unresolved[0]]))
		m.Unused = unused
		m.Hints = s.r.storedHints(g, unresolved)
		return m
	case len(s.r.unusedAttributes) > 0:
		problem := "Unused attributes in these objects (the attributes exist in the checkpoint but were not restored):"
		lines := []string{problem}
		m = s.mismatch(problem)
		for _, id := range sortedKeys(s.r.unusedAttributes) {
			lines = append(lines, fmt.Sprintf("%s (%v): %q", s.r.prettyName(id), s.r.bound.key(id).Type, s.r.unusedAttributes[id]))
			m.Unused = append(m.Unused, s.r.userPath(id))
		}
		m.Problem = strings.Join(lines, "\n")
		return m
	}
	return nil
}

// nontrivial follows CheckpointLoadStatus.assert_nontrivial_match.
func (s *Status) nontrivial(g *object.Graph) error {
	if s.r.bound.count > 1 {
		return nil
	}
	if len(s.r.stored.Nodes[s.r.start].Attributes) > 0 && len(g.Root().Values) > 0 {
		return nil // the root is itself the one value there is
	}
	unmatched := s.r.unmatched(g)
	if len(unmatched) == 0 {
		return s.mismatch(fmt.Sprintf("Nothing to load. No dependencies have been added to %v yet.", g.Root().Key.Type))
	}
	e := s.mismatch("Nothing except the root object matched a checkpointed value. Typically this means that the checkpoint does not match the Go program. " + s.r.rootChildren())
	for _, n := range unmatched {
		e.Missing = append(e.Missing, n.Path())
	}
	return e
}

// unmatched returns the program's leaves that no stored node was bound to, but for those that are optional.
func (r *restoration) unmatched(g *object.Graph) []*object.Node {
	matched := make(map[object.Identity]bool, r.bound.count)
	for _, b := range r.bound.each() {
		matched[b.key] = true
	}
	return g.Required(matched, r.opts.skipSlots, false)
}

// unresolved returns the stored nodes with values that have no counterpart.
func (r *restoration) unresolved() []int {
	slots := make(map[int]bool)
	if r.opts.skipSlots {
		for _, n := range r.stored.Nodes {
			for _, s := range n.Slots {
				slots[s.Variable] = true
			}
		}
	}
	var out []int
	for id := range r.stored.Nodes {
		if n := &r.stored.Nodes[id]; len(n.Attributes) > 0 && !slots[id] {
			if !r.bound.has(id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// describeStored prints a stored node as its text proto would start.
func describeStored(n *objectgraph.Node) string {
	var b strings.Builder
	for i, a := range n.Attributes {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "attributes { name: %q full_name: %q checkpoint_key: %q }", a.Name, a.FullName, a.Key)
	}
	return b.String()
}
