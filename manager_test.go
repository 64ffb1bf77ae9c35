package ckpt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestManagerKeepsAndDeletes(t *testing.T) {
	t.Run("R-01 with KeepLast(3) the fourth save deletes the first", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(3))
		for range 4 {
			ckpttest.Save(t, m)
		}
		require.Equal(t, []string{"ckpt-2", "ckpt-3", "ckpt-4"}, ckpttest.OnDisk(t, dir))
		require.False(t, ckpt.Exists(filepath.Join(dir, "ckpt-1")))
	})
	t.Run("R-02 without KeepLast all are kept and listed", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		var paths []string
		for range 5 {
			paths = append(paths, ckpttest.Save(t, m))
		}
		require.Equal(t, paths, m.Checkpoints())
		require.Equal(t, ckpttest.Bases(paths), ckpttest.OnDisk(t, dir))
	})
	t.Run("R-03 a new manager that keeps fewer deletes the oldest first, but only when it saves", func(t *testing.T) {
		dir := t.TempDir()
		first := ckpttest.ManageIn(t, dir)
		for range 4 {
			ckpttest.Save(t, first)
		}
		c := first.Checkpoint()
		second := ckpttest.Manage(t, c, dir, ckpt.KeepLast(2))
		require.Equal(t, first.Checkpoints(), second.Checkpoints())
		require.Len(t, ckpttest.OnDisk(t, dir), 4)
		ckpttest.Save(t, second)
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, ckpttest.OnDisk(t, dir))
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, ckpttest.StateOf(t, dir).All)
	})
	t.Run("R-04 a save returns its path, counts once, and lists it last", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		for n := range int64(3) {
			path := ckpttest.Save(t, m)
			require.Equal(t, filepath.Join(dir, "ckpt-"+string('1'+rune(n))), path)
			require.Equal(t, n+1, m.Checkpoint().SaveCounter())
			require.Equal(t, path, m.Checkpoints()[n])
			require.Equal(t, path, m.Latest())
		}
	})
	t.Run("R-12 a reused number moves its checkpoint to the end", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(2))
		ckpttest.Save(t, m, ckpt.Number(1))
		ckpttest.Save(t, m, ckpt.Number(2))
		ckpttest.Save(t, m, ckpt.Number(1))
		require.Equal(t, []string{"ckpt-2", "ckpt-1"}, ckpttest.Bases(m.Checkpoints()))
		require.Equal(t, []string{"ckpt-2", "ckpt-1"}, ckpttest.StateOf(t, dir).All)
		ckpttest.Save(t, m, ckpt.Number(3))
		require.Equal(t, []string{"ckpt-1", "ckpt-3"}, ckpttest.OnDisk(t, dir))
	})
	t.Run("R-22 only a checkpoint's index and data files are deleted", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1))
		ckpttest.Save(t, m)
		stay := []string{"ckpt-1.meta", "ckpt-1.data-00000-of-00001.bak", "ckpt-1.data-0000-of-0001", "ckpt-1", "ckpt-10.data-00000-of-00001", "xckpt-1.index"}
		for _, name := range append(stay, "ckpt-1.data-00001-of-00002") {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
		}
		ckpttest.Save(t, m)
		for _, name := range stay {
			require.FileExists(t, filepath.Join(dir, name))
		}
		left, err := filepath.Glob(filepath.Join(dir, "ckpt-1.*"))
		require.NoError(t, err)
		require.Equal(t, []string{"ckpt-1.data-0000-of-0001", "ckpt-1.data-00000-of-00001.bak", "ckpt-1.meta"}, ckpttest.Bases(left))
	})
	t.Run("R-22 the names of checkpoints are not patterns", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1), ckpt.CheckpointName("*"))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "other-1.index"), nil, 0o666))
		ckpttest.Save(t, m)
		ckpttest.Save(t, m)
		require.FileExists(t, filepath.Join(dir, "other-1.index"))
		require.FileExists(t, filepath.Join(dir, "*-2.index"))
		require.NoFileExists(t, filepath.Join(dir, "*-1.index"))
	})
}

