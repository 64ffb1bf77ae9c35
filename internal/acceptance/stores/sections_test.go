package stores

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

const storeWorkers = 3

// writeStoreSection writes the part of a model that a worker has: every third of the small tensors. The first worker also writes the rest.
func writeStoreSection(ctx context.Context, s store.Store, worker int, step int64, opts ...ckpt.SectionOption) error {
	c, err := ckpt.New(newStoredModel(step), ckpt.In(s))
	if err != nil {
		return err
	}
	own := func(path string) bool {
		var i int
		if _, err := fmt.Sscanf(path, "small.%d", &i); err == nil {
			return i%storeWorkers == worker
		}
		return worker == 0
	}
	return c.WriteSection(ctx, "run/ckpt-7", worker, storeWorkers, append(opts, ckpt.Own(own))...)
}

func requireMerged(t require.TestingT, s store.Store, step int64) {
	path, err := ckpt.Latest("run", ckpt.In(s))
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-7", path)
	var m storedModel
	require.NoError(t, ckpt.LoadWeights(context.Background(), "run", &m, ckpt.In(s)))
	requireStored(t, step, &m)
}

func TestSectionsInStore(t *testing.T) {
	everyStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		var wg sync.WaitGroup
		for w := range storeWorkers {
			wg.Go(func() {
				if err := writeStoreSection(ctx, s, w, 1); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.NoError(t, writeStoreSection(ctx, s, 1, 1), "a worker that runs again with the same values succeeds")
		require.ErrorIs(t, writeStoreSection(ctx, s, 1, 2), ckpt.ErrStale)
		for range 4 {
			wg.Go(func() {
				if _, err := ckpt.Merge(ctx, "run/ckpt-7", ckpt.In(s)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		requireMerged(t, s, 1)
		require.Equal(t, []string{"run/checkpoint",
			"run/ckpt-7.data-00000-of-99999", "run/ckpt-7.data-00001-of-99999", "run/ckpt-7.data-00002-of-99999", "run/ckpt-7.data-00003-of-99999",
			"run/ckpt-7.index"}, names(t, s))
		require.ErrorIs(t, writeStoreSection(ctx, s, 1, 1), ckpt.ErrStale)

		r, err := ckpt.Open("run/ckpt-7", ckpt.In(s))
		require.NoError(t, err)
		defer r.Close()
		require.NoError(t, r.Verify(ctx, func(p ckpt.Problem) { t.Error(p) }))
	})
}

// The workers of a first attempt die at different points, and a second attempt writes other values under the same prefix. Then a
// late worker of the first attempt writes.
func TestSectionsInStoreOfTwoGenerations(t *testing.T) {
	ctx, s := t.Context(), store.Memory()
	require.NoError(t, writeStoreSection(ctx, s, 0, 1, ckpt.Attempt("first")))
	require.NoError(t, writeStoreSection(ctx, s, 1, 1, ckpt.Attempt("first")))
	_, err := ckpt.Merge(ctx, "run/ckpt-7", ckpt.In(s), ckpt.Attempt("first"))
	require.ErrorIs(t, err, ckpt.ErrSection)
	for w := range storeWorkers {
		require.NoError(t, writeStoreSection(ctx, s, w, 2, ckpt.Attempt("second")))
	}
	_, err = ckpt.Merge(ctx, "run/ckpt-7", ckpt.In(s), ckpt.Attempt("second"))
	require.NoError(t, err)
	requireMerged(t, s, 2)
	require.Equal(t, []string{"run/checkpoint",
		"run/ckpt-7.data-00002-of-99999", "run/ckpt-7.data-00003-of-99999", "run/ckpt-7.data-00004-of-99999", "run/ckpt-7.data-00005-of-99999",
		"run/ckpt-7.index"}, names(t, s), "the objects of the first attempt are removed")
	require.ErrorIs(t, writeStoreSection(ctx, s, 2, 1, ckpt.Attempt("first")), ckpt.ErrStale)
	requireMerged(t, s, 2)
}

// A merge does not copy data.
func TestMergeInStoreCopiesNothing(t *testing.T) {
	ctx, s := t.Context(), storetest.NewFaulty(store.Memory())
	for w := range storeWorkers {
		require.NoError(t, writeStoreSection(ctx, s, w, 1))
	}
	s.Inject(nil)
	_, err := ckpt.Merge(ctx, "run/ckpt-7", ckpt.In(s), ckpt.Unverified())
	require.NoError(t, err)
	for _, c := range s.Calls() {
		if c.Op == storetest.Read {
			require.Less(t, c.Size, 1<<20, "%v", c)
			require.False(t, strings.Contains(c.Name, ".data-0000") && c.Size > 0 && !strings.Contains(c.Name, ".data-00003"), "%v", c)
		}
	}
}

// kindsOf returns the kinds of calls: what they do with which object.
func kindsOf(calls []storetest.Call) []string {
	kinds := make([]string, len(calls))
	for i, c := range calls {
		kinds[i] = fmt.Sprint(c.Op, " ", c.Name)
	}
	return kinds
}

// Every call fails once in each way; in a quick run, the first call of each kind fails in one way. A worker or merge that fails runs
// again. In the end the checkpoint is complete and the latest, and there are no other files.
func TestSectionsInStoreWithFaults(t *testing.T) {
	ctx := context.Background()
	undisturbed := storetest.NewFaulty(store.Memory())
	require.NoError(t, ckpt.SaveWeights(ctx, "run/ckpt-6", newStoredModel(1), ckpt.In(undisturbed)))
	undisturbed.Inject(nil)
	for w := range storeWorkers {
		require.NoError(t, writeStoreSection(ctx, undisturbed, w, 2, ckpt.Attempt("a")))
	}
	_, err := ckpt.Merge(ctx, "run/ckpt-7", ckpt.In(undisturbed), ckpt.Attempt("a"))
	require.NoError(t, err)
	for turn, how := range []storetest.Fault{storetest.Fail, storetest.Lose, storetest.Delay} {
		t.Run([]string{"fails", "is lost", "is delayed"}[turn], func(t *testing.T) {
			kind := 0
			for n := range thorough.Numbers(kindsOf(undisturbed.Calls())) {
				if kind++; !thorough.Asked() && kind%3 != turn {
					continue
				}
				s := storetest.NewFaulty(store.Memory())
				require.NoError(t, ckpt.SaveWeights(ctx, "run/ckpt-6", newStoredModel(1), ckpt.In(s)))
				reached := false
				var call storetest.Call
				s.Inject(func(i int, c storetest.Call) storetest.Fault {
					if i != n {
						return storetest.None
					}
					reached, call = true, c
					return how
				})
				again := func(what string, try func() error) {
					if try() == nil {
						return
					}
					var m storedModel
					require.NoError(t, ckpt.LoadWeights(ctx, "run", &m, ckpt.In(s)), "%s, call %d: %v", what, n, call)
					s.Deliver()
					require.NoError(t, try(), "%s again, call %d: %v", what, n, call)
				}
				for w := range storeWorkers {
					again(fmt.Sprint("section ", w), func() error { return writeStoreSection(ctx, s, w, 2, ckpt.Attempt("a")) })
				}
				again("merge", func() error {
					_, err := ckpt.Merge(ctx, "run/ckpt-7", ckpt.In(s), ckpt.Attempt("a"))
					return err
				})
				s.Inject(nil)
				requireMerged(t, s, 2)
				s.Deliver()
				requireMerged(t, s, 2)
				if !reached {
					require.Greater(t, n, 30)
					break
				}
			}
		})
	}
}
