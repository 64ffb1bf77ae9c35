package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// manageOn returns a Manager of the variable v in the directory "train" of disk.
func manageOn(t *testing.T, disk *errfs.FS, v *tensor.Tensor[float32], opts ...ckpt.ManagerOption) *ckpt.Manager {
	t.Helper()
	return ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"v": v}, ckpttest.On(disk)), "train", opts...)
}

// savedDisk returns a disk after three managed saves of v = 1, 2, 3. The Manager keeps two of them.
func savedDisk(t *testing.T) (*errfs.FS, *ckpt.Manager, *tensor.Tensor[float32]) {
	t.Helper()
	disk, v := errfs.New(), ckpttest.Scalar(0)
	m := manageOn(t, disk, v, ckpt.KeepLast(2))
	for range 3 {
		v.Data()[0]++
		ckpttest.Save(t, m)
	}
	return disk, m, v
}

func TestManagerOrder(t *testing.T) {
	disk, m, _ := savedDisk(t)
	before := disk.Ops()
	var changes []string
	ckpttest.Save(t, m)
	for _, op := range disk.Log()[before:] {
		switch op.Kind {
		case errfs.Rename:
			changes = append(changes, "write "+filepath.Base(op.To))
		case errfs.Remove:
			if !strings.Contains(op.Name, ".old") { // the commit itself makes these
				changes = append(changes, "delete "+filepath.Base(op.Name))
			}
		}
	}
	t.Run("R-21 the state is recorded before and after deletions", func(t *testing.T) {
		require.Equal(t, []string{
			"write ckpt-4.data-00000-of-00001", "write ckpt-4.index", "write checkpoint",
			"delete ckpt-2.index", "delete ckpt-2.data-00000-of-00001", "write checkpoint",
		}, changes)
	})
	t.Run("R-22 an index is deleted, durably, before its data", func(t *testing.T) {
		var kinds []string
		for _, op := range disk.Log()[before:] {
			if strings.Contains(op.Name, "ckpt-2.") || op.Kind == errfs.SyncDir && len(kinds) == 1 {
				kinds = append(kinds, string(op.Kind)+" "+filepath.Base(op.Name))
			}
		}
		require.Equal(t, []string{"remove ckpt-2.index", "syncdir train", "remove ckpt-2.data-00000-of-00001"}, kinds)
	})
}

// TestManagerFaults makes every operation of a save that deletes fail in every way. A fresh process must then find the previous
// checkpoint or the new one, complete and latest, and a following save must leave no other files.
func TestManagerFaults(t *testing.T) {
	tried := ckpttest.EveryFault(t, func() (*errfs.FS, func() error) {
		disk, m, v := savedDisk(t)
		v.Data()[0] = 4
		return disk, func() error { _, err := m.Save(ctx); return err }
	}, func(disk *errfs.FS, err error, what string) { requireContinues(t, disk, err, what) })
	require.Greater(t, tried, thorough.Pick(300, 60))
}

// requireContinues checks the disk after a save of v = 4 that returned err.
func requireContinues(t *testing.T, disk *errfs.FS, err error, what string) {
	t.Helper()
	v := ckpttest.Scalar(0)
	m := manageOn(t, disk, v, ckpt.KeepLast(2))
	latest, restoreErr := m.RestoreOrInitialize(ctx)
	require.NoError(t, restoreErr, what)
	switch ckpttest.Value(v) {
	case 3:
		require.Equal(t, "train/ckpt-3", filepath.ToSlash(latest), what)
		require.Error(t, err, what)
	case 4:
		require.Equal(t, "train/ckpt-4", filepath.ToSlash(latest), what)
	default:
		require.Fail(t, "neither", "%s: v = %v", what, ckpttest.Value(v))
	}
	next := int(ckpttest.Value(v)) + 1
	v.Data()[0]++
	ckpttest.Save(t, m)
	want := []string{"train/checkpoint"}
	for _, n := range []int{next - 1, next} {
		want = append(want, fmt.Sprintf("train/ckpt-%d.data-00000-of-00001", n), fmt.Sprintf("train/ckpt-%d.index", n))
	}
	require.Equal(t, want, disk.Names(), what)
	require.Equal(t, []string{fmt.Sprintf("ckpt-%d", next-1), fmt.Sprintf("ckpt-%d", next)}, ckpttest.Bases(m.Checkpoints()), what)
	require.Zero(t, disk.OpenFiles(), what)
}