func TestManagerPreserves(t *testing.T) {
	t.Run("R-05 R-07 a checkpoint that leaves the list an hour after the last preserved one is preserved forever", func(t *testing.T) {
		ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			at(1e9)
			m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1), ckpt.KeepEvery(time.Hour))
			for _, seconds := range []float64{0, 3598.5, 3599, 3600, 7198, 7199.5, 7200} {
				at(1e9 + seconds)
				ckpttest.Save(t, m)
			}
			// The Manager preserves the first checkpoint 3599 s or more after the start, and the first one 3600 s after that.
			require.Equal(t, []string{"ckpt-3", "ckpt-6", "ckpt-7"}, ckpttest.OnDisk(t, dir))
			require.Equal(t, []string{"ckpt-7"}, ckpttest.Bases(m.Checkpoints()))
			require.Equal(t, &state.State{Latest: "ckpt-7", All: []string{"ckpt-7"}, Timestamps: []float64{1e9 + 7200}, LastPreserved: 1e9 + 7199.5}, ckpttest.StateOf(t, dir))

			later := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1))
			for n := range int64(3) {
				ckpttest.Save(t, later, ckpt.Number(10+n))
			}
			require.Equal(t, []string{"ckpt-12", "ckpt-3", "ckpt-6"}, ckpttest.OnDisk(t, dir))
		})
	})
	t.Run("R-06 in a new directory, the last preserved time is one second ago", func(t *testing.T) {
		ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			at(1e9)
			m := ckpttest.ManageIn(t, dir)
			at(1e9 + 10)
			ckpttest.Save(t, m)
			require.Equal(t, 1e9-1.0, ckpttest.StateOf(t, dir).LastPreserved)
			require.Equal(t, []float64{1e9 + 10}, ckpttest.StateOf(t, dir).Timestamps)
		})
	})
	t.Run("R-08 of the listed checkpoints, only those younger than the last preserved one may be deleted", func(t *testing.T) {
		ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			for _, name := range []string{"old", "same", "young", "future"} {
				_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Write(ctx, filepath.Join(dir, name))
				require.NoError(t, err)
			}
			ckpttest.WriteState(t, dir, &state.State{
				Latest: "future", All: []string{"old", "same", "young", "future"},
				Timestamps: []float64{1e9 - 1, 1e9, 1e9 + 1, 1e9 + 500}, LastPreserved: 1e9,
			})
			at(1e9 + 100)
			m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1))
			require.Equal(t, []string{"young", "future"}, ckpttest.Bases(m.Checkpoints()))
			ckpttest.Save(t, m)
			require.Equal(t, []string{"ckpt-1", "old", "same"}, ckpttest.OnDisk(t, dir))
		})
	})
	t.Run("R-08 a checkpoint from the future gets the current time", func(t *testing.T) {
		ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			ckpttest.WriteState(t, dir, &state.State{Latest: "b", All: []string{"b"}, Timestamps: []float64{2e9}, LastPreserved: 1e9 - 1})
			at(1e9)
			m := ckpttest.ManageIn(t, dir)
			ckpttest.Save(t, m)
			require.Equal(t, []float64{1e9, 1e9}, ckpttest.StateOf(t, dir).Timestamps)
		})
	})
	t.Run("R-09 R-07 after the clock was set back, old checkpoints are not deleted", func(t *testing.T) {
		ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			for _, name := range []string{"a", "b"} {
				_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Write(ctx, filepath.Join(dir, name))
				require.NoError(t, err)
			}
			ckpttest.WriteState(t, dir, &state.State{Latest: "b", All: []string{"a", "b"}, Timestamps: []float64{1e9 + 600, 1e9 + 700}, LastPreserved: 1e9 + 500})
			at(1e9)
			logger, lines := ckpttest.Logged()
			m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1), ckpt.WithLogger(logger))
			require.Contains(t, strings.Join(lines(), "\n"), "time.time() returned a value 500.000000 seconds behind the last preserved checkpoint timestamp.")
			require.Empty(t, m.Checkpoints())
			require.Equal(t, filepath.Join(dir, "b"), m.Latest())
			at(1e9 + 1)
			ckpttest.Save(t, m)
			at(1e9 + 2)
			ckpttest.Save(t, m)
			require.Equal(t, []string{"a", "b", "ckpt-2"}, ckpttest.OnDisk(t, dir))
			require.Equal(t, 1e9, ckpttest.StateOf(t, dir).LastPreserved)
		})
	})
	t.Run("R-10 checkpoints of a plain Save are never deleted and not listed, except that the latest is known", func(t *testing.T) {
		dir := t.TempDir()
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		for range 2 {
			_, err := c.Save(ctx, filepath.Join(dir, "unusual"))
			require.NoError(t, err)
		}
		c = ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		m := ckpttest.Manage(t, c, dir, ckpt.KeepLast(2))
		require.Empty(t, m.Checkpoints())
		require.Equal(t, filepath.Join(dir, "unusual-2"), m.Latest())
		_, err := c.Restore(ctx, m.Latest())
		require.NoError(t, err)
		for range 3 {
			ckpttest.Save(t, m)
		}
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, ckpttest.Bases(m.Checkpoints()))
		require.Equal(t, []string{"ckpt-4", "ckpt-5", "unusual-1", "unusual-2"}, ckpttest.OnDisk(t, dir))
	})
}

