package stores

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/storetest"
	"github.com/gockpt/ckpt/tensor"
)

// stored is a model with large tensors, which are streamed, and small tensors, which are gathered.
type storedModel struct {
	Large tensor.Tensor[float32]
	Small []tensor.Tensor[float32]
	Names tensor.Tensor[string]
	Step  int64 `ckpt:"step"`
}

func newStoredModel(step int64) *storedModel {
	m := &storedModel{Step: step, Large: *tensor.New[float32](150, 1000), Small: make([]tensor.Tensor[float32], 20)}
	for i := range m.Large.Data() {
		m.Large.Data()[i] = float32(step) + float32(i%1000)
	}
	for i := range m.Small {
		m.Small[i] = *tensor.New[float32](i + 1)
		for j := range m.Small[i].Data() {
			m.Small[i].Data()[j] = float32(step) * float32(j+1)
		}
	}
	names, _ := tensor.FromSlice([]string{"a", strings.Repeat("b", int(step))}, 2)
	m.Names = *names
	return m
}

func requireStored(t require.TestingT, want int64, got *storedModel) {
	m := newStoredModel(want)
	require.Equal(t, m.Step, got.Step)
	require.Equal(t, m.Names.Data(), got.Names.Data())
	require.True(t, slices.Equal(m.Large.Data(), got.Large.Data()))
	for i := range m.Small {
		require.Equal(t, m.Small[i].Data(), got.Small[i].Data())
	}
}

// objects returns the names in a store with their sizes.
func objects(t require.TestingT, s store.Store, dir string) map[string]int64 {
	found := map[string]int64{}
	for o, err := range s.List(context.Background(), dir) {
		require.NoError(t, err)
		if strings.HasSuffix(o.Name, "/") {
			maps.Copy(found, objects(t, s, o.Name))
		} else {
			found[o.Name] = o.Size
		}
	}
	return found
}

func names(t require.TestingT, s store.Store) []string {
	return slices.Sorted(maps.Keys(objects(t, s, "")))
}

func everyStore(t *testing.T, test func(t *testing.T, s store.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, store.Memory()) })
	t.Run("directory", func(t *testing.T) { test(t, store.Dir(t.TempDir())) })
}

func TestInStore(t *testing.T) {
	everyStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		c, err := ckpt.New(newStoredModel(1), ckpt.In(s))
		require.NoError(t, err)
		path, err := c.Save(ctx, "run/ckpt")
		require.NoError(t, err)
		require.Equal(t, "run/ckpt-1", path)
		require.Equal(t, []string{"run/checkpoint", "run/ckpt-1.data-00000-of-00001", "run/ckpt-1.index"}, names(t, s))

		path, err = ckpt.Latest("run", ckpt.In(s))
		require.NoError(t, err)
		require.Equal(t, "run/ckpt-1", path)
		for _, path := range []string{"run", "run/ckpt-1", "run/ckpt-1.index", "./run"} {
			var m storedModel
			require.NoError(t, ckpt.LoadWeights(ctx, path, &m, ckpt.In(s), ckpt.Partial()), path)
			requireStored(t, 1, &m)
		}

		m := newStoredModel(5)
		restored, err := ckpt.New(m)
		require.NoError(t, err)
		status, err := restored.Restore(ctx, "run", ckpt.In(s))
		require.NoError(t, err)
		require.NoError(t, status.AssertConsumed())
		requireStored(t, 1, m)

		r, err := ckpt.Open("run", ckpt.In(s), ckpt.WithProgress(func(ckpt.Progress) {}))
		require.NoError(t, err)
		defer r.Close()
		require.NoError(t, r.Verify(ctx, func(p ckpt.Problem) { t.Error(p) }))
		part, err := r.Slice(ctx, "large/.ATTRIBUTES/VARIABLE_VALUE", tensor.Slice{{Start: 3, Length: 2}, {Start: 10, Length: 5}})
		require.NoError(t, err)
		require.Equal(t, []float32{11, 12, 13, 14, 15, 11, 12, 13, 14, 15}, part.(*tensor.Tensor[float32]).Data())

		_, err = ckpt.Open("absent", ckpt.In(s))
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		_, err = ckpt.Open("run/ckpt-2", ckpt.In(s))
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, "the directory has the checkpoint ckpt-1")
		_, err = ckpt.Open("/run/ckpt-1", ckpt.In(s))
		require.ErrorIs(t, err, fs.ErrInvalid)
		_, err = ckpt.New(m, ckpt.In(s), ckpt.FileMode(0o600))
		require.ErrorContains(t, err, "a store has no permissions")
		_, err = ckpt.New(m, ckpt.In(nil))
		require.ErrorContains(t, err, "In(nil)")
	})
}