func TestManagerDeletionFails(t *testing.T) {
	t.Run("R-22 if a deletion fails, it is logged, the checkpoint stays recorded, and the next save deletes it", func(t *testing.T) {
		disk, v := errfs.New(), ckpttest.Scalar(1)
		logger, lines := ckpttest.Logged()
		m := manageOn(t, disk, v, ckpt.KeepLast(1), ckpt.WithLogger(logger))
		ckpttest.Save(t, m)
		disk.Inject(errfs.Only(errfs.From(0, errfs.IO), errfs.Remove))
		ckpttest.Save(t, m)
		disk.Inject(nil)
		require.Contains(t, strings.Join(lines(), "\n"), "An old checkpoint could not be deleted")
		require.Equal(t, []string{"ckpt-2"}, ckpttest.Bases(m.Checkpoints()))
		require.Contains(t, disk.Names(), "train/ckpt-1.index")
		require.Contains(t, string(disk.Files()["train/checkpoint"]), `all_model_checkpoint_paths: "ckpt-1"`)

		ckpttest.Save(t, manageOn(t, disk, v, ckpt.KeepLast(1)), ckpt.Number(7))
		require.Equal(t, []string{"train/checkpoint", "train/ckpt-7.data-00000-of-00001", "train/ckpt-7.index"}, disk.Names())
	})
	t.Run("R-22 a file that another program deleted is only a warning", func(t *testing.T) {
		disk, v := errfs.New(), ckpttest.Scalar(1)
		logger, lines := ckpttest.Logged()
		m := manageOn(t, disk, v, ckpt.KeepLast(1), ckpt.WithLogger(logger))
		ckpttest.Save(t, m)
		disk.Inject(func(op errfs.Op) errfs.Fault {
			if op.Kind == errfs.Remove && strings.HasSuffix(op.Name, "ckpt-1.index") {
				return errfs.Fault{Err: os.ErrNotExist, Done: true}
			}
			return errfs.Fault{}
		})
		ckpttest.Save(t, m)
		require.Contains(t, strings.Join(lines(), "\n"), "was already deleted")
		require.Equal(t, []string{"train/checkpoint", "train/ckpt-2.data-00000-of-00001", "train/ckpt-2.index"}, disk.Names())
	})
}

func TestManagerHostileState(t *testing.T) {
	// Each case has a path that a state file claims as a Manager's checkpoint, and files that must survive.
	for name, path := range map[string]string{
		"above":                          "../precious",
		"the parent by an indirect path": "sub/../../precious",
		"absolute":                       "$DIR/precious",
		"an absolute path below":         "$DIR/train/sub/precious",
		"below":                          "sub/precious",
		"through a symbolic link":        "link/precious",
		"the directory":                  ".",
		"the parent":                     "..",
		"the root":                       "/",
		"a pattern":                      "*",
		"a path with an empty base name": "sub/",
		"with a NUL":                     "precious\x00",
		"with the end of an index":       "precious.index",
	} {
		t.Run("R-22 "+name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "train")
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o777))
			if err := os.Symlink(root, filepath.Join(dir, "link")); err != nil {
				t.Logf("links are not supported here: %v", err)
			}
			var stay []string
			for _, base := range []string{"precious", "train/precious", "train/sub/precious", "train/"} {
				for _, end := range []string{".index", ".data-00000-of-00001"} {
					stay = append(stay, filepath.Join(root, filepath.FromSlash(base))+end)
				}
			}
			stay[len(stay)-1] = filepath.Join(dir, ".data-00000-of-00001")
			stay[len(stay)-2] = filepath.Join(dir, ".index")
			for _, name := range stay {
				require.NoError(t, os.WriteFile(name, nil, 0o666))
			}
			path := strings.ReplaceAll(path, "$DIR", filepath.ToSlash(root))
			ckpttest.WriteState(t, dir, &state.State{Latest: "ckpt-1", All: []string{path, "ckpt-1"}, Timestamps: []float64{1e9, 1e9 + 1}, LastPreserved: 1})
			m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1))
			ckpttest.Save(t, m)
			ckpttest.Save(t, m)
			for _, name := range stay {
				require.FileExists(t, name)
			}
		})
	}
	t.Run("K-05 a latest checkpoint outside of the directory is an error that names the state file", func(t *testing.T) {
		for _, path := range []string{"../ckpt", "a/../../ckpt"} {
			dir := t.TempDir()
			ckpttest.WriteState(t, dir, &state.State{Latest: path})
			_, err := ckpt.NewManager(ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}), dir)
			require.ErrorContains(t, err, filepath.Join(dir, "checkpoint")+" names "+path+", which leads out of the directory")
		}
	})
	t.Run("an index that is a directory stays", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1))
		ckpttest.Save(t, m)
		require.NoError(t, ckpt.Remove(m.Latest()))
		require.NoError(t, os.Mkdir(filepath.Join(dir, "ckpt-1.index"), 0o777))
		ckpttest.Save(t, m)
		require.DirExists(t, filepath.Join(dir, "ckpt-1.index"))
	})
	t.Run("names that differ in case are not the same checkpoint", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		ckpttest.Save(t, m)
		s := ckpttest.StateOf(t, dir)
		s.All, s.Timestamps = append([]string{"CKPT-1"}, s.All...), append([]float64{s.Timestamps[0]}, s.Timestamps...)
		ckpttest.WriteState(t, dir, s)
		m = ckpttest.Manage(t, m.Checkpoint(), dir, ckpt.KeepLast(2))
		ckpttest.Save(t, m)
		require.Equal(t, []string{"ckpt-1", "ckpt-2"}, ckpttest.OnDisk(t, dir))
	})
	t.Run("checkpoints with times that are not numbers are kept", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{"a", "b"} {
			_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Write(ctx, filepath.Join(dir, name))
			require.NoError(t, err)
		}
		text := "model_checkpoint_path: 'b' all_model_checkpoint_paths: ['a', 'b'] all_model_checkpoint_timestamps: [nan, nan] last_preserved_timestamp: nan"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte(text), 0o666))
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(1), ckpt.KeepEvery(1))
		ckpttest.Save(t, m)
		ckpttest.Save(t, m)
		require.Equal(t, []string{"a", "b", "ckpt-1", "ckpt-2"}, ckpttest.OnDisk(t, dir), "KeepEvery(1ns) keeps all")
		require.NotContains(t, ckpttest.StateOf(t, dir).String(), "nan")
	})
}

