package ckpt

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/retain"
)

// inTime runs f at a time of its own, which at moves to a moment given in seconds since 1970.
func inTime(t *testing.T, f func(t *testing.T, at func(seconds float64))) {
	synctest.Test(t, func(t *testing.T) {
		f(t, func(seconds float64) {
			require.GreaterOrEqual(t, seconds, retain.Seconds(time.Now()), "time does not run backwards")
			whole, rest := math.Modf(seconds)
			time.Sleep(time.Until(time.Unix(int64(whole), int64(rest*1e9))))
		})
	})
}

func mustManage(t *testing.T, c *Checkpoint, dir string, opts ...ManagerOption) *Manager {
	t.Helper()
	m, err := NewManager(c, dir, opts...)
	require.NoError(t, err)
	return m
}

// manage returns a Manager of a Checkpoint of its own, as another run of a program would have it.
func manage(t *testing.T, dir string, opts ...ManagerOption) *Manager {
	t.Helper()
	return mustManage(t, mustNew(t, Group{"v": scalar(1)}), dir, opts...)
}

func mustSave(t *testing.T, m *Manager, opts ...ManagerSaveOption) string {
	t.Helper()
	path, err := m.Save(ctx, opts...)
	require.NoError(t, err)
	return path
}

// onDisk returns the base names of the checkpoints in dir that are whole.
func onDisk(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		if base, ok := strings.CutSuffix(e.Name(), ".index"); ok {
			r, err := Open(filepath.Join(dir, base))
			require.NoError(t, err)
			require.NoError(t, r.Close())
			names = append(names, base)
		}
	}
	return names
}

func stateOf(t *testing.T, dir string) *state.State {
	t.Helper()
	s, err := state.Read(defaultOptions().writer, filepath.Join(dir, "checkpoint"))
	require.NoError(t, err)
	return s
}

func bases(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = filepath.Base(p)
	}
	return out
}

func TestManagerKeepsAndDeletes(t *testing.T) {
	t.Run("R-01 with KeepLast(3) the fourth save deletes the first", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir, KeepLast(3))
		for range 4 {
			mustSave(t, m)
		}
		require.Equal(t, []string{"ckpt-2", "ckpt-3", "ckpt-4"}, onDisk(t, dir))
		require.False(t, Exists(filepath.Join(dir, "ckpt-1")))
	})
	t.Run("R-02 without KeepLast all are kept and listed", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir)
		var paths []string
		for range 5 {
			paths = append(paths, mustSave(t, m))
		}
		require.Equal(t, paths, m.Checkpoints())
		require.Equal(t, bases(paths), onDisk(t, dir))
	})
	t.Run("R-03 a new manager that keeps less deletes nothing before it saves, then the oldest first", func(t *testing.T) {
		dir := t.TempDir()
		first := manage(t, dir)
		for range 4 {
			mustSave(t, first)
		}
		c := first.Checkpoint()
		second := mustManage(t, c, dir, KeepLast(2))
		require.Equal(t, first.Checkpoints(), second.Checkpoints())
		require.Len(t, onDisk(t, dir), 4)
		mustSave(t, second)
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, onDisk(t, dir))
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, stateOf(t, dir).All)
	})
	t.Run("R-04 a save returns its path, counts once, and lists it last", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir)
		for n := range int64(3) {
			path := mustSave(t, m)
			require.Equal(t, filepath.Join(dir, "ckpt-"+string('1'+rune(n))), path)
			require.Equal(t, n+1, m.Checkpoint().SaveCounter())
			require.Equal(t, path, m.Checkpoints()[n])
			require.Equal(t, path, m.Latest())
		}
	})
	t.Run("R-12 a number used again moves its checkpoint to the end", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir, KeepLast(2))
		mustSave(t, m, Number(1))
		mustSave(t, m, Number(2))
		mustSave(t, m, Number(1))
		require.Equal(t, []string{"ckpt-2", "ckpt-1"}, bases(m.Checkpoints()))
		require.Equal(t, []string{"ckpt-2", "ckpt-1"}, stateOf(t, dir).All)
		mustSave(t, m, Number(3))
		require.Equal(t, []string{"ckpt-1", "ckpt-3"}, onDisk(t, dir))
	})
	t.Run("R-22 only a checkpoint's index and data files are deleted", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir, KeepLast(1))
		mustSave(t, m)
		stay := []string{"ckpt-1.meta", "ckpt-1.data-00000-of-00001.bak", "ckpt-1.data-0000-of-0001", "ckpt-1", "ckpt-10.data-00000-of-00001", "xckpt-1.index"}
		for _, name := range append(stay, "ckpt-1.data-00001-of-00002") {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
		}
		mustSave(t, m)
		for _, name := range stay {
			require.FileExists(t, filepath.Join(dir, name))
		}
		left, err := filepath.Glob(filepath.Join(dir, "ckpt-1.*"))
		require.NoError(t, err)
		require.Equal(t, []string{"ckpt-1.data-0000-of-0001", "ckpt-1.data-00000-of-00001.bak", "ckpt-1.meta"}, bases(left))
	})
	t.Run("R-22 the names of checkpoints are not patterns", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir, KeepLast(1), CheckpointName("*"))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "other-1.index"), nil, 0o666))
		mustSave(t, m)
		mustSave(t, m)
		require.FileExists(t, filepath.Join(dir, "other-1.index"))
		require.FileExists(t, filepath.Join(dir, "*-2.index"))
		require.NoFileExists(t, filepath.Join(dir, "*-1.index"))
	})
}