// The stored objects have the same bytes as the files that a save to a directory writes.
func TestInStoreIsAsInFiles(t *testing.T) {
	s, dir := store.Memory(), t.TempDir()
	for _, opts := range [][]ckpt.SaveOption{nil, {ckpt.Align(64)}, {ckpt.MaxShardSize(1 << 20)}, {ckpt.Align(256), ckpt.MaxShardSize(100 << 10)}} {
		c, err := ckpt.New(newStoredModel(2))
		require.NoError(t, err)
		_, err = c.Write(t.Context(), filepath.Join(dir, "w"), opts...)
		require.NoError(t, err)
		c, err = ckpt.New(newStoredModel(2))
		require.NoError(t, err)
		_, err = c.Write(t.Context(), "w", append(opts, ckpt.In(s))...)
		require.NoError(t, err)
		want := store.Dir(dir)
		require.Equal(t, names(t, want), names(t, s))
		for _, name := range names(t, want) {
			a, _, err := store.ReadAll(t.Context(), want, name, 1<<30)
			require.NoError(t, err)
			b, _, err := store.ReadAll(t.Context(), s, name, 1<<30)
			require.NoError(t, err)
			require.True(t, bytes.Equal(a, b), name)
		}
		for _, name := range names(t, s) {
			require.NoError(t, s.Delete(t.Context(), name))
			require.NoError(t, want.Delete(t.Context(), name))
		}
	}
}

func TestInStoreOverwritten(t *testing.T) {
	everyStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		var old *ckpt.Reader
		for step := int64(1); step <= 4; step++ {
			require.NoError(t, ckpt.SaveWeights(ctx, "w", newStoredModel(step), ckpt.In(s)))
			var m storedModel
			require.NoError(t, ckpt.LoadWeights(ctx, "w", &m, ckpt.In(s)))
			requireStored(t, step, &m)
			require.Len(t, names(t, s), 3, "the replaced objects are deleted")
			if old != nil {
				_, err := old.Tensor("step/.ATTRIBUTES/VARIABLE_VALUE")
				require.ErrorIs(t, err, ckpt.ErrStale)
				require.NoError(t, old.Close())
			}
			var err error
			old, err = ckpt.Open("w", ckpt.In(s))
			require.NoError(t, err)
		}
		require.NoError(t, old.Close())
	})
}

func TestInStoreOtherFormats(t *testing.T) {
	type model struct {
		Large tensor.Tensor[float32]
		Small tensor.Tensor[int32]
	}
	everyStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		small, _ := tensor.FromSlice([]int32{1, 2, 3}, 3)
		m := model{Large: newStoredModel(3).Large, Small: *small}
		for _, file := range []string{"a/m.safetensors", "a/m.npz", "a/m.weights.h5"} {
			require.NoError(t, ckpt.SaveWeights(ctx, file, &m, ckpt.In(s)), file)
			var got model
			require.NoError(t, ckpt.LoadWeights(ctx, file, &got, ckpt.In(s)), file)
			require.True(t, slices.Equal(m.Large.Data(), got.Large.Data()))
			require.Equal(t, m.Small.Data(), got.Small.Data())
		}
		require.NoError(t, ckpt.SaveWeights(ctx, "b/m.safetensors", &m, ckpt.In(s), ckpt.MaxShardSize(100)))
		var got model
		require.NoError(t, ckpt.LoadWeights(ctx, "b", &got, ckpt.In(s)))
		require.True(t, slices.Equal(m.Large.Data(), got.Large.Data()))
	})
}

