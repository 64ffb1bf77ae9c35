package ckpt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

func TestSaveAndWrite(t *testing.T) {
	t.Run("W-01 Write returns its prefix, numbers nothing, counts nothing and names it in no state file", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "ckpt")
		c := mustNew(t, Group{"v": scalar(1)})
		require.Equal(t, prefix, must(c.Write(ctx, prefix)))
		require.Equal(t, []string{"ckpt.data-00000-of-00001", "ckpt.index"}, namesIn(t, filepath.Dir(prefix)))
		require.Equal(t, []string{"v/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, prefix))
		require.Zero(t, c.SaveCounter())
	})
	t.Run("W-02 W-03 Save counts before it writes, and the state file names the latest alone", func(t *testing.T) {
		type run struct {
			Step tensor.Tensor[int64]   `ckpt:"step,fullname=step"`
			W    tensor.Tensor[float32] `ckpt:"w,fullname=w"`
		}
		g, dir := golden(t, "saved-numbered"), t.TempDir()
		r := &run{*tensor.Scalar(int64(0)), *f32(1, 2)}
		c := mustNew(t, Group{"step": &r.Step, "w": &r.W})
		for n := range 3 {
			r.Step.Data()[0] += 10
			path := must(c.Save(ctx, filepath.Join(dir, "ckpt")))
			require.Equal(t, filepath.Join(dir, fmt.Sprintf("ckpt-%d", n+1)), path)
			require.EqualValues(t, n+1, c.SaveCounter())
		}
		for _, name := range []string{"ckpt-1", "ckpt-2", "ckpt-3"} {
			requireSameFiles(t, filepath.Join(dir, name), filepath.Join(g.dir, "train", name))
		}
		require.Equal(t, must(os.ReadFile(filepath.Join(g.dir, "train", "checkpoint"))), must(os.ReadFile(filepath.Join(dir, "checkpoint"))))
		require.Equal(t, namesIn(t, filepath.Join(g.dir, "train")), namesIn(t, dir))
	})
	t.Run("W-04 after a restore the count goes on", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(1)})
		dir := t.TempDir()
		for range 2 {
			must(c.Save(ctx, filepath.Join(dir, "ckpt")))
		}
		next := mustNew(t, Group{"v": scalar(0)})
		_, err := next.Restore(ctx, filepath.Join(dir, "ckpt-2"))
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, "other-3"), must(next.Save(ctx, filepath.Join(dir, "other"))))
	})
	t.Run("W-05 W-28 directories are made, and a base name may be empty", func(t *testing.T) {
		g, dir := golden(t, "saved-written"), t.TempDir()
		n := int64(7)
		c := mustNew(t, Group{"w": f32(1, 2), "n": &n})
		requireSameFiles(t, must(c.Write(ctx, filepath.Join(dir, "deep", "er", "ckpt"))), g.path())
		path := must(c.Write(ctx, filepath.Join(dir, "deep")+"/"))
		require.Equal(t, []string{".data-00000-of-00001", ".index", "er"}, namesIn(t, filepath.Join(dir, "deep")))
		requireSameFiles(t, path, filepath.Join(g.dir, "deep")+"/")
		require.NoError(t, mustRead(t, c, path).AssertConsumed())
	})
	t.Run("W-06 paths are strings, absolute or relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		v := scalar(1)
		c := mustNew(t, Group{"v": v})
		for _, prefix := range []string{"ckpt", "./ckpt", "a/../a/ckpt", filepath.Join(must(os.Getwd()), "ckpt")} {
			v.Data()[0] = 1
			path := must(c.Save(ctx, prefix))
			require.Equal(t, fmt.Sprintf("%s-%d", prefix, c.SaveCounter()), path)
			v.Data()[0] = 2
			_, err := c.Restore(ctx, path)
			require.NoError(t, err)
			require.EqualValues(t, 1, value0(v), prefix)
		}
	})
	t.Run("a save that fails is not counted", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(1)})
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o666))
		_, err := c.Save(ctx, filepath.Join(file, "ckpt"))
		require.ErrorContains(t, err, "ckpt-1")
		require.Zero(t, c.SaveCounter())
	})
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestSavesAndReads(t *testing.T) {
	t.Run("W-07 a restore of what Write wrote misses the counter, a read does not", func(t *testing.T) {
		path := written(t, Group{"v": scalar(1)})
		s, err := mustNew(t, Group{"v": scalar(0)}).Restore(ctx, path)
		require.NoError(t, err)
		var m *MismatchError
		for _, err := range []error{s.AssertConsumed(), s.AssertExistingObjectsMatched()} {
			require.ErrorAs(t, err, &m)
			require.Equal(t, []string{"save_counter"}, m.Missing)
		}
		require.NoError(t, mustRead(t, mustNew(t, Group{"v": scalar(0)}), path).Assert(Consumed, ExistingObjectsMatched))
	})
	t.Run("W-08 a read of what Save wrote leaves the counter until it is asked for", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(0)})
		s := mustRead(t, c, saved(t, Group{"v": scalar(1)}))
		require.ErrorContains(t, s.AssertConsumed(), "Unresolved object in checkpoint (root).save_counter")
		require.NoError(t, s.Assert(ExistingObjectsMatched, NontrivialMatch))
		require.EqualValues(t, 1, c.SaveCounter())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("W-09 a checkpoint that is not there is not found, and Restore says what was probably meant", func(t *testing.T) {
		c := mustNew(t, Group{"v": scalar(0)})
		path := strings.TrimSuffix(saved(t, Group{"v": scalar(1)}), "-1")
		_, err := c.Restore(ctx, path)
		require.ErrorIs(t, err, ErrNotFound)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, "Error when restoring from checkpoint or SavedModel at "+path)
		require.ErrorContains(t, err, "(e.g. the '-1' in 'path/to/ckpt-1')")
		_, err = c.Read(ctx, path)
		require.ErrorIs(t, err, ErrNotFound)
		require.NotContains(t, err.Error(), "SavedModel")
		require.EqualValues(t, 0, c.SaveCounter(), "a restore that failed leaves no counter waiting")
	})
	t.Run("W-10 Restore of a directory takes the latest that its state file names, Read does not", func(t *testing.T) {
		path := saved(t, Group{"v": scalar(1)})
		v := scalar(0)
		c := mustNew(t, Group{"v": v})
		_, err := c.Read(ctx, filepath.Dir(path))
		require.ErrorContains(t, err, filepath.Dir(path))
		require.ErrorContains(t, err, "a directory")
		require.Zero(t, value0(v))
		_, err = c.Restore(ctx, filepath.Dir(path))
		require.NoError(t, err)
		require.EqualValues(t, 1, value0(v))
	})
	t.Run("W-11 another shape is an error at once, with both shapes and the variable", func(t *testing.T) {
		v, other := f32(5), scalar(0)
		_, err := mustNew(t, Group{"v": v, "a": other}).Read(ctx, written(t, Group{"v": f32(1, 2), "a": scalar(1)}))
		var wrong *ValueError
		require.ErrorAs(t, err, &wrong)
		require.ErrorIs(t, err, ErrMismatch)
		require.Equal(t, []string{"v", "v", "v/.ATTRIBUTES/VARIABLE_VALUE"}, []string{wrong.Path, wrong.GoPath, wrong.Key})
		require.Equal(t, "incompatible tensor with shape [2] in the checkpoint, [1] in the model", wrong.Problem)
		require.Equal(t, []float32{5, 0}, []float32{value0(v), value0(other)}, "and nothing is assigned")
	})
	t.Run("W-12 another dtype is an error that names both and the key; nothing is cast", func(t *testing.T) {
		_, err := mustNew(t, Group{"v": tensor.Scalar(float64(5))}).Read(ctx, written(t, Group{"v": scalar(1)}))
		var wrong *ValueError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "v/.ATTRIBUTES/VARIABLE_VALUE", wrong.Key)
		require.Equal(t, "dtype float32 in the checkpoint, float64 in the model; the tag option cast converts", wrong.Problem)
		_, err = mustNew(t, Group{"v": tensor.Scalar("")}).Read(ctx, written(t, Group{"v": scalar(1)}))
		require.ErrorContains(t, err, "dtype float32 in the checkpoint, string in the model")
		require.NotContains(t, err.Error(), "cast", "it would not help")
	})
	t.Run("all that does not fit is said in one error", func(t *testing.T) {
		_, err := mustNew(t, Group{"a": f32(0, 0), "b": scalar(0), "c": tensor.Scalar(int64(0))}).Read(ctx, written(t, Group{"a": scalar(1), "b": scalar(2), "c": scalar(3)}))
		require.ErrorContains(t, err, "restore a (a)")
		require.ErrorContains(t, err, "restore c (c)")
		require.NotContains(t, err.Error(), "restore b")
	})
	t.Run("W-13 a variable of unknown shape takes any", func(t *testing.T) {
		for _, want := range []*tensor.Tensor[float32]{scalar(1), f32(1, 2), must(tensor.FromSlice([]float32{}, 0, 3))} {
			v := new(tensor.Tensor[float32])
			require.NoError(t, mustRead(t, mustNew(t, Group{"v": v}), written(t, Group{"v": want})).AssertConsumed())
			require.Equal(t, want, v)
		}
	})
	t.Run("W-14 no file stays open after a restore, nor after one that fails", func(t *testing.T) {
		disk := errfs.New()
		c := mustNew(t, Group{"v": scalar(1)}, withDisk(disk))
		path := must(c.Save(ctx, "ckpt"))
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		require.NoError(t, s.AssertConsumed())
		require.Zero(t, disk.OpenFiles())
		for n := 0; ; n++ { // of another restore, each operation fails once
			before := disk.Ops()
			disk.Inject(errfs.At(before+n+1, errfs.IO))
			_, err := c.Read(ctx, path)
			require.Zero(t, disk.OpenFiles(), "operation %d: %v", n, err)
			if disk.Ops() < before+n+1 {
				require.NoError(t, err)
				return
			}
			log := disk.Log()
			op := log[before+n]
			again := func(later errfs.Op) bool { return later.Kind == errfs.Open && later.Name == op.Name }
			if strings.Contains(op.Name, ".data-") && slices.ContainsFunc(log[before+n+1:], again) {
				require.NoError(t, err, "a data file that does not open with the index is opened when it is read")
				continue
			}
			require.Error(t, err, "operation %d: %v", n, disk.Log()[before+n])
		}
	})
	t.Run("W-15 an object may give one tensor to two variables", func(t *testing.T) {
		pair := &mirrored{}
		s := mustRead(t, mustNew(t, Group{"p": pair}), written(t, Group{"p": f32(1, 2)}))
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, f32(1, 2), pair.primary)
		require.Equal(t, f32(1, 2), pair.copy)
		require.NotSame(t, pair.primary, pair.copy)
		requireSameFiles(t, written(t, Group{"p": pair}), written(t, Group{"p": f32(1, 2)}))
	})
	t.Run("W-16 an object of two tensors has two attributes on one node, and takes both in one call", func(t *testing.T) {
		path := written(t, Group{"o": &several{names: []string{"keys", "values"}, got: map[string]tensor.Any{"keys": tensor.Scalar("k"), "values": f32(1, 2)}}})
		require.Equal(t, `1 [keys "" o/.ATTRIBUTES/keys] [values "" o/.ATTRIBUTES/values]`, graphOf(t, path)[1])
		got := &several{names: []string{"keys", "values"}, got: map[string]tensor.Any{"keys": tensor.Scalar(""), "values": new(tensor.Tensor[float32])}}
		require.NoError(t, mustRead(t, mustNew(t, Group{"o": got}), path).AssertConsumed())
		require.Equal(t, map[string]tensor.Any{"keys": tensor.Scalar("k"), "values": f32(1, 2)}, got.got)
		require.Equal(t, 1, got.calls)
	})
	t.Run("W-23 a checkpoint does not depend on how it was saved or is restored", func(t *testing.T) {
		program := func(v float32) Group { return Group{"g": groupOf("v", scalar(v)), "l": []variable{scalar(v)}} }
		plain := saved(t, program(1))
		c := mustNew(t, program(1))
		background := must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt"), Async()))
		require.NoError(t, c.Close())
		requireSameFiles(t, background, plain)
		for _, path := range []string{plain, background} {
			for _, opts := range [][]RestoreOption{nil, {Planned()}, {Atomic()}} {
				got := program(0)
				c := mustNew(t, got)
				s, err := c.Restore(ctx, path, opts...)
				require.NoError(t, err)
				require.NoError(t, s.RunRestoreOps(ctx))
				require.NoError(t, s.AssertConsumed())
				requireSameFiles(t, must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))), plain)
			}
		}
	})
	t.Run("W-29 an edge of the root and an object beside it are the same to a restore", func(t *testing.T) {
		forms := map[string]func(v, w variable) *Checkpoint{
			"root":        func(v, w variable) *Checkpoint { return mustNew(t, groupOf("v", v, "w", w)) },
			"root and w":  func(v, w variable) *Checkpoint { return mustNew(t, groupOf("v", v), With("w", w)) },
			"root and v":  func(v, w variable) *Checkpoint { return mustNew(t, groupOf("w", w), With("v", v)) },
			"two objects": func(v, w variable) *Checkpoint { return mustNew(t, Group{"v": v, "w": w}) },
		}
		for from, save := range forms {
			path := must(save(scalar(1), scalar(2)).Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
			for to, load := range forms {
				v, w := scalar(0), scalar(0)
				s, err := load(v, w).Restore(ctx, path)
				require.NoError(t, err)
				require.NoError(t, s.AssertConsumed(), "%s into %s", from, to)
				require.Equal(t, []float32{1, 2}, []float32{value0(v), value0(w)}, "%s into %s", from, to)
			}
		}
		v, other := scalar(0), scalar(5)
		s := mustRead(t, mustNew(t, groupOf("v", v), With("other", other)), written(t, groupOf("v", scalar(1), "w", scalar(2))))
		require.Equal(t, []float32{1, 5}, []float32{value0(v), value0(other)}, "what has no counterpart is not touched")
		require.Error(t, s.AssertConsumed())
	})
	t.Run("W-30 a path that was overwritten is read anew", func(t *testing.T) {
		v, got := scalar(1), scalar(0)
		c, reader := mustNew(t, Group{"v": v}), mustNew(t, Group{"v": got})
		prefix := filepath.Join(t.TempDir(), "ckpt")
		for _, want := range []float32{1, 2} {
			v.Data()[0] = want
			must(c.Write(ctx, prefix))
			mustRead(t, reader, prefix)
			require.Equal(t, want, value0(got))
		}
	})
}

