package ckpt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/fsx"
)

// appear makes the checkpoint called name the latest in dir in one step, as another program would.
func appear(t *testing.T, dir, name string) {
	t.Helper()
	touch(t, dir, name+".index")
	require.NoError(t, state.Write(ctx, fsx.OS{}, filepath.Join(dir, "checkpoint"), &state.State{Latest: name}))
}

// An arrival is a path that an Iterator yielded, and the time.
type arrival struct {
	at   time.Duration
	base string
	err  error
}

// iterate collects the paths that an Iterator yields, on a simulated clock. It runs body after each path, inside the loop.
func iterate(ctx context.Context, dir string, body func(arrival) bool, opts ...ckpt.WatchOption) (all []arrival) {
	start := time.Now()
	for path, err := range ckpt.Iterator(ctx, dir, opts...) {
		a := arrival{time.Since(start), filepath.Base(path), err}
		all = append(all, a)
		if body != nil && !body(a) {
			break
		}
	}
	return all
}

func TestWaitForNew(t *testing.T) {
	in := func(name string, f func(t *testing.T, dir string)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, t.TempDir()) })
		})
	}
	in("Q-09 an existing checkpoint is returned at once", func(t *testing.T, dir string) {
		appear(t, dir, "ckpt-1")
		start := time.Now()
		path, err := ckpt.WaitForNew(ctx, dir, "")
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, "ckpt-1"), path)
		require.Zero(t, time.Since(start))
	})
	in("Q-09 the last checkpoint is not new, later ones are", func(t *testing.T, dir string) {
		appear(t, dir, "ckpt-1")
		time.AfterFunc(2500*time.Millisecond, func() { appear(t, dir, "ckpt-2") })
		start := time.Now()
		path, err := ckpt.WaitForNew(ctx, dir, filepath.Join(dir, "ckpt-1"))
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, "ckpt-2"), path)
		require.Equal(t, 3*time.Second, time.Since(start), "it checks once per second")
	})
	in("Q-09 in a missing directory it returns nothing after the timeout", func(t *testing.T, dir string) {
		start := time.Now()
		path, err := ckpt.WaitForNew(ctx, filepath.Join(dir, "none"), "", ckpt.Timeout(2300*time.Millisecond))
		require.NoError(t, err)
		require.Empty(t, path)
		require.Equal(t, 2300*time.Millisecond, time.Since(start))
	})
	in("Q-09 a checkpoint that appears in the last moment is found", func(t *testing.T, dir string) {
		time.AfterFunc(2200*time.Millisecond, func() { appear(t, dir, "ckpt-1") })
		path, err := ckpt.WaitForNew(ctx, dir, "", ckpt.Timeout(2300*time.Millisecond), ckpt.PollInterval(time.Hour))
		require.NoError(t, err)
		require.NotEmpty(t, path)
	})
	in("Q-09 the end of the context ends the wait", func(t *testing.T, dir string) {
		gone := errors.New("the trainer has ended")
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(10*time.Second, func() { cancel(gone) })
		_, err := ckpt.WaitForNew(ctx, dir, "")
		require.ErrorIs(t, err, gone)
	})
	in("Q-09 errors of Latest are returned", func(t *testing.T, dir string) {
		touch(t, dir, "checkpoint")
		_, err := ckpt.WaitForNew(ctx, dir, "")
		require.ErrorIs(t, err, ckpt.ErrCorrupt)
	})
}