func TestManagerInStore(t *testing.T) {
	everyStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		m := newStoredModel(0)
		c, err := ckpt.New(m, ckpt.In(s))
		require.NoError(t, err)
		manager, err := ckpt.NewManager(c, "run", ckpt.KeepLast(2))
		require.NoError(t, err)
		_, err = s.Put(ctx, "run/ckpt-1.index.note", strings.NewReader("x"), 1)
		require.NoError(t, err)
		for step := int64(1); step <= 5; step++ {
			*m = *newStoredModel(step)
			var opts []ckpt.ManagerSaveOption
			if step%2 == 0 {
				opts = append(opts, ckpt.Async())
			}
			path, err := manager.Save(ctx, opts...)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint("run/ckpt-", step), path)
		}
		require.NoError(t, manager.Sync(ctx))
		require.Equal(t, []string{"run/checkpoint", "run/ckpt-1.index.note",
			"run/ckpt-4.data-00000-of-00001", "run/ckpt-4.index", "run/ckpt-5.data-00000-of-00001", "run/ckpt-5.index"}, names(t, s), "a Manager deletes only its own checkpoints")

		// Another program continues, and a save of the first one is rejected.
		m2 := newStoredModel(0)
		c2, err := ckpt.New(m2, ckpt.In(s))
		require.NoError(t, err)
		second, err := ckpt.NewManager(c2, "run", ckpt.KeepLast(2))
		require.NoError(t, err)
		path, err := second.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Equal(t, "run/ckpt-5", path)
		requireStored(t, 5, m2)
		_, err = second.Save(ctx)
		require.NoError(t, err)
		_, err = manager.Save(ctx)
		require.ErrorIs(t, err, ckpt.ErrInUse)
		path, err = ckpt.Latest("run", ckpt.In(s))
		require.NoError(t, err)
		require.Equal(t, "run/ckpt-6", path)

		for path, err := range ckpt.Iterator(ctx, "run", ckpt.In(s)) {
			require.NoError(t, err)
			require.Equal(t, "run/ckpt-6", path)
			break
		}
	})
}

// A save deletes the index of an old checkpoint before its data, so that an index never lacks its data. It deletes nothing before
// the new checkpoint is the latest.
func TestManagerInStoreDeletesTheIndexFirst(t *testing.T) {
	ctx, s := t.Context(), storetest.NewFaulty(store.Memory())
	c, err := ckpt.New(newStoredModel(1), ckpt.In(s))
	require.NoError(t, err)
	manager, err := ckpt.NewManager(c, "run", ckpt.KeepLast(1))
	require.NoError(t, err)
	_, err = manager.Save(ctx, ckpt.MaxShardSize(256<<10))
	require.NoError(t, err)
	s.Inject(nil)
	_, err = manager.Save(ctx)
	require.NoError(t, err)
	var deleted []string
	published := false
	for _, c := range s.Calls() {
		switch {
		case c.Name == "run/checkpoint" && c.Op.Writes():
			published = true
		case c.Op == storetest.Delete && strings.HasPrefix(c.Name, "run/ckpt-1."):
			require.True(t, published, "%+v", c)
			deleted = append(deleted, c.Name)
		}
	}
	require.Greater(t, len(deleted), 2)
	require.Equal(t, "run/ckpt-1.index", deleted[0])
}

