// Package turns makes calls use an object one at a time.
package turns

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

// ErrBusy is wrapped by the error of a call that begins while another call is running.
var ErrBusy = errors.New("another call on the Checkpoint is under way; it belongs to one goroutine at a time")

// Turns let one call at a time use a Checkpoint. A call that begins while another call is running is refused.
// It cannot wait, because the other call may have called it. Tracking calls are the exception: they wait for
// each other, and other calls wait for them. The zero value is ready.
type Turns struct {
	tracking sync.Mutex // held during a tracking call, and while another call begins
	call     sync.Mutex // held during a call
}

// Begin starts a call. The caller must call end when it is done. verb is the call's name for the error, which has [ErrBusy].
func (t *Turns) Begin(verb string) (end func(), err error) {
	if !t.lockTracking() {
		return nil, busy(verb)
	}
	defer t.tracking.Unlock()
	if !t.call.TryLock() {
		return nil, busy(verb)
	}
	return t.call.Unlock, nil
}

// BeginTracking does what Begin does for a tracking call.
func (t *Turns) BeginTracking(verb string) (end func(), err error) {
	if !t.lockTracking() {
		return nil, busy(verb)
	}
	if !t.call.TryLock() {
		t.tracking.Unlock()
		return nil, busy(verb)
	}
	return func() {
		t.call.Unlock()
		t.tracking.Unlock()
	}, nil
}

func busy(verb string) error { return fmt.Errorf("ckpt: %s: %w", verb, ErrBusy) }

// lockTracking locks t.tracking. It returns false if that would wait forever, because a tracking call of this goroutine called it.
func (t *Turns) lockTracking() bool {
	if t.tracking.TryLock() {
		return true
	}
	if calledByTrack() {
		return false
	}
	t.tracking.Lock()
	return true
}

// calledByTrack reports whether this goroutine's stack contains the call with which Track assigns values to
// objects.
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