func TestManagerPreserves(t *testing.T) {
	t.Run("R-05 R-07 what leaves the list an hour after the last that was kept is kept for good", func(t *testing.T) {
		inTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			at(1e9)
			m := manage(t, dir, KeepLast(1), KeepEvery(time.Hour))
			for _, seconds := range []float64{0, 3598.5, 3599, 3600, 7198, 7199.5, 7200} {
				at(1e9 + seconds)
				mustSave(t, m)
			}
			// Preserved are the first that is 3600 s after the start less one, and the first 3600 s after that.
			require.Equal(t, []string{"ckpt-3", "ckpt-6", "ckpt-7"}, onDisk(t, dir))
			require.Equal(t, []string{"ckpt-7"}, bases(m.Checkpoints()))
			require.Equal(t, &state.State{Latest: "ckpt-7", All: []string{"ckpt-7"}, Timestamps: []float64{1e9 + 7200}, LastPreserved: 1e9 + 7199.5}, stateOf(t, dir))

			later := manage(t, dir, KeepLast(1))
			for n := range int64(3) {
				mustSave(t, later, Number(10+n))
			}
			require.Equal(t, []string{"ckpt-12", "ckpt-3", "ckpt-6"}, onDisk(t, dir))
		})
	})
	t.Run("R-06 in a new directory the last preserved is a second ago", func(t *testing.T) {
		inTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			at(1e9)
			m := manage(t, dir)
			at(1e9 + 10)
			mustSave(t, m)
			require.Equal(t, 1e9-1.0, stateOf(t, dir).LastPreserved)
			require.Equal(t, []float64{1e9 + 10}, stateOf(t, dir).Timestamps)
		})
	})
	t.Run("R-08 of what the state file lists only what is younger than the last preserved may be deleted", func(t *testing.T) {
		inTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			for _, name := range []string{"old", "same", "young", "future"} {
				_, err := mustNew(t, Group{"v": scalar(1)}).Write(ctx, filepath.Join(dir, name))
				require.NoError(t, err)
			}
			writeState(t, dir, &state.State{
				Latest: "future", All: []string{"old", "same", "young", "future"},
				Timestamps: []float64{1e9 - 1, 1e9, 1e9 + 1, 1e9 + 500}, LastPreserved: 1e9,
			})
			at(1e9 + 100)
			m := manage(t, dir, KeepLast(1))
			require.Equal(t, []string{"young", "future"}, bases(m.Checkpoints()))
			mustSave(t, m)
			require.Equal(t, []string{"ckpt-1", "old", "same"}, onDisk(t, dir))
		})
	})
	t.Run("R-08 the time of one from the future is now", func(t *testing.T) {
		inTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			writeState(t, dir, &state.State{Latest: "b", All: []string{"b"}, Timestamps: []float64{2e9}, LastPreserved: 1e9 - 1})
			at(1e9)
			m := manage(t, dir)
			mustSave(t, m)
			require.Equal(t, []float64{1e9, 1e9}, stateOf(t, dir).Timestamps)
		})
	})
	t.Run("R-09 R-07 where the clock went back nothing old is deleted any more", func(t *testing.T) {
		inTime(t, func(t *testing.T, at func(float64)) {
			dir := t.TempDir()
			for _, name := range []string{"a", "b"} {
				_, err := mustNew(t, Group{"v": scalar(1)}).Write(ctx, filepath.Join(dir, name))
				require.NoError(t, err)
			}
			writeState(t, dir, &state.State{Latest: "b", All: []string{"a", "b"}, Timestamps: []float64{1e9 + 600, 1e9 + 700}, LastPreserved: 1e9 + 500})
			at(1e9)
			logger, lines := logged()
			m := manage(t, dir, KeepLast(1), WithLogger(logger))
			require.Contains(t, strings.Join(lines(), "\n"), "time.time() returned a value 500.000000 seconds behind the last preserved checkpoint timestamp.")
			require.Empty(t, m.Checkpoints())
			require.Equal(t, filepath.Join(dir, "b"), m.Latest())
			at(1e9 + 1)
			mustSave(t, m)
			at(1e9 + 2)
			mustSave(t, m)
			require.Equal(t, []string{"a", "b", "ckpt-2"}, onDisk(t, dir))
			require.Equal(t, 1e9, stateOf(t, dir).LastPreserved)
		})
	})
	t.Run("R-10 what plain Save wrote is never deleted and not listed, but the latest is known", func(t *testing.T) {
		dir := t.TempDir()
		c := mustNew(t, Group{"v": scalar(1)})
		for range 2 {
			_, err := c.Save(ctx, filepath.Join(dir, "unusual"))
			require.NoError(t, err)
		}
		c = mustNew(t, Group{"v": scalar(1)})
		m := mustManage(t, c, dir, KeepLast(2))
		require.Empty(t, m.Checkpoints())
		require.Equal(t, filepath.Join(dir, "unusual-2"), m.Latest())
		_, err := c.Restore(ctx, m.Latest())
		require.NoError(t, err)
		for range 3 {
			mustSave(t, m)
		}
		require.Equal(t, []string{"ckpt-4", "ckpt-5"}, bases(m.Checkpoints()))
		require.Equal(t, []string{"ckpt-4", "ckpt-5", "unusual-1", "unusual-2"}, onDisk(t, dir))
	})
}

