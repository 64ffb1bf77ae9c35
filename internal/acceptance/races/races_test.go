package races

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/tensor"
)

func TestReaderOfManyGoroutines(t *testing.T) {
	path := ckpttest.Saved(t, ckpt.Group{"net": ckpttest.NewNet(5)})
	r, err := ckpt.Open(path)
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
				into := ckpttest.Net{Any: ckpttest.Block{}} // an interface cannot be allocated
				if err := ckpt.LoadWeights(ctx, path, &into, ckpt.At("net")); err != nil {
					t.Error(err)
				} else if into.Step != 5 || into.Names[0] != "x" {
					t.Errorf("worker %d got %+v", worker, into)
				}
				if _, err := r.Graph(); err != nil {
					t.Error(err)
				}
				if err := r.Verify(ctx, func(p ckpt.Problem) { t.Error(p) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, r.Close())
	ckpttest.RequireNoneLeft(t)
}

func TestSavesDuringRestores(t *testing.T) {
	dir := t.TempDir()
	r := ckpttest.NewMarked()
	c := ckpttest.New(t, ckpt.Group{"run": r})
	r.Advance()
	ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
	var saving, restoring sync.WaitGroup
	var stop atomic.Bool
	restored := int64(0)
	for range 3 {
		restoring.Go(func() {
			for !stop.Load() {
				latest, err := ckpt.Latest(dir)
				if err != nil || latest == "" {
					t.Errorf("latest %q: %v", latest, err)
					return
				}
				got := ckpttest.NewMarked()
				c, err := ckpt.New(ckpt.Group{"run": got})
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
			r.Advance()
			if _, err := c.Save(ctx, filepath.Join(dir, "ckpt"), ckpt.Async()); err != nil {
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
	ckpttest.RequireNoneLeft(t)
}

// TestManyAsyncSaves runs goroutines that save in the background, sync, cancel and save again. Each has its own Checkpoint.
func TestManyAsyncSaves(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for worker := range 6 {
		all.Go(func() {
			r := ckpttest.NewMarked()
			c, err := ckpt.New(ckpt.Group{"run": r})
			if err != nil {
				t.Error(err)
				return
			}
			saved := filepath.Join(dir, fmt.Sprint("worker", worker), "ckpt")
			var want int64
			for i := range 8 {
				r.Advance()
				saving, cancel := context.WithCancel(ctx)
				path, err := c.Save(saving, saved, ckpt.Async())
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
				if there, _ := prefix.IsFile(fsx.OS{}, path+".index"); err == nil && !there {
					t.Errorf("%s: no error, no checkpoint", path)
				} else if err == nil {
					want = r.Step
				}
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			latest, err := ckpt.Latest(filepath.Dir(saved))
			got := ckpttest.NewMarked()
			if err == nil {
				err = ckpt.LoadWeights(ctx, latest, got, ckpt.At("run"))
			}
			if err != nil || got.Step < want {
				t.Errorf("%s: step %d of %d: %v", latest, got.Step, want, err)
			}
		})
	}
	all.Wait()
	ckpttest.RequireNoneLeft(t)
}

// TestCancelAtEveryOperation cancels a save's context at each of its operations in turn.
func TestCancelAtEveryOperation(t *testing.T) {
	for _, async := range []bool{false, true} {
		t.Run(fmt.Sprint("async ", async), func(t *testing.T) {
			cancelled := 0
			for n := 1; ; n++ {
				disk := errfs.New()
				v := tensor.New[float32](1 << 14)
				c := ckpttest.New(t, ckpt.Group{"v": v, "s": tensor.Scalar("text")}, ckpttest.On(disk))
				ckpttest.Must(c.Save(ctx, "train/ckpt"))
				before, at := disk.Names(), disk.Ops()+n
				saving, cancel := context.WithCancelCause(ctx)
				why := errors.New("enough")
				disk.Inject(func(op errfs.Op) errfs.Fault {
					if op.N == at {
						cancel(why)
					}
					return errfs.Fault{}
				})
				var opts []ckpt.SaveOption
				if async {
					opts = []ckpt.SaveOption{ckpt.Async()}
				}
				_, err := c.Save(saving, "train/ckpt", opts...)
				err = errors.Join(err, c.Close())
				cancel(nil)
				if disk.Ops() < at {
					require.NoError(t, err)
					break
				}
				latest := ckpttest.Must(ckpt.Latest("train", ckpttest.On(disk)))
				if err != nil {
					cancelled++
					require.True(t, errors.Is(err, why) || errors.Is(err, context.Canceled), "operation %v: %v", disk.Log()[at-1], err)
					require.Equal(t, "train/ckpt-1", latest)
					if len(disk.Names()) != len(before) { // the checkpoint is complete, but its name is not recorded
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
				require.Zero(t, cancelled, "a save continues after its values are copied")
			} else {
				require.Greater(t, cancelled, 5)
			}
			ckpttest.RequireNoneLeft(t)
		})
	}
}

func requireReads(t *testing.T, disk *errfs.FS, path string) {
	t.Helper()
	r, err := ckpt.Open(path, ckpttest.On(disk))
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.Verify(ctx, func(p ckpt.Problem) { t.Error(p) }))
}
