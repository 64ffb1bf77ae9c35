package servertest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

// A verb is one way of package ckpt to write to a store, with a way to read the result.
type verb struct {
	name string
	// write may be called again after it has failed, like a program that is restarted.
	write func(ctx context.Context, s store.Store) error
	// read does not write, so that s may be a web server.
	read func(ctx context.Context, s store.Store) error
	left []string // the objects that exist after write
}

// Verbs calls every function of package ckpt that takes a store. open returns an empty store to write to and a store to read from, which may
// be the same.
func Verbs(t *testing.T, open func(t *testing.T) (to, from store.Store)) {
	for _, v := range verbs {
		t.Run(v.name, func(t *testing.T) {
			ctx := t.Context()
			to, from := open(t)
			if err := v.write(ctx, to); err != nil {
				t.Fatal(err)
			}
			if err := v.read(ctx, from); err != nil {
				t.Error(err)
			}
			if left, err := names(ctx, to, ""); err != nil || !slices.Equal(left, v.left) {
				t.Errorf("the store has %q, want %q: %v", left, v.left, err)
			}
		})
	}
}

// Same returns an opener for Verbs that returns the same store for writing and for reading.
func Same(open func(t *testing.T) store.Store) func(t *testing.T) (to, from store.Store) {
	return func(t *testing.T) (to, from store.Store) {
		s := open(t)
		return s, s
	}
}

// names returns the names of all objects below prefix.
func names(ctx context.Context, s store.Store, prefix string) (all []string, err error) {
	for o, err := range s.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(o.Name, "/") {
			all = append(all, o.Name)
			continue
		}
		below, err := names(ctx, s, o.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, below...)
	}
	return all, nil
}

// faults are the ways in which a call can fail.
var faults = map[string]storetest.Fault{"fails": storetest.Fail, "is lost": storetest.Lose, "is late": storetest.Delay}

// VerbsAgain calls each verb of Verbs many times, each time on a store that open returns and with a fault in another call of the store. The
// verb must succeed, or return the injected error and succeed when it is called again. If CKPT_THOROUGH is not set, only the first call of
// each kind has a fault, in one of the ways.
func VerbsAgain(t *testing.T, open func(t *testing.T) store.Store) {
	for _, v := range verbs {
		t.Run(v.name, func(t *testing.T) {
			undisturbed := storetest.NewFaulty(open(t))
			for _, do := range []func(context.Context, store.Store) error{v.write, v.read} {
				if err := do(t.Context(), undisturbed); err != nil {
					t.Fatal(err)
				}
			}
			var kinds []string
			for _, c := range undisturbed.Calls() {
				kinds = append(kinds, fmt.Sprint(c.Op, " ", c.Name))
			}
			for turn, how := range slices.Sorted(maps.Keys(faults)) {
				kind := 0
				for n := range thorough.Numbers(kinds) {
					if kind++; !thorough.Asked() && kind%len(faults) != turn {
						continue
					}
					s, reached := storetest.NewFaulty(open(t)), false
					s.Inject(func(i int, _ storetest.Call) storetest.Fault {
						if i != n {
							return storetest.None
						}
						reached = true
						return faults[how]
					})
					for _, do := range []func(context.Context, store.Store) error{v.write, v.read} {
						if err := again(t.Context(), s, do); err != nil {
							t.Fatalf("call %d %s: %v", n, how, err)
						}
					}
					if !reached {
						break
					}
				}
			}
		})
	}
}

// again repeats do if it fails because of a fault.
func again(ctx context.Context, s *storetest.Faulty, do func(context.Context, store.Store) error) error {
	err := do(ctx, s)
	if !errors.Is(err, storetest.ErrInjected) {
		return err
	}
	s.Deliver()
	return do(ctx, s)
}
