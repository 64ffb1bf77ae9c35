package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/tensor"
)

// requireNoneLeft says that no goroutine of the library outlives the test so far.
func requireNoneLeft(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		buf := make([]byte, 1<<20)
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "gockpt/ckpt.(*Checkpoint).startAsync") || strings.Contains(g, "gockpt/ckpt/format/") {
				return false
			}
		}
		return true
	}, 10*time.Second, time.Millisecond)
}

func TestReaderOfManyGoroutines(t *testing.T) {
	path := saved(t, Group{"net": newNet(5)})
	r, err := Open(path)
	require.NoError(t, err)
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for range 5 {
				for _, v := range r.Variables() {
					if _, err := r.ReadTensor(ctx, v.Key); err != nil {
						t.Error(err)
					}
				}
				into := net{Any: block{}} // an interface cannot be made
				if err := LoadWeights(ctx, path, &into, At("net")); err != nil {
					t.Error(err)
				} else if into.Step != 5 || into.Names[0] != "x" {
					t.Errorf("worker %d got %+v", worker, into)
				}
				if _, err := r.Graph(); err != nil {
					t.Error(err)
				}
				if err := r.Verify(ctx, func(p Problem) { t.Error(p) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, r.Close())
	requireNoneLeft(t)
}

func TestSavesDuringRestores(t *testing.T) {
	dir := t.TempDir()
	r := newRun()
	c := mustNew(t, Group{"run": r})
	r.advance()
	must(c.Save(ctx, filepath.Join(dir, "ckpt")))
	var saving, restoring sync.WaitGroup
	var stop atomic.Bool
	restored := int64(0)
	for range 3 {
		restoring.Go(func() {
			for !stop.Load() {
				latest, err := Latest(dir)
				if err != nil || latest == "" {
					t.Errorf("latest %q: %v", latest, err)
					return
				}
				got := newRun()
				c, err := New(Group{"run": got})
				if err != nil {
					t.Error(err)
					return
				}
				s, err := c.Restore(ctx, latest)
				if err == nil {
					err = s.AssertConsumed()
				}
				if err != nil || got.Large.Data()[0] != float32(got.Step) || got.Words[1] != fmt.Sprint(got.Step) {
					t.Errorf("%s: step %d, %v: %v", latest, got.Step, got.Words, err)
					return
				}
				atomic.AddInt64(&restored, 1)
			}
		})
	}
	saving.Go(func() {
		for range 15 {
			r.advance()
			if _, err := c.Save(ctx, filepath.Join(dir, "ckpt"), Async()); err != nil {
				t.Error(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	saving.Wait()
	stop.Store(true)
	restoring.Wait()
	require.Positive(t, restored)
	requireNoneLeft(t)
}

// TestManyAsyncSaves has goroutines with a Checkpoint each save in the background, sync, give up and save again.
func TestManyAsyncSaves(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			r := newRun()
			c, err := New(Group{"run": r})
			if err != nil {
				t.Error(err)
				return
			}
			saved := filepath.Join(dir, fmt.Sprint("worker", worker), "ckpt")
			var want int64
			for i := range 8 {
				r.advance()
				saving, cancel := context.WithCancel(ctx)
				path, err := c.Save(saving, saved, Async())
				if err != nil {
					t.Error(err)
				}
				if i%2 == worker%2 {
					cancel()
				}
				gone, giveUp := context.WithCancel(ctx)
				giveUp()
				if err := c.Sync(gone); err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				r.Large.Data()[0]++ // the save has a copy
				r.Large.Data()[0]--
				err = c.Sync(ctx)
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if there, _ := prefix.IsFile(c.opts.fsys, path+".index"); err == nil && !there {
					t.Errorf("%s: no error, no checkpoint", path)
				} else if err == nil {
					want = r.Step
				}
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			latest, err := Latest(filepath.Dir(saved))
			got := newRun()
			if err == nil {
				err = LoadWeights(ctx, latest, got, At("run"))
			}
			if err != nil || got.Step < want {
				t.Errorf("%s: step %d of %d: %v", latest, got.Step, want, err)
			}
		})
	}
	all.Wait()
	requireNoneLeft(t)
}

// TestCancelAtEveryOperation ends a save's context at each of its operations in turn.
func TestCancelAtEveryOperation(t *testing.T) {
	for _, async := range []bool{false, true} {
		t.Run(fmt.Sprint("async ", async), func(t *testing.T) {
			cancelled := 0
			for n := 1; ; n++ {
				disk := errfs.New()
				v := tensor.New[float32](1 << 14)
				c := mustNew(t, Group{"v": v, "s": tensor.Scalar("text")}, onErrfs(disk))
				must(c.Save(ctx, "train/ckpt"))
				before, at := disk.Names(), disk.Ops()+n
				saving, cancel := context.WithCancelCause(ctx)
				why := errors.New("enough")
				disk.Inject(func(op errfs.Op) errfs.Fault {
					if op.N == at {
						cancel(why)
					}
					return errfs.Fault{}
				})
				var opts []SaveOption
				if async {
					opts = []SaveOption{Async()}
				}
				_, err := c.Save(saving, "train/ckpt", opts...)
				err = errors.Join(err, c.Close())
				cancel(nil)
				if disk.Ops() < at {
					require.NoError(t, err)
					break
				}
				latest := must(Latest("train", onErrfs(disk)))
				if err != nil {
					cancelled++
					require.True(t, errors.Is(err, why) || errors.Is(err, context.Canceled), "operation %v: %v", disk.Log()[at-1], err)
					require.Equal(t, "train/ckpt-1", latest)
					if len(disk.Names()) != len(before) { // the checkpoint is whole, and only its name is not recorded
						requireReads(t, disk, "train/ckpt-2")
					}
					for _, name := range disk.Names() {
						require.NotContains(t, name, ".tmp")
						require.NotContains(t, name, ".old")
					}
				} else {
					require.Equal(t, "train/ckpt-2", latest)
				}
				requireReads(t, disk, latest)
				require.Zero(t, disk.OpenFiles())
			}
			if async {
				require.Zero(t, cancelled, "a save goes on once its values are copied")
			} else {
				require.Greater(t, cancelled, 5)
			}
			requireNoneLeft(t)
		})
	}
}

func requireReads(t *testing.T, disk *errfs.FS, path string) {
	t.Helper()
	r, err := Open(path, onErrfs(disk))
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.Verify(ctx, func(p Problem) { t.Error(p) }))
}