func writeState(t *testing.T, dir string, s *state.State) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), s.Append(nil), 0o666))
}

func TestManagerNames(t *testing.T) {
	t.Run("R-11 a number of one's own names the checkpoint, and the counter counts on", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir)
		require.Equal(t, filepath.Join(dir, "ckpt-500"), mustSave(t, m, Number(500)))
		require.Equal(t, filepath.Join(dir, "ckpt-2"), mustSave(t, m))
		require.EqualValues(t, 2, m.Checkpoint().SaveCounter())
	})
	t.Run("R-13 number 0 is a number", func(t *testing.T) {
		dir := t.TempDir()
		require.Equal(t, filepath.Join(dir, "ckpt-0"), mustSave(t, manage(t, dir), Number(0)))
	})
	t.Run("R-14 another name", func(t *testing.T) {
		dir := t.TempDir()
		require.Equal(t, filepath.Join(dir, "x-1"), mustSave(t, manage(t, dir, CheckpointName("x"))))
	})
	t.Run("R-20 paths are the directory as it was given, joined", func(t *testing.T) {
		t.Chdir(t.TempDir())
		for dir, want := range map[string]string{
			"train": "train/ckpt-7", "train/": "train/ckpt-7", "./train": "./train/ckpt-7", "": "ckpt-7", ".": "./ckpt-7", "a/../b": "a/../b/ckpt-7",
		} {
			require.NoError(t, os.MkdirAll("a", 0o777))
			want = filepath.FromSlash(want)
			m := manage(t, dir)
			require.Equal(t, want, mustSave(t, m, Number(7)), dir)
			require.Equal(t, []string{want}, m.Checkpoints(), dir)
			latest, err := Latest(dir)
			require.NoError(t, err)
			require.Equal(t, want, latest, dir)
			require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint")))
		}
	})
	t.Run("R-24 K-05 a directory that was moved has all its checkpoints", func(t *testing.T) {
		dir := t.TempDir()
		before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
		m := manage(t, before, KeepLast(2))
		for range 3 {
			mustSave(t, m)
		}
		require.NoError(t, os.Rename(before, after))
		m = manage(t, after, KeepLast(2))
		require.Equal(t, []string{filepath.Join(after, "ckpt-2"), filepath.Join(after, "ckpt-3")}, m.Checkpoints())
		require.Equal(t, filepath.Join(after, "ckpt-3"), m.Latest())
		_, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		mustSave(t, m)
		require.Equal(t, []string{"ckpt-3", "ckpt-4"}, onDisk(t, after))
	})
	t.Run("R-26 what it was made with", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(1)})
		m := mustManage(t, c, "some/where", SaveInterval(7, func() int64 { return 0 }))
		require.Equal(t, "some/where", m.Directory())
		require.Same(t, c, m.Checkpoint())
		require.EqualValues(t, 7, m.Interval())
		require.Empty(t, m.Latest())
		require.Empty(t, m.Checkpoints())
		require.Zero(t, mustManage(t, c, "some/where").Interval())
		require.NoDirExists(t, "some")
	})
	t.Run("K-17 a state file of another name", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir, StateFile("latest_eval"))
		path := mustSave(t, m)
		require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
		require.Equal(t, path, manage(t, dir, StateFile("latest_eval")).Latest())
		require.Empty(t, manage(t, dir).Latest())
	})
}

