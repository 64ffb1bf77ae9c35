package ckpt

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"weak"

	"github.com/gockpt/ckpt/internal/object"
)

// turns let one call at a time use a Checkpoint. A call that finds another under way is refused: it cannot wait, since it may come from
// a function that the other has called. [Module.Track] in several goroutines is the exception: these wait for each other, and other
// calls wait for them.
type turns struct {
	tracking sync.Mutex // held while an object is attached, and by other calls for as long as they begin
	call     sync.Mutex // held during a call
}

// begin starts a call, or returns an error with [ErrBusy]. end ends it.
func (t *turns) begin(verb string) (end func(), err error) {
	if !t.lockTracking() {
		return nil, fmt.Errorf("ckpt: %s: %w", verb, ErrBusy)
	}
	defer t.tracking.Unlock()
	if !t.call.TryLock() {
		return nil, fmt.Errorf("ckpt: %s: %w", verb, ErrBusy)
	}
	return t.call.Unlock, nil
}

// beginTracking is begin for a Module's call.
func (t *turns) beginTracking(verb string) (end func(), err error) {
	if !t.lockTracking() {
		return nil, fmt.Errorf("ckpt: %s: %w", verb, ErrBusy)
	}
	if !t.call.TryLock() {
		t.tracking.Unlock()
		return nil, fmt.Errorf("ckpt: %s: %w", verb, ErrBusy)
	}
	return func() {
		t.call.Unlock()
		t.tracking.Unlock()
	}, nil
}

// lockTracking locks t.tracking. It returns false where that would wait for ever: within a function that a Track of this goroutine called.
func (t *turns) lockTracking() bool {
	if t.tracking.TryLock() {
		return true
	}
	if calledByTrack() {
		return false
	}
	t.tracking.Lock()
	return true
}

// calledByTrack reports whether this goroutine's stack has the call with which Track gives objects their values.
func calledByTrack() bool {
	pcs := make([]uintptr, 64)
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs)
		frames := runtime.CallersFrames(pcs[:n])
		for more := n > 0; more; {
			var f runtime.Frame
			if f, more = frames.Next(); strings.HasSuffix(f.Function, "/ckpt.(*Checkpoint).update") {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// owns notes that m knows c.
func (c *Checkpoint) owns(m *Module) {
	c.modules = slices.DeleteFunc(c.modules, func(m weak.Pointer[Module]) bool { return m.Value() == nil })
	c.modules = append(c.modules, weak.Make(m))
}

// disown lets all Modules forget c, which has nothing for their children any more.
func (c *Checkpoint) disown() {
	for _, m := range c.modules {
		if m := m.Value(); m != nil {
			m.disown(c)
		}
	}
	c.modules = nil
}

// replaceOwners lets the Modules that c knows forget other Checkpoints of the same program for which c has a value for all that waits.
func (c *Checkpoint) replaceOwners() {
	for _, m := range c.modules {
		if m := m.Value(); m != nil {
			for _, other := range m.otherOwners(c) {
				if c.replaces(other) {
					m.disown(other)
				}
			}
		}
	}
}

// replaces reports whether what waits in another Checkpoint of the same program waits in c, too.
func (c *Checkpoint) replaces(other *Checkpoint) bool {
	end, err := other.turns.begin("")
	if err != nil {
		return false
	}
	defer end()
	same := func(a, b namedObject) bool { return a.name == b.name && object.Same(a.object, b.object) }
	if c.grouped != other.grouped || !c.grouped && !object.Same(c.root, other.root) || !slices.EqualFunc(c.objects, other.objects, same) {
		return false
	}
	for _, old := range other.restorations {
		if old.Waits() && !slices.ContainsFunc(c.restorations, func(r *restore) bool { return r.replaces(old) }) {
			return false
		}
	}
	return true
}

// attachedTo lets the children of m take what waits for them.
func (c *Checkpoint) attachedTo(m *Module) error {
	end, err := c.turns.beginTracking("Track")
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