func TestManagerSharedDirectory(t *testing.T) {
	inUse := func(t *testing.T, m *ckpt.Manager) {
		t.Helper()
		before := m.Checkpoint().SaveCounter()
		path, err := m.Save(ctx)
		require.ErrorIs(t, err, ckpt.ErrInUse)
		require.ErrorContains(t, err, m.Directory())
		require.Empty(t, path)
		require.Equal(t, before, m.Checkpoint().SaveCounter())
	}
	t.Run("R-27 a manager that does not know of another manager's save is refused", func(t *testing.T) {
		dir := t.TempDir()
		first, second := ckpttest.ManageIn(t, dir, ckpt.CheckpointName("first")), ckpttest.ManageIn(t, dir, ckpt.CheckpointName("second"))
		ckpttest.Save(t, first)
		ckpttest.Save(t, first)
		inUse(t, second)
		require.Equal(t, []string{"first-1", "first-2"}, ckpttest.OnDisk(t, dir), "nothing was written")
		third := ckpttest.ManageIn(t, dir, ckpt.CheckpointName("third"))
		ckpttest.Save(t, third)
		inUse(t, first)
		require.Equal(t, []string{"first-1", "first-2", "third-1"}, ckpttest.Bases(third.Checkpoints()))
	})
	t.Run("R-27 a manager that does not know of a plain Save is refused", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		ckpttest.Save(t, m)
		_, err := m.Checkpoint().Save(ctx, filepath.Join(dir, "plain"))
		require.NoError(t, err)
		inUse(t, m)
	})
	t.Run("a missing or invalid state file is written again", func(t *testing.T) {
		dir := t.TempDir()
		m := ckpttest.ManageIn(t, dir)
		ckpttest.Save(t, m)
		require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint")))
		ckpttest.Save(t, m)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoint"), []byte{0, 1, 2}, 0o666))
		ckpttest.Save(t, m)
		require.Equal(t, []string{"ckpt-1", "ckpt-2", "ckpt-3"}, ckpttest.StateOf(t, dir).All)
	})
	t.Run("a directory that was removed is created again", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "train")
		m := ckpttest.ManageIn(t, dir, ckpt.KeepLast(2))
		ckpttest.Save(t, m)
		require.NoError(t, os.RemoveAll(dir))
		ckpttest.Save(t, m)
		ckpttest.Save(t, m)
		require.Equal(t, []string{"ckpt-2", "ckpt-3"}, ckpttest.OnDisk(t, dir))
	})
	t.Run("R-27 while one manager saves, another is refused, and also afterwards", func(t *testing.T) {
		dir := t.TempDir()
		if l, err := (fsx.OS{}).Lock(dir); err == nil {
			require.NoError(t, l.Close())
		} else {
			require.ErrorIs(t, err, errors.ErrUnsupported)
			t.Skip("the filesystem of temporary directories does not have locks")
		}
		first, second := ckpttest.ManageIn(t, dir), ckpttest.ManageIn(t, dir)
		writing, write := make(chan struct{}), make(chan struct{})
		ckpttest.Save(t, first, ckpt.Async(), ckpt.OnWrite(func(context.Context, string) error { close(writing); <-write; return nil }))
		<-writing
		inUse(t, second)
		close(write)
		require.NoError(t, first.Sync(ctx))
		inUse(t, second)
		ckpttest.Save(t, first)
	})
	t.Run("a save that fails does not leave a lock", func(t *testing.T) {
		dir := t.TempDir()
		broken := errors.New("broken")
		fail := ckpt.OnWrite(func(context.Context, string) error { return broken })
		for _, opts := range [][]ckpt.ManagerSaveOption{{fail}, {fail, ckpt.Async()}} {
			m := ckpttest.ManageIn(t, dir)
			_, err := m.Save(ctx, opts...)
			require.ErrorIs(t, errors.Join(err, m.Sync(ctx)), broken)
			ckpttest.Save(t, ckpttest.ManageIn(t, dir))
		}
	})
}
