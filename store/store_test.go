package store_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.Memory() })
}

func TestDir(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return store.Dir(filepath.Join(t.TempDir(), "made", "when needed")) })
}

func TestFaultyWithoutFaults(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return storetest.NewFaulty(store.Memory()) })
}

// Two values of Dir act as two programs.
func TestDirOfSeveralPrograms(t *testing.T) {
	path := t.TempDir()
	stores := []store.Store{store.Dir(path), store.Dir(path), store.Dir(path)}
	ctx := t.Context()
	first, err := stores[0].Put(ctx, "n", strings.NewReader("0"), 1)
	require.NoError(t, err)
	require.NotEmpty(t, first.Version)

	// Each goroutine adds 1 equally often. It reads and replaces until no other goroutine has been faster.
	const each = 20
	done := make(chan error)
	for _, s := range stores {
		go func() {
			for range each {
				for {
					p, o, err := store.ReadAll(ctx, s, "n", 100)
					if err != nil {
						done <- err
						return
					}
					var n int
					fmt.Sscan(string(p), &n)
					next := fmt.Sprint(n + 1)
					if _, err := s.Replace(ctx, "n", o.Version, strings.NewReader(next), int64(len(next))); err == nil {
						break
					}
				}
			}
			done <- nil
		}()
	}
	for range stores {
		require.NoError(t, <-done)
	}
	p, _, err := store.ReadAll(ctx, stores[0], "n", 100)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(each*len(stores)), string(p))
}

func TestDirFiles(t *testing.T) {
	ctx, path := t.Context(), t.TempDir()
	s := store.Dir(path)
	put := func(name string) {
		_, err := s.Put(ctx, name, strings.NewReader(name), -1)
		require.NoError(t, err)
	}
	put("run/ckpt-1.index")
	b, err := os.ReadFile(filepath.Join(path, "run", "ckpt-1.index"))
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-1.index", string(b), "each object is a file with its name")

	// The leftovers of a killed program are not objects. The next program's first write there removes them.
	left := "ckpt-1.index.tmp" + strings.Repeat("0", 32)
	require.NoError(t, os.WriteFile(filepath.Join(path, "run", left), nil, 0o666))
	longAgo := time.Now().Add(-24 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(path, "run", left), longAgo, longAgo))
	for o := range s.List(ctx, "run/") {
		require.Equal(t, "run/ckpt-1.index", o.Name)
	}
	_, err = s.Read(ctx, "run/"+left, "", nil, 0)
	require.ErrorIs(t, err, os.ErrInvalid)
	s = store.Dir(path)
	put("run/ckpt-2.index")
	entries, err := os.ReadDir(filepath.Join(path, "run"))
	require.NoError(t, err)
	require.Len(t, entries, 2)

	require.NoError(t, s.Delete(ctx, "run/ckpt-1.index"))
	require.NoError(t, s.Delete(ctx, "run/ckpt-2.index"))
	require.NoDirExists(t, filepath.Join(path, "run"), "as in an object store, no directories are left")
	require.DirExists(t, path)
}

func TestDirErrorsOfTheSystem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o666))
	s := store.Dir(path) // it is not a directory
	_, err := s.Put(t.Context(), "a", strings.NewReader("x"), 1)
	require.ErrorContains(t, err, "put a: ")
	_, err = s.Read(t.Context(), "a", "", nil, 0)
	require.ErrorIs(t, err, store.ErrNotExist)
}

// careless ignores the conditions of writes, as some servers do.
type careless struct {
	store.Store
	absent, unchanged bool
}

func (s careless) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	if s.absent {
		return s.Put(ctx, name, body, size)
	}
	return s.Store.PutIfAbsent(ctx, name, body, size)
}

func (s careless) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (store.Object, error) {
	if s.unchanged {
		return s.Put(ctx, name, body, size)
	}
	return s.Store.Replace(ctx, name, version, body, size)
}