func TestManagerNames(t *testing.T) {
	t.Run("R-11 the caller's number names the checkpoint, and the counter still counts", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		require.Equal(t, filepath.Join(dir, "ckpt-500"), ckpttest.Save(t, m, ckpt.Number(500)))
		require.Equal(t, filepath.Join(dir, "ckpt-2"), ckpttest.Save(t, m))
		require.EqualValues(t, 2, m.Checkpoint().SaveCounter())
	})
	t.Run("R-13 number 0 is used", func(t *testing.T) {
		dir := t.TempDir()
		require.Equal(t, filepath.Join(dir, "ckpt-0"), ckpttest.Save(t, ckpttest.ManageIn(t, dir), ckpt.Number(0)))
	})
	t.Run("R-14 another name", func(t *testing.T) {
		dir := t.TempDir()
		require.Equal(t, filepath.Join(dir, "x-1"), ckpttest.Save(t, ckpttest.ManageIn(t, dir, ckpt.CheckpointName("x"))))
	})
	t.Run("R-20 paths are joined with the directory as it was given", func(t *testing.T) {
		t.Chdir(t.TempDir())
		for dir, want := range map[string]string{
			"train": "train/ckpt-7", "train/": "train/ckpt-7", "./train": "./train/ckpt-7", "": "ckpt-7", ".": "./ckpt-7", "a/../b": "a/../b/ckpt-7",
		} {
			require.NoError(t, os.MkdirAll("a", 0o777))
			want = filepath.FromSlash(want)
			m := ckpttest.ManageIn(t, dir)
			require.Equal(t, want, ckpttest.Save(t, m, ckpt.Number(7)), dir)
			require.Equal(t, []string{want}, m.Checkpoints(), dir)
			latest, err := ckpt.Latest(dir)
			require.NoError(t, err)
			require.Equal(t, want, latest, dir)
			require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint")))
		}
	})
	t.Run("R-24 K-05 a moved directory has all its checkpoints", func(t *testing.T) {
		dir := t.TempDir()
		before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
		m := ckpttest.ManageIn(t, before, ckpt.KeepLast(2))
		for range 3 {
			ckpttest.Save(t, m)
		}
		require.NoError(t, os.Rename(before, after))
		m = ckpttest.ManageIn(t, after, ckpt.KeepLast(2))
		require.Equal(t, []string{filepath.Join(after, "ckpt-2"), filepath.Join(after, "ckpt-3")}, m.Checkpoints())
		require.Equal(t, filepath.Join(after, "ckpt-3"), m.Latest())
		_, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		ckpttest.Save(t, m)
		require.Equal(t, []string{"ckpt-3", "ckpt-4"}, ckpttest.OnDisk(t, after))
	})
	t.Run("R-26 the Manager returns its settings", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		m := ckpttest.Manage(t, c, "some/where", ckpt.SaveInterval(7, func() int64 { return 0 }))
		require.Equal(t, "some/where", m.Directory())
		require.Same(t, c, m.Checkpoint())
		require.EqualValues(t, 7, m.Interval())
		require.Empty(t, m.Latest())
		require.Empty(t, m.Checkpoints())
		require.Zero(t, ckpttest.Manage(t, c, "some/where").Interval())
		require.NoDirExists(t, "some")
	})
	t.Run("K-17 a state file of another name", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.StateFile("latest_eval"))
		path := ckpttest.Save(t, m)
		require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
		require.Equal(t, path, ckpttest.ManageIn(t, dir, ckpt.StateFile("latest_eval")).Latest())
		require.Empty(t, ckpttest.ManageIn(t, dir).Latest())
	})
}