func TestIterator(t *testing.T) {
	in := func(name string, f func(t *testing.T, dir string)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, t.TempDir()) })
		})
	}
	// every makes n checkpoints appear, one per period. Each appears shortly before its period ends, so that a check at the end finds it.
	every := func(t *testing.T, dir string, period time.Duration, n int) {
		for i := range n {
			time.AfterFunc(time.Duration(i+1)*period-time.Microsecond, func() { appear(t, dir, fmt.Sprintf("ckpt-%d", i+1)) })
		}
	}
	in("Q-10 each new checkpoint is yielded, until none appears within the timeout", func(t *testing.T, dir string) {
		every(t, dir, 5*time.Second, 3)
		require.Equal(t, []arrival{
			{5 * time.Second, "ckpt-1", nil}, {10 * time.Second, "ckpt-2", nil}, {15 * time.Second, "ckpt-3", nil},
		}, iterate(ctx, dir, nil, ckpt.Timeout(time.Minute), ckpt.PollInterval(100*time.Millisecond)))
	})
	in("Q-10 an existing checkpoint is yielded first", func(t *testing.T, dir string) {
		appear(t, dir, "ckpt-7")
		require.Equal(t, []arrival{{0, "ckpt-7", nil}}, iterate(ctx, dir, nil, ckpt.Timeout(0)))
	})
	in("Q-10 the minimum interval starts when a checkpoint appears and includes the loop's body", func(t *testing.T, dir string) {
		every(t, dir, time.Second, 60)
		var at []time.Duration
		for _, a := range iterate(ctx, dir, func(a arrival) bool {
			if a.base == "ckpt-1" {
				time.Sleep(4 * time.Second) // first less than the interval, then more
			} else {
				time.Sleep(12500 * time.Millisecond)
			}
			return a.at < 30*time.Second
		}, ckpt.MinInterval(10*time.Second), ckpt.PollInterval(time.Millisecond)) {
			at = append(at, a.at)
		}
		require.Equal(t, []time.Duration{time.Second, 11 * time.Second, 23500 * time.Millisecond, 36 * time.Second}, at)
	})
	in("Q-10 a checkpoint that is replaced meanwhile is skipped", func(t *testing.T, dir string) {
		every(t, dir, time.Second, 10)
		all := iterate(ctx, dir, func(arrival) bool { time.Sleep(4 * time.Second); return true }, ckpt.Timeout(5*time.Second), ckpt.PollInterval(time.Millisecond))
		var names []string
		for _, a := range all {
			names = append(names, a.base)
		}
		require.Equal(t, []string{"ckpt-1", "ckpt-5", "ckpt-9", "ckpt-10"}, names)
	})
	in("Q-10 with a function, the timeout only calls the function", func(t *testing.T, dir string) {
		every(t, dir, 25*time.Second, 2)
		var asked []time.Duration
		start := time.Now()
		all := iterate(ctx, dir, nil, ckpt.Timeout(10*time.Second), ckpt.TimeoutFunc(func() bool {
			asked = append(asked, time.Since(start))
			return len(asked) == 8
		}))
		require.Equal(t, []arrival{{25 * time.Second, "ckpt-1", nil}, {50 * time.Second, "ckpt-2", nil}}, all)
		s := time.Second
		require.Equal(t, []time.Duration{10 * s, 20 * s, 25 * s, 35 * s, 45 * s, 50 * s, 60 * s, 70 * s}, asked, "also after each checkpoint")
	})
	in("Q-10 without a timeout, the function is called after each check", func(t *testing.T, dir string) {
		every(t, dir, 5*time.Second, 3)
		require.Equal(t, []arrival{{5 * time.Second, "ckpt-1", nil}}, iterate(ctx, dir, nil, ckpt.TimeoutFunc(func() bool { return true })))
	})
	in("Q-10 with a timeout of zero and a function, it still checks once per second", func(t *testing.T, dir string) {
		start, asked := time.Now(), 0
		iterate(ctx, dir, nil, ckpt.Timeout(0), ckpt.TimeoutFunc(func() bool { asked++; return time.Since(start) >= 10*time.Second }))
		require.Equal(t, 11, asked)
	})
	in("Q-10 a loop that breaks does not wait", func(t *testing.T, dir string) {
		appear(t, dir, "ckpt-1")
		start := time.Now()
		iterate(ctx, dir, func(arrival) bool { return false }, ckpt.MinInterval(time.Hour))
		require.Zero(t, time.Since(start))
	})
	in("Q-10 the last yielded error is the end of the context", func(t *testing.T, dir string) {
		appear(t, dir, "ckpt-1")
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		all := iterate(ctx, dir, nil, ckpt.MinInterval(20*time.Second))
		require.Equal(t, []arrival{{0, "ckpt-1", nil}, {30 * time.Second, ".", context.DeadlineExceeded}}, all)
	})
	in("Q-10 an invalid state file is an error and ends the loop", func(t *testing.T, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("model_checkpoint_path: '../x'"), 0o666))
		all := iterate(ctx, dir, nil)
		require.Len(t, all, 1)
		require.ErrorContains(t, all[0].err, "../x")
	})
	in("K-17 another state file, another filesystem", func(t *testing.T, _ string) {
		fsys := fstest.MapFS{"a/eval": {Data: []byte("model_checkpoint_path: 'ckpt-1'")}, "a/ckpt-1.index": {}}
		require.Equal(t, []arrival{{0, "ckpt-1", nil}}, iterate(ctx, "a", nil, ckpt.WithFS(fsys), ckpt.StateFile("eval"), ckpt.Timeout(time.Second)))
	})
}

func ExampleIterator() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for path, err := range ckpt.Iterator(ctx, "testdata/golden/manager-keeps-last/train", ckpt.Timeout(0)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("evaluate", filepath.ToSlash(path))
	}
	// Output: evaluate testdata/golden/manager-keeps-last/train/ckpt-5
}