func TestSaverInStore(t *testing.T) {
	ctx, s := t.Context(), store.Memory()
	v := tensor.New[float32](3)
	v.Data()[1] = 7
	saver, err := ckpt.NewSaver(ckpt.Vars{"v": v}, ckpt.In(s), ckpt.KeepLast(1))
	require.NoError(t, err)
	for n := range int64(3) {
		_, err = saver.Save(ctx, "run/model", ckpt.GlobalStep(n))
		require.NoError(t, err)
	}
	require.Equal(t, []string{"run/checkpoint", "run/model-2.data-00000-of-00001", "run/model-2.index"}, names(t, s))
	v.Data()[1] = 0
	path, err := ckpt.Latest("run", ckpt.In(s))
	require.NoError(t, err)
	require.NoError(t, saver.Restore(ctx, path))
	require.EqualValues(t, 7, v.Data()[1])
}

// Two saves run at once, and the older one ends later. It does not overwrite the newer one as the latest.
func TestOlderSaveIsNotPublished(t *testing.T) {
	ctx, s := t.Context(), &held{Store: store.Memory(), reached: make(chan struct{}), release: make(chan struct{})}
	older, err := ckpt.New(newStoredModel(1), ckpt.In(s))
	require.NoError(t, err)
	newer, err := ckpt.New(newStoredModel(2), ckpt.In(s))
	require.NoError(t, err)
	s.name = "run/ckpt-1.index"
	_, err = older.Save(ctx, "run/ckpt", ckpt.Async())
	require.NoError(t, err)
	<-s.reached
	s.hold(false)
	manager, err := ckpt.NewManager(newer, "run")
	require.NoError(t, err)
	path, err := manager.Save(ctx, ckpt.Number(2))
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-2", path)
	close(s.release)
	require.NoError(t, older.Sync(ctx), "its files are complete")
	path, err = ckpt.Latest("run", ckpt.In(s))
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-2", path)
	var m storedModel
	require.NoError(t, ckpt.LoadWeights(ctx, "run/ckpt-1", &m, ckpt.In(s), ckpt.Partial()))
	requireStored(t, 1, &m)

	// If a program goes back to an older checkpoint on purpose, its next save becomes the latest.
	again, err := ckpt.New(newStoredModel(3), ckpt.In(s))
	require.NoError(t, err)
	path, err = again.Save(ctx, "run/ckpt")
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-1", path)
	path, err = ckpt.Latest("run", ckpt.In(s))
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-1", path)
}

// held blocks the first write of an object until it is released.
type held struct {
	store.Store
	mu      sync.Mutex
	name    string
	reached chan struct{}
	release chan struct{}
}

func (h *held) hold(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !on {
		h.name = ""
	}
}

func (h *held) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	h.mu.Lock()
	holds := name == h.name
	h.mu.Unlock()
	if holds {
		close(h.reached)
		<-h.release
	}
	return h.Store.PutIfAbsent(ctx, name, body, size)
}

// An asynchronous save returns while the store does not accept writes.
func TestAsyncInStoreDoesNotWait(t *testing.T) {
	ctx, s := t.Context(), &held{Store: store.Memory(), name: "run/ckpt-1.data-00000-of-00001", reached: make(chan struct{}), release: make(chan struct{})}
	m := newStoredModel(1)
	c, err := ckpt.New(m, ckpt.In(s))
	require.NoError(t, err)
	saving, cancel := context.WithCancel(ctx)
	_, err = c.Save(saving, "run/ckpt", ckpt.Async())
	require.NoError(t, err)
	*m = *newStoredModel(9)
	cancel() // after Save has returned, the save continues
	<-s.reached
	close(s.release)
	require.NoError(t, c.Sync(ctx))
	var got storedModel
	require.NoError(t, ckpt.LoadWeights(ctx, "run", &got, ckpt.In(s), ckpt.Partial()))
	requireStored(t, 1, &got)
}