func TestManagerOptions(t *testing.T) {
	step := func() int64 { return 0 }
	for name, test := range map[string]struct {
		opts []ckpt.ManagerOption
		want string
	}{
		"R-02 keep none":                         {[]ckpt.ManagerOption{ckpt.KeepLast(0)}, "KeepLast(0): expected a positive number"},
		"R-02 keep fewer than none":              {[]ckpt.ManagerOption{ckpt.KeepLast(-1)}, "KeepLast(-1)"},
		"R-15 an interval of unknown steps":      {[]ckpt.ManagerOption{ckpt.SaveInterval(3, nil)}, "SaveInterval: expected a function"},
		"an interval of zero steps":              {[]ckpt.ManagerOption{ckpt.SaveInterval(0, step)}, "SaveInterval(0)"},
		"a last step without an interval":        {[]ckpt.ManagerOption{ckpt.LastStep(3)}, "LastStep"},
		"a KeepEvery of zero":                    {[]ckpt.ManagerOption{ckpt.KeepEvery(0)}, "KeepEvery(0s)"},
		"no name":                                {[]ckpt.ManagerOption{ckpt.CheckpointName("")}, `CheckpointName("")`},
		"a name that is a path":                  {[]ckpt.ManagerOption{ckpt.CheckpointName("a/b")}, `CheckpointName("a/b")`},
		"a name that leads out of the directory": {[]ckpt.ManagerOption{ckpt.CheckpointName("../b")}, `CheckpointName("../b")`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ckpt.NewManager(ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}), t.TempDir(), test.opts...)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestManagerIntervals(t *testing.T) {
	saves := func(t *testing.T, m *ckpt.Manager, step *int64, steps ...int64) (saved []int64) {
		for _, *step = range steps {
			if ckpttest.Save(t, m) != "" {
				saved = append(saved, *step)
			}
		}
		return saved
	}
	t.Run("R-16 with an interval of 2 it saves at step 0 and 2 of 0, 1, 2, 2, 3", func(t *testing.T) {
		var step int64
		m := ckpttest.ManageIn(t, t.TempDir(), ckpt.SaveInterval(2, func() int64 { return step }))
		require.Equal(t, []int64{0, 2}, saves(t, m, &step, 0, 1, 2, 2, 3))
		require.Equal(t, []string{"ckpt-1", "ckpt-2"}, ckpttest.Bases(m.Checkpoints()))
		require.NotEmpty(t, ckpttest.Save(t, m, ckpt.Force()), "forced at step 3")
		require.Empty(t, ckpttest.Save(t, m, ckpt.Force()), "step 3 is already saved")
		require.Equal(t, []int64{5}, saves(t, m, &step, 4, 5), "the interval starts at the forced save")
	})
	t.Run("R-16 a failed save does not count for its step", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.SaveInterval(2, func() int64 { return 0 }))
		broken := errors.New("broken")
		_, err := m.Save(ctx, ckpt.OnWrite(func(context.Context, string) error { return broken }))
		require.ErrorIs(t, err, broken)
		require.Equal(t, filepath.Join(dir, "ckpt-1"), ckpttest.Save(t, m))
	})
	t.Run("R-17 after LastStep(1) the next is at step 3", func(t *testing.T) {
		var step int64
		m := ckpttest.ManageIn(t, t.TempDir(), ckpt.SaveInterval(2, func() int64 { return step }), ckpt.LastStep(1))
		require.Equal(t, []int64{3}, saves(t, m, &step, 0, 1, 2, 3, 4))
	})
	t.Run("R-18 the restored step is not saved again", func(t *testing.T) {
		dir := t.TempDir()
		step := int64(5)
		ckpttest.Save(t, ckpttest.ManageIn(t, dir))
		m := ckpttest.ManageIn(t, dir, ckpt.SaveInterval(2, func() int64 { return step }))
		path, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Equal(t, m.Latest(), path)
		require.Equal(t, []int64{7}, saves(t, m, &step, 5, 6, 7))
	})
}