// mirrored is one variable to a checkpoint and two tensors in the program.
type mirrored struct{ primary, copy *tensor.Tensor[float32] }

func (m *mirrored) CheckpointTensor() (tensor.Any, error) {
	if m.primary == nil {
		return new(tensor.Tensor[float32]), nil
	}
	return m.primary, nil
}

func (m *mirrored) SetCheckpointTensor(t tensor.Any) error {
	m.primary, _ = tensor.As[float32](t)
	m.copy = m.primary.Clone()
	return nil
}

func TestFilesOfASave(t *testing.T) {
	t.Run("W-24 a checkpoint with fewer data files removes those of an earlier one", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "ckpt")
		big := f32(make([]float32, 30)...)
		c := mustNew(t, Group{"big": big})
		must(c.Write(ctx, prefix, MaxShardSize(48)))
		require.Len(t, filesOf(t, prefix), 4)
		big.Data()[29] = 1
		must(c.Write(ctx, prefix))
		require.Equal(t, []string{".data-00000-of-00001", ".index"}, sortedKeys(filesOf(t, prefix)))
		got := f32(make([]float32, 30)...)
		require.NoError(t, mustRead(t, mustNew(t, Group{"big": got}), prefix).AssertConsumed())
		require.Equal(t, big, got)
	})
	t.Run("W-27 data files come first, then the index, then the state file", func(t *testing.T) {
		disk := errfs.New()
		must(mustNew(t, Group{"v": scalar(1), "s": tensor.Scalar("text")}, withDisk(disk)).Save(ctx, "train/ckpt", MaxShardSize(4)))
		var placed []string
		for _, op := range disk.Log() {
			if op.Kind == errfs.Rename {
				placed = append(placed, filepath.Base(op.To))
			}
		}
		require.Equal(t, []string{"ckpt-1.data-00000-of-00003", "ckpt-1.data-00001-of-00003", "ckpt-1.data-00002-of-00003", "ckpt-1.index", "checkpoint"}, placed)
		require.Equal(t, []string{"train/checkpoint", "train/ckpt-1.data-00000-of-00003", "train/ckpt-1.data-00001-of-00003", "train/ckpt-1.data-00002-of-00003", "train/ckpt-1.index"}, disk.Names())
	})
	t.Run("W-25 W-27 a crash at any point leaves a state file that names a whole checkpoint", func(t *testing.T) {
		crashes := everyCrash(t, func(disk *errfs.FS) error {
			v := scalar(0)
			c := mustNew(t, Group{"v": v}, withDisk(disk))
			for n := range 2 {
				v.Data()[0] = float32(n + 1)
				if _, err := c.Save(ctx, "train/ckpt"); err != nil {
					return err
				}
			}
			return nil
		}, func(disk *errfs.FS, saved bool, what string) {
			v := scalar(0)
			c := mustNew(t, Group{"v": v}, withDisk(disk))
			latest, err := c.opts.place(t.Context()).Latest("train")
			require.NoError(t, err, what)
			if latest == "" {
				require.False(t, saved, what)
				return
			}
			s, err := c.Restore(ctx, latest)
			require.NoError(t, err, what)
			require.NoError(t, s.AssertConsumed(), what)
			require.EqualValues(t, c.SaveCounter(), value0(v), what)
			require.True(t, !saved || value0(v) == 2, what)
		})
		require.Greater(t, crashes, 20)
	})
	t.Run("W-26 a crash while a checkpoint is overwritten leaves the old one, the new one or an error, never a mixture", func(t *testing.T) {
		program := func(v float32) Group { return Group{"a": scalar(v), "b": f32(v, v), "s": tensor.Scalar(fmt.Sprint(v))} }
		seen := make(map[string]bool)
		everyCrash(t, func(disk *errfs.FS) error {
			for _, v := range []float32{1, 2} {
				if _, err := mustNew(t, program(v), withDisk(disk)).Write(ctx, "ckpt"); err != nil {
					return err
				}
			}
			return nil
		}, func(disk *errfs.FS, saved bool, what string) {
			got := program(0)
			_, err := mustNew(t, got, withDisk(disk)).Read(ctx, "ckpt")
			switch {
			case saved:
				require.NoError(t, err, what)
				require.Equal(t, program(2), got, what)
			case err != nil:
				require.True(t, errors.Is(err, ErrNotFound) || errors.Is(err, ErrCorrupt), "%s: %v", what, err)
				seen["error"] = true
			case value0(got["a"].(variable)) == 1:
				require.Equal(t, program(1), got, what)
				seen["old"] = true
			default:
				require.Equal(t, program(2), got, what)
				seen["new"] = true
			}
		})
		require.Equal(t, []string{"error", "new", "old"}, sortedKeys(seen))
	})
}

// everyCrash runs work on disks whose power goes before the first operation, the second, and so on, and shows check what
// the next boot may find; saved says that work reported success. It returns how many crashes there were.
func everyCrash(t *testing.T, work func(*errfs.FS) error, check func(disk *errfs.FS, saved bool, what string)) int {
	t.Helper()
	fates := map[string]errfs.Fate{"all that was not synced lost": errfs.LoseAll, "nothing lost": errfs.KeepAll}
	for seed := range uint64(4) {
		fates[fmt.Sprintf("some lost, %d", seed)] = errfs.Lottery(seed)
	}
	for n := 1; ; n++ {
		disk := errfs.New()
		disk.Inject(errfs.At(n, errfs.Crash))
		err := work(disk)
		if disk.Ops() < n {
			require.NoError(t, err)
			return n - 1
		}
		if err != nil {
			require.ErrorIs(t, err, errfs.ErrCrashed)
		}
		for how, fate := range fates {
			check(disk.Reboot(fate), err == nil, fmt.Sprintf("crash before %v, %s", disk.Log()[n-1], how))
		}
	}
}