func TestCancelledInStore(t *testing.T) {
	ctx, s := t.Context(), &held{Store: store.Memory(), name: "w.data-00000-of-00001", reached: make(chan struct{}), release: make(chan struct{})}
	saving, cancel := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- ckpt.SaveWeights(saving, "w", newStoredModel(1), ckpt.In(s)) }()
	<-s.reached
	cancel()
	close(s.release)
	require.ErrorIs(t, <-done, context.Canceled)
	require.Empty(t, names(t, s))
	require.ErrorIs(t, ckpt.LoadWeights(saving, "w", new(storedModel), ckpt.In(s)), context.Canceled)
}

// Every call of a save fails once in each way; a quick run uses the first call of each kind. After each failure the last checkpoint that was
// announced is complete and the latest. The next save succeeds, and no files of the failed saves are left.
func TestSaveInStoreWithFaults(t *testing.T) {
	ctx := context.Background()
	for name, save := range map[string]func(s store.Store, step int64) error{
		"Save": func(s store.Store, step int64) error {
			c, err := ckpt.New(newStoredModel(step), ckpt.In(s))
			if err != nil {
				return err
			}
			if _, err := c.Restore(ctx, "run"); err != nil && !errors.Is(err, ckpt.ErrNotFound) {
				return err
			}
			c, err = ckpt.New(newStoredModel(step), ckpt.In(s), ckpt.With("n", new(int64)))
			if err != nil {
				return err
			}
			_, err = c.Save(ctx, "run/step"+fmt.Sprint(step))
			return err
		},
		"SaveWeights over": func(s store.Store, step int64) error {
			return ckpt.SaveWeights(ctx, "run/w", newStoredModel(step), ckpt.In(s))
		},
		"Manager": func(s store.Store, step int64) error {
			m := newStoredModel(step)
			c, err := ckpt.New(m, ckpt.In(s))
			if err != nil {
				return err
			}
			manager, err := ckpt.NewManager(c, "run", ckpt.KeepLast(1))
			if err != nil {
				return err
			}
			if _, err := manager.RestoreOrInitialize(ctx); err != nil {
				return err
			}
			*m = *newStoredModel(step)
			_, err = manager.Save(ctx)
			return err
		},
	} {
		undisturbed := storetest.NewFaulty(store.Memory())
		require.NoError(t, save(undisturbed, 1))
		undisturbed.Inject(nil)
		require.NoError(t, save(undisturbed, 2))
		for fault, how := range map[string]storetest.Fault{"fails": storetest.Fail, "is lost": storetest.Lose, "is delayed": storetest.Delay} {
			t.Run(name+" "+fault, func(t *testing.T) {
				failed := 0
				for n := range thorough.Numbers(kindsOf(undisturbed.Calls())) {
					f := storetest.NewFaulty(store.Memory())
					require.NoError(t, save(f, 1))
					reached := false
					var call storetest.Call
					f.Inject(func(i int, c storetest.Call) storetest.Fault {
						if i != n {
							return storetest.None
						}
						reached, call = true, c
						return how
					})
					err := save(f, 2)
					f.Inject(nil)
					if !reached {
						require.NoError(t, err)
						break
					}
					want := int64(2)
					if err != nil {
						failed++
						want = 1
					}
					check := func(when string) {
						var m storedModel
						require.NoError(t, ckpt.LoadWeights(ctx, "run", &m, ckpt.In(f), ckpt.Partial()), "%s, call %d: %v", when, n, call)
						if err != nil && m.Step == 2 {
							return // only the answer was lost
						}
						requireStored(t, want, &m)
					}
					check("at once")
					f.Deliver()
					check("when it was delivered")
					require.NoError(t, save(f, 3), "call %d: %v", n, call)
					want, err = 3, nil
					check("the next")
					if name != "Save" {
						left := names(t, f)
						require.Len(t, left, 3, "call %d: %v: %v", n, call, left)
					}
				}
				require.NotZero(t, failed)
			})
		}
	}
}