func TestManagerOptions(t *testing.T) {
	step := func() int64 { return 0 }
	for name, test := range map[string]struct {
		opts []ManagerOption
		want string
	}{
		"R-02 keep none":                    {[]ManagerOption{KeepLast(0)}, "KeepLast(0): expected a positive number"},
		"R-02 keep fewer than none":         {[]ManagerOption{KeepLast(-1)}, "KeepLast(-1)"},
		"R-15 an interval of unknown steps": {[]ManagerOption{SaveInterval(3, nil)}, "SaveInterval: expected a function"},
		"an interval of no steps":           {[]ManagerOption{SaveInterval(0, step)}, "SaveInterval(0)"},
		"a last step without an interval":   {[]ManagerOption{LastStep(3)}, "LastStep"},
		"keep every nothing":                {[]ManagerOption{KeepEvery(0)}, "KeepEvery(0s)"},
		"no name":                           {[]ManagerOption{CheckpointName("")}, `CheckpointName("")`},
		"a name that is a path":             {[]ManagerOption{CheckpointName("a/b")}, `CheckpointName("a/b")`},
		"a name that leads out":             {[]ManagerOption{CheckpointName("../b")}, `CheckpointName("../b")`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewManager(mustNew(t, Group{"v": scalar(1)}), t.TempDir(), test.opts...)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestManagerIntervals(t *testing.T) {
	saves := func(t *testing.T, m *Manager, step *int64, steps ...int64) (saved []int64) {
		for _, *step = range steps {
			if mustSave(t, m) != "" {
				saved = append(saved, *step)
			}
		}
		return saved
	}
	t.Run("R-16 with an interval of 2 it saves at step 0 and 2 of 0, 1, 2, 2, 3", func(t *testing.T) {
		var step int64
		m := manage(t, t.TempDir(), SaveInterval(2, func() int64 { return step }))
		require.Equal(t, []int64{0, 2}, saves(t, m, &step, 0, 1, 2, 2, 3))
		require.Equal(t, []string{"ckpt-1", "ckpt-2"}, bases(m.Checkpoints()))
		require.NotEmpty(t, mustSave(t, m, Force()), "forced at step 3")
		require.Empty(t, mustSave(t, m, Force()), "step 3 is saved already")
		require.Equal(t, []int64{5}, saves(t, m, &step, 4, 5), "the interval runs from the forced one")
	})
	t.Run("R-16 a save that fails does not count as the step's", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir, SaveInterval(2, func() int64 { return 0 }))
		broken := errors.New("broken")
		_, err := m.Save(ctx, OnWrite(func(context.Context, string) error { return broken }))
		require.ErrorIs(t, err, broken)
		require.Equal(t, filepath.Join(dir, "ckpt-1"), mustSave(t, m))
	})
	t.Run("R-17 after LastStep(1) the next is at step 3", func(t *testing.T) {
		var step int64
		m := manage(t, t.TempDir(), SaveInterval(2, func() int64 { return step }), LastStep(1))
		require.Equal(t, []int64{3}, saves(t, m, &step, 0, 1, 2, 3, 4))
	})
	t.Run("R-18 nothing is saved at the step that was restored", func(t *testing.T) {
		dir := t.TempDir()
		step := int64(5)
		mustSave(t, manage(t, dir))
		m := manage(t, dir, SaveInterval(2, func() int64 { return step }))
		path, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Equal(t, m.Latest(), path)
		require.Equal(t, []int64{7}, saves(t, m, &step, 5, 6, 7))
	})
}

func TestManagerRestoreOrInitialize(t *testing.T) {
	t.Run("R-19 what is there is restored, and nothing initialized", func(t *testing.T) {
		dir := t.TempDir()
		v := scalar(3)
		path := mustSave(t, mustManage(t, mustNew(t, Group{"v": v}), dir))
		v = scalar(0)
		m := mustManage(t, mustNew(t, Group{"v": v}), dir, InitFunc(func(context.Context) error { return errors.New("called") }))
		got, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Equal(t, path, got)
		require.EqualValues(t, 3, value0(v))
		require.Equal(t, filepath.Join(dir, "ckpt-2"), mustSave(t, m), "it goes on counting")
	})
	t.Run("R-19 where there is nothing the function initializes", func(t *testing.T) {
		called := 0
		m := manage(t, t.TempDir(), InitFunc(func(context.Context) error { called++; return nil }))
		path, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Empty(t, path)
		require.Equal(t, 1, called)
	})
	t.Run("R-19 without a function nothing happens", func(t *testing.T) {
		path, err := manage(t, t.TempDir()).RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.Empty(t, path)
	})
	t.Run("R-19 an error of the function is returned", func(t *testing.T) {
		broken := errors.New("broken")
		_, err := manage(t, t.TempDir(), InitFunc(func(context.Context) error { return broken })).RestoreOrInitialize(ctx)
		require.ErrorIs(t, err, broken)
	})
	t.Run("K-15 a latest that is gone is still the latest, and restoring it an error that names what is there", func(t *testing.T) {
		dir := t.TempDir()
		m := manage(t, dir)
		kept := mustSave(t, m)
		gone := mustSave(t, m)
		require.NoError(t, Remove(gone))
		m = manage(t, dir, InitFunc(func(context.Context) error { return errors.New("called") }))
		require.Equal(t, gone, m.Latest())
		_, err := m.RestoreOrInitialize(ctx)
		require.ErrorIs(t, err, ErrNotFound)
		require.ErrorContains(t, err, gone+" as its latest, which is gone")
		require.ErrorContains(t, err, "open one by its prefix, such as "+kept)
	})
	t.Run("Resume says what did not match", func(t *testing.T) {
		dir := t.TempDir()
		path := mustSave(t, mustManage(t, mustNew(t, Group{"v": scalar(3), "gone": scalar(4)}), dir))
		m := mustManage(t, mustNew(t, Group{"v": scalar(0), "new": scalar(5)}), dir)
		got, status, err := m.Resume(ctx)
		require.NoError(t, err)
		require.Equal(t, path, got)
		require.ErrorIs(t, status.AssertExistingObjectsMatched(), ErrMismatch)
		require.Equal(t, "new", status.Report().Missing[0].Path)
		require.Equal(t, "gone", status.Report().Waiting[0].Path)
		path, status, err = manage(t, t.TempDir()).Resume(ctx)
		require.NoError(t, err)
		require.Empty(t, path)
		require.ErrorIs(t, status.AssertConsumed(), ErrNoCheckpoint)
		require.Nil(t, status.Report())
	})
	t.Run("R-19 it restores from where it saves, whatever the Checkpoint reads from", func(t *testing.T) {
		dir := t.TempDir()
		mustSave(t, manage(t, dir))
		v := scalar(0)
		m := mustManage(t, mustNew(t, Group{"v": v}, WithFS(os.DirFS("testdata"))), dir)
		_, err := m.RestoreOrInitialize(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, value0(v))
	})
}
