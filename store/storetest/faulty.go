package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/gockpt/ckpt/store"
)

// An Op is one of a Store's calls.
type Op string

// The calls of a Store.
const (
	Read        Op = "read"
	Put         Op = "put"
	PutIfAbsent Op = "put if absent"
	Replace     Op = "replace"
	List        Op = "list"
	Delete      Op = "delete"
)

// Writes reports whether the call can change the store.
func (op Op) Writes() bool { return op != Read && op != List }

// A Call is a call of a method of a Faulty store.
type Call struct {
	Op   Op
	Name string
	Size int // the number of bytes that Read requested
}

// A Fault says what happens to a call.
type Fault int

const (
	None Fault = iota
	// Fail returns an error; the store does not see the call.
	Fail
	// Lose carries out the call and loses the answer: the caller gets an error, as after a timeout.
	Lose
	// Delay returns an error; the store sees the call when [Faulty.Deliver] is called, like a request that arrives late.
	Delay
)

// ErrInjected is wrapped by every error that a Faulty store injects.
var ErrInjected = errors.New("injected fault")

// A Faulty is a Store that fails on demand and records calls.
type Faulty struct {
	s store.Store

	mu      sync.Mutex
	inject  func(n int, c Call) Fault
	calls   []Call
	delayed []func()
}

// NewFaulty returns a Store that passes all calls to s until Faulty.Inject says otherwise.
func NewFaulty(s store.Store) *Faulty { return &Faulty{s: s} }

// Inject calls f to choose the fault of each later call. n counts these calls from 1. One goroutine at a time
// calls f. A nil f means no faults.
func (s *Faulty) Inject(f func(n int, c Call) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inject, s.calls = f, nil
}

// Calls returns the calls since [Faulty.Inject].
func (s *Faulty) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// Deliver passes the delayed calls to the store, in their order. Their answers are lost.
func (s *Faulty) Deliver() {
	s.mu.Lock()
	delayed := s.delayed
	s.delayed = nil
	s.mu.Unlock()
	for _, do := range delayed {
		do()
	}
}

func (s *Faulty) next(c Call) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	if s.inject == nil {
		return None
	}
	return s.inject(len(s.calls), c)
}

// do makes a call without a body.
func do[T any](s *Faulty, c Call, call func() (T, error)) (none T, err error) {
	switch s.next(c) {
	case Fail:
		return none, s.fault(c)
	case Lose:
		call()
		return none, s.fault(c)
	case Delay:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.delayed = append(s.delayed, func() { call() })
		return none, s.fault(c)
	}
	return call()
}

func (s *Faulty) fault(c Call) error {
	return errors.Join(ErrInjected, errors.New(strings.Join([]string{string(c.Op), c.Name}, " ")))
}

// Read implements store.Store.
func (s *Faulty) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	return do(s, Call{Read, name, len(p)}, func() (store.Object, error) { return s.s.Read(ctx, name, version, p, off) })
}

// put makes a call with a body. For a delayed call it reads the body at once, because the request has already been sent.
func (s *Faulty) put(ctx context.Context, c Call, body io.Reader, call func(context.Context, io.Reader) (store.Object, error)) (store.Object, error) {
	switch s.next(c) {
	case Fail:
		return store.Object{}, s.fault(c)
	case Lose:
		if _, err := call(ctx, body); err != nil {
			return store.Object{}, err
		}
		return store.Object{}, s.fault(c)
	case Delay:
		contents, err := io.ReadAll(body)
		if err != nil {
			return store.Object{}, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.delayed = append(s.delayed, func() { call(context.WithoutCancel(ctx), bytes.NewReader(contents)) })
		return store.Object{}, s.fault(c)
	}
	return call(ctx, body)
}

// Put implements store.Store.
func (s *Faulty) Put(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return s.put(ctx, Call{Op: Put, Name: name}, body, func(ctx context.Context, body io.Reader) (store.Object, error) {
		return s.s.Put(ctx, name, body, size)
	})
}

// PutIfAbsent implements store.Store.
func (s *Faulty) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return s.put(ctx, Call{Op: PutIfAbsent, Name: name}, body, func(ctx context.Context, body io.Reader) (store.Object, error) {
		return s.s.PutIfAbsent(ctx, name, body, size)
	})
}

// Replace implements store.Store.
func (s *Faulty) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (store.Object, error) {
	return s.put(ctx, Call{Op: Replace, Name: name}, body, func(ctx context.Context, body io.Reader) (store.Object, error) {
		return s.s.Replace(ctx, name, version, body, size)
	})
}

// List implements store.Store. A fault applies to the whole listing.
func (s *Faulty) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		c := Call{Op: List, Name: prefix}
		if s.next(c) != None {
			yield(store.Object{}, s.fault(c))
			return
		}
		for o, err := range s.s.List(ctx, prefix) {
			if !yield(o, err) {
				return
			}
		}
	}
}

// Delete implements store.Store.
func (s *Faulty) Delete(ctx context.Context, name string) error {
	_, err := do(s, Call{Op: Delete, Name: name}, func() (struct{}, error) { return struct{}{}, s.s.Delete(ctx, name) })
	return err
}
