package ckpt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
)

// A Status reports what a restore did. Its assertions look at the program as it is when they are called. Each first assigns waiting
// values to objects that were attached since the restore.
type Status struct {
	c *Checkpoint
	r *restore // nil if nothing is restored
}

// An Assertion is a condition that [Status.Assert] checks.
type Assertion int

const (
	// Consumed: every value in the checkpoint has an object, and every existing object has its values.
	Consumed Assertion = iota
	// ExistingObjectsMatched: every variable of the program found its values.
	ExistingObjectsMatched
	// NontrivialMatch: something besides the root was matched.
	NontrivialMatch
)

// AssertConsumed returns nil if every value in the checkpoint was matched to an object of the program, and every object to values. The
// error is a *[MismatchError] unless reading failed.
func (s *Status) AssertConsumed() error { return s.Assert(Consumed) }

// AssertExistingObjectsMatched returns nil if every variable that the program has now was in the checkpoint. The checkpoint may hold
// more.
func (s *Status) AssertExistingObjectsMatched() error { return s.Assert(ExistingObjectsMatched) }

// AssertNontrivialMatch returns nil if anything except the root object was matched.
func (s *Status) AssertNontrivialMatch() error { return s.Assert(NontrivialMatch) }

// Assert checks any of the three assertions at once and returns the first that fails.
func (s *Status) Assert(which ...Assertion) error {
	if s.r == nil {
		return fmt.Errorf("ckpt: %w", ErrNoCheckpoint)
	}
	end, err := s.c.turns.Begin("Assert")
	if err != nil {
		return err
	}
	defer end()
	g, err := s.updated(context.Background())
	if err != nil {
		return err
	}
	for _, a := range which {
		var found *transfer.Mismatch
		switch a {
		case Consumed:
			found = s.r.Consumed(g, &s.c.history)
		case ExistingObjectsMatched:
			found = s.r.ExistingMatched(g, &s.c.history)
		case NontrivialMatch:
			found = s.r.Nontrivial(g, &s.c.history)
		default:
			return fmt.Errorf("ckpt: assertion %d is not one of Consumed, ExistingObjectsMatched and NontrivialMatch", a)
		}
		if found != nil {
			return worded(s.r.path, found)
		}
	}
	return nil
}

// Update assigns waiting values to objects that were attached to the program since the restore.
func (s *Status) Update(ctx context.Context) error {
	end, err := s.c.turns.Begin("Update")
	if err != nil {
		return err
	}
	defer end()
	_, err = s.updated(ctx)
	return err
}

func (s *Status) updated(ctx context.Context) (*object.Graph, error) {
	if err := s.c.update(ctx); err != nil {
		return nil, err
	}
	if s.r != nil && !slices.Contains(s.c.restorations, s.r) { // if a later restore replaced it, it only records objects and assigns nothing
		if err := s.c.updateOne(ctx, s.r); err != nil {
			return nil, err
		}
	}
	return s.c.look()
}

// ExpectPartial says that values without counterparts are expected, so that nothing is logged about them later.
func (s *Status) ExpectPartial() *Status {
	if s.r != nil {
		s.r.Silence()
	}
	return s
}

// RunRestoreOps moves the bytes of a restore that was [Planned]. Without that option it does nothing.
func (s *Status) RunRestoreOps(ctx context.Context) error {
	if s.r == nil {
		return fmt.Errorf("ckpt: %w, so there is nothing to run", ErrNoCheckpoint)
	}
	end, err := s.c.turns.Begin("RunRestoreOps")
	if err != nil {
		return err
	}
	defer end()
	return s.runPlanned(ctx)
}

// runPlanned runs a [Planned] restore.
func (s *Status) runPlanned(ctx context.Context) error {
	if s.r == nil || !s.r.planned {
		return nil
	}
	return s.c.runPlanned(ctx, s.r)
}

// An Initializer is an object that can set its initial values.
type Initializer interface{ Initialize() error }

// InitializeOrRestore moves the bytes of a [Planned] restore, and calls Initialize on every [Initializer] that no restore has given
// values.
func (s *Status) InitializeOrRestore(ctx context.Context) error {
	unreached, err := s.unreached(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range unreached {
		if o, ok := n.Obj.Addr().Interface().(Initializer); ok {
			if err := o.Initialize(); err != nil {
				errs = append(errs, fmt.Errorf("ckpt: initialize %s (%s): %w", n.Path(), n.GoPath(), err))
			}
		}
	}
	return errors.Join(errs...)
}

// unreached moves the bytes of a [Planned] restore and returns the objects that no restore has given values.
func (s *Status) unreached(ctx context.Context) ([]*object.Node, error) {
	end, err := s.c.turns.Begin("InitializeOrRestore")
	if err != nil {
		return nil, err
	}
	defer end()
	if err := s.runPlanned(ctx); err != nil {
		return nil, err
	}
	g, err := s.updated(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(g.Nodes, func(n *object.Node) bool { return s.c.history.Last(n.Key()) > 0 || !n.Obj.CanAddr() }), nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// Report looks at the program as it is now and reports what happened to every value. It is nil after Restore(ctx, ""). If
// another call on the Checkpoint is under way, the report has only a note that says so.
func (s *Status) Report() *Report {
	if s.r == nil {
		return nil
	}
	end, err := s.c.turns.Begin("Report")
	if err != nil {
		return &Report{Checkpoint: s.r.path, Notes: []Note{{Path: "(root)", Text: err.Error()}}}
	}
	defer end()
	g, err := s.updated(context.Background())
	if err != nil {
		if g, err = s.c.look(); err != nil {
			return nil
		}
	}
	return s.r.report(g)
}

// report returns the report about the values of the program g.
func (r *restore) report(g *object.Graph) *Report {
	out := &Report{Checkpoint: r.path, RootChildren: r.RootChildren()}
	problems := make(map[string]string, len(r.mismatched)) // by Go path and key
	for _, p := range r.mismatched {
		problems[p.Node.GoPath()+"\x00"+p.Key] = p.Text
	}
	r.Outcomes(g, func(what transfer.Outcome, item transfer.Item) {
		problem, mismatched := problems[item.GoPath+"\x00"+item.Key]
		if what == transfer.Restored && mismatched {
			what = transfer.Mismatched
		}
		out.add(what, Item{item.Path, item.GoPath, item.Key, problem})
	})
	if r.note != "" && len(out.Restored) > 0 {
		out.Notes = append(out.Notes, Note{Path: "(root)", GoPath: g.Root().GoPath(), Text: r.note})
	}
	if m, ok := r.restoration.(*match.Restoration); ok {
		for _, n := range m.Notes(g) {
			out.Notes = append(out.Notes, Note(n))
		}
	}
	return out
}