func TestManagerRestoreOrInitialize(t *testing.T) {
	t.Run("R-19 an existing checkpoint is restored, and the function is not called", func(t *testing.T) {
		dir := t.TempDir()
		v := ckpttest.Scalar(3)
		path := ckpttest.Save(t, ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": v}), dir))
		v = ckpttest.Scalar(0)
		m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": v}), dir, ckpt.InitFunc(func(context.Context) error { return errors.New("called") }))
		got, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Equal(t, path, got)
		require.EqualValues(t, 3, ckpttest.Value(v))
		require.Equal(t, filepath.Join(dir, "ckpt-2"), ckpttest.Save(t, m), "the numbers continue")
	})
	t.Run("R-19 without a checkpoint, the function initializes", func(t *testing.T) {
		called := 0
		m := ckpttest.ManageIn(t, t.TempDir(), ckpt.InitFunc(func(context.Context) error { called++; return nil }))
		path, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Empty(t, path)
		require.Equal(t, 1, called)
	})
	t.Run("R-19 without a function it does nothing", func(t *testing.T) {
		path, err := ckpttest.ManageIn(t, t.TempDir()).RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Empty(t, path)
	})
	t.Run("R-19 an error of the function is returned", func(t *testing.T) {
		broken := errors.New("broken")
		_, err := ckpttest.ManageIn(t, t.TempDir(), ckpt.InitFunc(func(context.Context) error { return broken })).RestoreOrInitialize(ctx)
		require.ErrorIs(t, err, broken)
	})
	t.Run("K-15 a missing latest checkpoint stays the latest, and the error of a restore lists the existing ones", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		kept := ckpttest.Save(t, m)
		gone := ckpttest.Save(t, m)
		require.NoError(t, ckpt.Remove(gone))
		m = ckpttest.ManageIn(t, dir, ckpt.InitFunc(func(context.Context) error { return errors.New("called") }))
		require.Equal(t, gone, m.Latest())
		_, err := m.RestoreOrInitialize(ctx)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, gone+" as its latest checkpoint, which is missing")
		require.ErrorContains(t, err, "open one by its prefix, such as "+kept)
	})
	t.Run("Resume reports mismatches", func(t *testing.T) {
		dir := t.TempDir()
		path := ckpttest.Save(t, ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(3), "gone": ckpttest.Scalar(4)}), dir))
		m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0), "new": ckpttest.Scalar(5)}), dir)
		got, status, err := m.Resume(ctx)
		require.NoError(t, err)
		require.Equal(t, path, got)
		require.ErrorIs(t, status.AssertExistingObjectsMatched(), ckpt.ErrMismatch)
		require.Equal(t, "new", status.Report().Missing[0].Path)
		require.Equal(t, "gone", status.Report().Waiting[0].Path)
		path, status, err = ckpttest.ManageIn(t, t.TempDir()).Resume(ctx)
		require.NoError(t, err)
		require.Empty(t, path)
		require.ErrorIs(t, status.AssertConsumed(), ckpt.ErrNoCheckpoint)
		require.Nil(t, status.Report())
	})
	t.Run("R-19 it restores from the filesystem to which it saves, whatever the Checkpoint reads from", func(t *testing.T) {
		dir := t.TempDir()
		ckpttest.Save(t, ckpttest.ManageIn(t, dir))
		v := ckpttest.Scalar(0)
		m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": v}, ckpt.WithFS(os.DirFS("testdata"))), dir)
		_, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, ckpttest.Value(v))
	})
}

func ExampleManager() {
	dir, err := os.MkdirTemp("", "train")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	var model struct {
		Step    int64 `ckpt:"step"`
		Weights tensor.Tensor[float32]
	}
	model.Weights = *tensor.New[float32](10)

	c, err := ckpt.New(ckpt.Group{"model": &model})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := ckpt.NewManager(c, dir, ckpt.KeepLast(2), ckpt.SaveInterval(100, func() int64 { return model.Step }))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := m.RestoreOrInitialize(ctx); err != nil { // continues where the last run stopped
		fmt.Println(err)
		return
	}
	for ; model.Step < 500; model.Step++ {
		path, err := m.Save(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		if path != "" {
			fmt.Println("saved", filepath.Base(path), "at step", model.Step)
		}
	}
	fmt.Println("kept", len(m.Checkpoints()))
	// Output:
	// saved ckpt-1 at step 0
	// saved ckpt-2 at step 100
	// saved ckpt-3 at step 200
	// saved ckpt-4 at step 300
	// saved ckpt-5 at step 400
	// kept 2
}
