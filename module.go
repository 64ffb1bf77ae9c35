package ckpt

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
)

// Module is for structs to which a program attaches objects by name while it runs, as Keras attaches layers that are assigned to
// attributes. Embed it in the struct. If a restore found values for such a name, they are assigned to the object at once. The zero
// value is ready.
type Module struct {
	mu       sync.Mutex
	children []moduleChild
	owners   []*Checkpoint // in the order in which they first saw this module
}

type moduleChild struct {
	name   string
	object any
}

// Track attaches child, a pointer to something trackable, as the edge name. If a restored checkpoint has values for it, they
// are assigned before Track returns; the error is then that of the restore. Tracking another object under a name in use is
// an error (use [Module.Replace]); tracking the same object again is not.
//
// Several goroutines may call Track. It reads the whole program, which must not change during the call. If another call on the
// Checkpoint with the values is running, Track attaches child and returns an error with [ErrBusy]; another Track of the same child
// then assigns the values. This includes methods that a restore or Track calls, such as SetCheckpointTensor. Functions that Track
// calls in another goroutine, such as one for progress, must not call Track or wait for it.
func (m *Module) Track(name string, child any) error {
	if err := checkChild(name, child); err != nil {
		return err
	}
	m.mu.Lock()
	if i := m.index(name); i >= 0 {
		same := object.Same(m.children[i].object, child)
		m.mu.Unlock()
		if same {
			return m.attached() // values may still wait, if a former Track failed
		}
		return fmt.Errorf("ckpt: Track(%q): the name is in use for another object; Replace it or Untrack it first", name)
	}
	m.children = append(m.children, moduleChild{name, child})
	m.mu.Unlock()
	return m.attached()
}

// Replace is Module.Track that also accepts a name in use: child then takes the position of the earlier object.
func (m *Module) Replace(name string, child any) error {
	if err := checkChild(name, child); err != nil {
		return err
	}
	m.mu.Lock()
	i := m.index(name)
	if i < 0 {
		m.mu.Unlock()
		return m.Track(name, child)
	}
	m.children[i].object = child
	m.mu.Unlock()
	return m.attached()
}

// Untrack removes the edge name. If the name is tracked again later, its edge is the last.
func (m *Module) Untrack(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.index(name); i >= 0 {
		m.children = append(m.children[:i:i], m.children[i+1:]...)
	}
}

// Tracked returns the object attached as name, nil if there is none.
func (m *Module) Tracked(name string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.index(name); i >= 0 {
		return m.children[i].object
	}
	return nil
}

func (m *Module) index(name string) int {
	for i, c := range m.children {
		if c.name == name {
			return i
		}
	}
	return -1
}

// checkChild returns an error if child cannot be part of a checkpoint.
func checkChild(name string, child any) error {
	w := newWalker(new(walk.StandIns), nil)
	w.AddVirtualRoot(new(Module))
	return w.AddChild(w.Graph().Root(), name, childStep(name), child)
}

func childStep(name string) string { return fmt.Sprintf(".Child(%q)", name) }

// attached makes every checkpoint that knows the module look for values that wait for its new child.
func (m *Module) attached() error {
	m.mu.Lock()
	owners := slices.Clone(m.owners)
	m.mu.Unlock()
	var errs []error
	for _, c := range owners {
		errs = append(errs, c.attachedTo(m))
	}
	return errors.Join(errs...)
}

// otherOwners returns the owners besides c.
func (m *Module) otherOwners(c *Checkpoint) []*Checkpoint {
	m.mu.Lock()
	defer m.mu.Unlock()
	var others []*Checkpoint
	for _, o := range m.owners {
		if o != c {
			others = append(others, o)
		}
	}
	return others
}

// disown makes the module forget c.
func (m *Module) disown(c *Checkpoint) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.owners = slices.DeleteFunc(m.owners, func(other *Checkpoint) bool { return other == c })
}

// snapshot returns the current children, and records owner in the module unless it is nil.
func (m *Module) snapshot(owner *Checkpoint) []moduleChild {
	m.mu.Lock()
	defer m.mu.Unlock()
	if owner != nil && !slices.Contains(m.owners, owner) {
		m.owners = append(m.owners, owner)
		owner.owns(m)
	}
	return slices.Clone(m.children)
}

// attachedTo gives the children of m the values that wait for them.
func (c *Checkpoint) attachedTo(m *Module) error {
	end, err := c.turns.BeginTracking("Track")
	if err != nil {
		return err
	}
	defer end()
	err = c.update(context.Background())
	if !c.waits() {
		c.disown()
	}
	return err
}