func TestProbe(t *testing.T) {
	ctx := t.Context()
	for _, s := range []careless{{store.Memory(), true, false}, {store.Memory(), false, true}, {store.Memory(), true, true}} {
		require.ErrorIs(t, store.Probe(ctx, s, "run"), store.ErrNoConditions)
		require.Empty(t, slices.Collect(names(ctx, s)), "the probe does not leave objects")
	}
	f := storetest.NewFaulty(store.Memory())
	for n := 1; n <= 4; n++ {
		f.Inject(func(i int, _ storetest.Call) storetest.Fault {
			if i == n {
				return storetest.Fail
			}
			return storetest.None
		})
		err := store.Probe(ctx, f, "")
		require.ErrorIs(t, err, storetest.ErrInjected)
		require.NotErrorIs(t, err, store.ErrNoConditions, "a failure does not count as a lack of conditions")
		require.Empty(t, slices.Collect(names(ctx, f)))
	}
}

func names(ctx context.Context, s store.Store) func(func(string) bool) {
	return func(yield func(string) bool) {
		for o, err := range s.List(ctx, "") {
			if err != nil || !yield(o.Name) {
				return
			}
		}
	}
}

func TestReadAll(t *testing.T) {
	ctx, f := t.Context(), storetest.NewFaulty(store.Memory())
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		want := strings.Repeat("x", size)
		_, err := f.Put(ctx, "a", strings.NewReader(want), -1)
		require.NoError(t, err)
		f.Inject(nil)
		p, o, err := store.ReadAll(ctx, f, "a", 1<<20)
		require.NoError(t, err)
		require.Equal(t, want, string(p))
		require.EqualValues(t, size, o.Size)
		if size <= 64<<10 {
			require.Len(t, f.Calls(), 1)
		}
	}
	_, _, err := store.ReadAll(ctx, f, "a", 1<<20-1)
	require.ErrorContains(t, err, "read a: it has 1048576 bytes, expected at most 1048575")
	_, _, err = store.ReadAll(ctx, f, "b", 10)
	require.ErrorIs(t, err, store.ErrNotExist)
}

// aged lists objects with times before their real ones.
type aged struct {
	store.Store
	by time.Duration
}

func (s aged) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range s.Store.List(ctx, prefix) {
			o.Modified = o.Modified.Add(-s.by)
			if !yield(o, err) {
				return
			}
		}
	}
}

// The leftovers of a killed probe are deleted later. Those of a probe that may still be running are kept.
func TestProberSweeps(t *testing.T) {
	for by, left := range map[time.Duration]int{time.Minute: 3, 2 * time.Hour: 2} {
		s := aged{store.Memory(), by}
		for _, name := range []string{"run/.ckpt-probe-KILLED", "run/ckpt-1.index", "other/.ckpt-probe-KILLED"} {
			_, err := s.Put(t.Context(), name, strings.NewReader("x"), 1)
			require.NoError(t, err)
		}
		require.NoError(t, new(store.Prober).Probe(t.Context(), s, "run/ckpt-2.index"))
		count := 0
		for _, dir := range []string{"run/", "other/"} {
			for range s.List(t.Context(), dir) {
				count++
			}
		}
		require.Equal(t, left, count, by)
	}
}

// A Prober probes once, and again only if the store did not answer.
func TestProber(t *testing.T) {
	ctx, f, p := t.Context(), storetest.NewFaulty(store.Memory()), new(store.Prober)
	f.Inject(func(int, storetest.Call) storetest.Fault { return storetest.Fail })
	require.ErrorIs(t, p.Probe(ctx, f, "run/a"), storetest.ErrInjected)
	f.Inject(nil)
	require.NoError(t, p.Probe(ctx, f, "run/a"))
	require.NotEmpty(t, f.Calls())
	for _, c := range f.Calls() {
		require.True(t, strings.HasPrefix(c.Name, "run/"), "it does not need rights elsewhere: %v", c)
	}
	f.Inject(nil)
	require.NoError(t, p.Probe(ctx, f, "run/a"))
	require.Empty(t, f.Calls())
	p = new(store.Prober)
	for range 2 {
		require.ErrorIs(t, p.Probe(ctx, careless{store.Memory(), true, false}, "a"), store.ErrNoConditions)
	}
}
