package ckpt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

func TestSaveAndWrite(t *testing.T) {
	t.Run("W-01 Write returns its prefix, without a number, a counter or a state file", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "ckpt")
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		require.Equal(t, prefix, ckpttest.Must(c.Write(ctx, prefix)))
		require.Equal(t, []string{"ckpt.data-00000-of-00001", "ckpt.index"}, ckpttest.NamesIn(t, filepath.Dir(prefix)))
		require.Equal(t, []string{"v/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, prefix))
		require.Zero(t, c.SaveCounter())
	})
	t.Run("W-02 W-03 Save counts before it writes, and the state file names only the latest checkpoint", func(t *testing.T) {
		type run struct {
			Step tensor.Tensor[int64]   `ckpt:"step,fullname=step"`
			W    tensor.Tensor[float32] `ckpt:"w,fullname=w"`
		}
		g, dir := ckpttest.Golden(t, "saved-numbered"), t.TempDir()
		r := &run{*tensor.Scalar(int64(0)), *ckpttest.Vector(1, 2)}
		c := ckpttest.New(t, ckpt.Group{"step": &r.Step, "w": &r.W})
		for n := range 3 {
			r.Step.Data()[0] += 10
			path := ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
			require.Equal(t, filepath.Join(dir, fmt.Sprintf("ckpt-%d", n+1)), path)
			require.EqualValues(t, n+1, c.SaveCounter())
		}
		for _, name := range []string{"ckpt-1", "ckpt-2", "ckpt-3"} {
			ckpttest.RequireSameFiles(t, filepath.Join(dir, name), filepath.Join(g.Dir, "train", name))
		}
		require.Equal(t, ckpttest.Must(os.ReadFile(filepath.Join(g.Dir, "train", "checkpoint"))), ckpttest.Must(os.ReadFile(filepath.Join(dir, "checkpoint"))))
		require.Equal(t, ckpttest.NamesIn(t, filepath.Join(g.Dir, "train")), ckpttest.NamesIn(t, dir))
	})
	t.Run("W-04 after a restore the count continues", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		dir := t.TempDir()
		for range 2 {
			ckpttest.Must(c.Save(ctx, filepath.Join(dir, "ckpt")))
		}
		next := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)})
		_, err := next.Restore(ctx, filepath.Join(dir, "ckpt-2"))
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, "other-3"), ckpttest.Must(next.Save(ctx, filepath.Join(dir, "other"))))
	})
	t.Run("W-05 W-28 directories are created, and a base name may be empty", func(t *testing.T) {
		g, dir := ckpttest.Golden(t, "saved-written"), t.TempDir()
		n := int64(7)
		c := ckpttest.New(t, ckpt.Group{"w": ckpttest.Vector(1, 2), "n": &n})
		ckpttest.RequireSameFiles(t, ckpttest.Must(c.Write(ctx, filepath.Join(dir, "deep", "er", "ckpt"))), g.Path())
		path := ckpttest.Must(c.Write(ctx, filepath.Join(dir, "deep")+"/"))
		require.Equal(t, []string{".data-00000-of-00001", ".index", "er"}, ckpttest.NamesIn(t, filepath.Join(dir, "deep")))
		ckpttest.RequireSameFiles(t, path, filepath.Join(g.Dir, "deep")+"/")
		require.NoError(t, ckpttest.Read(t, c, path).AssertConsumed())
	})
	t.Run("W-06 paths are strings, absolute or relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		v := ckpttest.Scalar(1)
		c := ckpttest.New(t, ckpt.Group{"v": v})
		for _, prefix := range []string{"ckpt", "./ckpt", "a/../a/ckpt", filepath.Join(ckpttest.Must(os.Getwd()), "ckpt")} {
			v.Data()[0] = 1
			path := ckpttest.Must(c.Save(ctx, prefix))
			require.Equal(t, fmt.Sprintf("%s-%d", prefix, c.SaveCounter()), path)
			v.Data()[0] = 2
			_, err := c.Restore(ctx, path)
			require.NoError(t, err)
			require.EqualValues(t, 1, ckpttest.Value(v), prefix)
		}
	})
	t.Run("a save that fails is not counted", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o666))
		_, err := c.Save(ctx, filepath.Join(file, "ckpt"))
		require.ErrorContains(t, err, "ckpt-1")
		require.Zero(t, c.SaveCounter())
	})
}

func TestSavesAndReads(t *testing.T) {
	t.Run("W-07 a restore of a checkpoint by Write lacks the counter, and a read does not need it", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		s, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)}).Restore(ctx, path)
		require.NoError(t, err)
		var m *ckpt.MismatchError
		for _, err := range []error{s.AssertConsumed(), s.AssertExistingObjectsMatched()} {
			require.ErrorAs(t, err, &m)
			require.Equal(t, []string{"save_counter"}, m.Missing)
		}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)}), path).Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
	})
	t.Run("W-08 after a read of a checkpoint by Save, the counter waits until it is used", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)})
		s := ckpttest.Read(t, c, ckpttest.Saved(t, ckpt.Group{"v": ckpttest.Scalar(1)}))
		require.ErrorContains(t, s.AssertConsumed(), "Unresolved object in checkpoint (root).save_counter")
		require.NoError(t, s.Assert(ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
		require.EqualValues(t, 1, c.SaveCounter())
		require.NoError(t, s.AssertConsumed())
	})
	t.Run("W-09 a missing checkpoint is not found, and Restore suggests what was probably meant", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(0)})
		path := strings.TrimSuffix(ckpttest.Saved(t, ckpt.Group{"v": ckpttest.Scalar(1)}), "-1")
		_, err := c.Restore(ctx, path)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorIs(t, err, os.ErrNotExist)
		require.ErrorContains(t, err, "Error when restoring from checkpoint or SavedModel at "+path)
		require.ErrorContains(t, err, "(e.g. the '-1' in 'path/to/ckpt-1')")
		_, err = c.Read(ctx, path)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.NotContains(t, err.Error(), "SavedModel")
		require.EqualValues(t, 0, c.SaveCounter(), "after a failed restore no counter waits")
	})
	t.Run("W-10 Restore of a directory takes the latest that its state file names, Read does not", func(t *testing.T) {
		path := ckpttest.Saved(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		v := ckpttest.Scalar(0)
		c := ckpttest.New(t, ckpt.Group{"v": v})
		_, err := c.Read(ctx, filepath.Dir(path))
		require.ErrorContains(t, err, filepath.Dir(path))
		require.ErrorContains(t, err, "a directory")
		require.Zero(t, ckpttest.Value(v))
		_, err = c.Restore(ctx, filepath.Dir(path))
		require.NoError(t, err)
		require.EqualValues(t, 1, ckpttest.Value(v))
	})
	t.Run("W-11 another shape is an error at once that names both shapes and the variable", func(t *testing.T) {
		v, other := ckpttest.Vector(5), ckpttest.Scalar(0)
		_, err := ckpttest.New(t, ckpt.Group{"v": v, "a": other}).Read(ctx, ckpttest.Written(t, ckpt.Group{"v": ckpttest.Vector(1, 2), "a": ckpttest.Scalar(1)}))
		var wrong *ckpt.ValueError
		require.ErrorAs(t, err, &wrong)
		require.ErrorIs(t, err, ckpt.ErrMismatch)
		require.Equal(t, []string{"v", "v", "v/.ATTRIBUTES/VARIABLE_VALUE"}, []string{wrong.Path, wrong.GoPath, wrong.Key})
		require.Equal(t, "incompatible tensor with shape [2] in the checkpoint, [1] in the model", wrong.Problem)
		require.Equal(t, []float32{5, 0}, []float32{ckpttest.Value(v), ckpttest.Value(other)}, "and no value was assigned")
	})
	t.Run("W-12 another dtype is an error that names both and the key; nothing is cast", func(t *testing.T) {
		_, err := ckpttest.New(t, ckpt.Group{"v": tensor.Scalar(float64(5))}).Read(ctx, ckpttest.Written(t, ckpt.Group{"v": ckpttest.Scalar(1)}))
		var wrong *ckpt.ValueError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "v/.ATTRIBUTES/VARIABLE_VALUE", wrong.Key)
		require.Equal(t, "dtype float32 in the checkpoint, float64 in the model; the tag option cast converts values", wrong.Problem)
		_, err = ckpttest.New(t, ckpt.Group{"v": tensor.Scalar("")}).Read(ctx, ckpttest.Written(t, ckpt.Group{"v": ckpttest.Scalar(1)}))
		require.ErrorContains(t, err, "dtype float32 in the checkpoint, string in the model")
		require.NotContains(t, err.Error(), "cast", "the option would not help")
	})
	t.Run("one error lists everything that does not fit", func(t *testing.T) {
		_, err := ckpttest.New(t, ckpt.Group{"a": ckpttest.Vector(0, 0), "b": ckpttest.Scalar(0), "c": tensor.Scalar(int64(0))}).Read(ctx, ckpttest.Written(t, ckpt.Group{"a": ckpttest.Scalar(1), "b": ckpttest.Scalar(2), "c": ckpttest.Scalar(3)}))
		require.ErrorContains(t, err, "restore a (a)")
		require.ErrorContains(t, err, "restore c (c)")
		require.NotContains(t, err.Error(), "restore b")
	})
	t.Run("W-13 a variable of unknown shape takes any shape", func(t *testing.T) {
		for _, want := range []*tensor.Tensor[float32]{ckpttest.Scalar(1), ckpttest.Vector(1, 2), ckpttest.Must(tensor.FromSlice([]float32{}, 0, 3))} {
			v := new(tensor.Tensor[float32])
			require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"v": v}), ckpttest.Written(t, ckpt.Group{"v": want})).AssertConsumed())
			require.Equal(t, want, v)
		}
	})
	t.Run("W-14 no file stays open after a restore, even if it fails", func(t *testing.T) {
		disk := errfs.New()
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}, ckpttest.On(disk))
		path := ckpttest.Must(c.Save(ctx, "ckpt"))
		s, err := c.Restore(ctx, path)
		require.NoError(t, err)
		require.NoError(t, s.AssertConsumed())
		require.Zero(t, disk.OpenFiles())
		for n := 0; ; n++ { // in each round another operation of the restore fails
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
				require.NoError(t, err, "if a data file fails to open with the index, a read opens it again")
				continue
			}
			require.Error(t, err, "operation %d: %v", n, disk.Log()[before+n])
		}
	})
	t.Run("W-15 an object may give one tensor to two variables", func(t *testing.T) {
		pair := &mirrored{}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"p": pair}), ckpttest.Written(t, ckpt.Group{"p": ckpttest.Vector(1, 2)}))
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, ckpttest.Vector(1, 2), pair.primary)
		require.Equal(t, ckpttest.Vector(1, 2), pair.copy)
		require.NotSame(t, pair.primary, pair.copy)
		ckpttest.RequireSameFiles(t, ckpttest.Written(t, ckpt.Group{"p": pair}), ckpttest.Written(t, ckpt.Group{"p": ckpttest.Vector(1, 2)}))
	})
	t.Run("W-16 an object with two tensors has two attributes on one node, and takes both in one call", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"o": &ckpttest.Several{Names: []string{"keys", "values"}, Got: map[string]tensor.Any{"keys": tensor.Scalar("k"), "values": ckpttest.Vector(1, 2)}}})
		require.Equal(t, `1 [keys "" o/.ATTRIBUTES/keys] [values "" o/.ATTRIBUTES/values]`, ckpttest.GraphOf(t, path)[1])
		got := &ckpttest.Several{Names: []string{"keys", "values"}, Got: map[string]tensor.Any{"keys": tensor.Scalar(""), "values": new(tensor.Tensor[float32])}}
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"o": got}), path).AssertConsumed())
		require.Equal(t, map[string]tensor.Any{"keys": tensor.Scalar("k"), "values": ckpttest.Vector(1, 2)}, got.Got)
		require.Equal(t, 1, got.Calls)
	})
	t.Run("W-23 a checkpoint does not depend on the function that saves or restores it", func(t *testing.T) {
		program := func(v float32) ckpt.Group {
			return ckpt.Group{"g": ckpttest.NodeOf("v", ckpttest.Scalar(v)), "l": []ckpttest.Variable{ckpttest.Scalar(v)}}
		}
		plain := ckpttest.Saved(t, program(1))
		c := ckpttest.New(t, program(1))
		background := ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt"), ckpt.Async()))
		require.NoError(t, c.Close())
		ckpttest.RequireSameFiles(t, background, plain)
		for _, path := range []string{plain, background} {
			for _, opts := range [][]ckpt.RestoreOption{nil, {ckpt.Planned()}, {ckpt.Atomic()}} {
				got := program(0)
				c := ckpttest.New(t, got)
				s, err := c.Restore(ctx, path, opts...)
				require.NoError(t, err)
				require.NoError(t, s.RunRestoreOps(ctx))
				require.NoError(t, s.AssertConsumed())
				ckpttest.RequireSameFiles(t, ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "ckpt"))), plain)
			}
		}
	})
	t.Run("W-29 for a restore, an edge of the root equals an object next to the root", func(t *testing.T) {
		forms := map[string]func(v, w ckpttest.Variable) *ckpt.Checkpoint{
			"root": func(v, w ckpttest.Variable) *ckpt.Checkpoint { return ckpttest.New(t, ckpttest.NodeOf("v", v, "w", w)) },
			"root and w": func(v, w ckpttest.Variable) *ckpt.Checkpoint {
				return ckpttest.New(t, ckpttest.NodeOf("v", v), ckpt.With("w", w))
			},
			"root and v": func(v, w ckpttest.Variable) *ckpt.Checkpoint {
				return ckpttest.New(t, ckpttest.NodeOf("w", w), ckpt.With("v", v))
			},
			"two objects": func(v, w ckpttest.Variable) *ckpt.Checkpoint { return ckpttest.New(t, ckpt.Group{"v": v, "w": w}) },
		}
		for from, save := range forms {
			path := ckpttest.Must(save(ckpttest.Scalar(1), ckpttest.Scalar(2)).Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
			for to, load := range forms {
				v, w := ckpttest.Scalar(0), ckpttest.Scalar(0)
				s, err := load(v, w).Restore(ctx, path)
				require.NoError(t, err)
				require.NoError(t, s.AssertConsumed(), "%s into %s", from, to)
				require.Equal(t, []float32{1, 2}, []float32{ckpttest.Value(v), ckpttest.Value(w)}, "%s into %s", from, to)
			}
		}
		v, other := ckpttest.Scalar(0), ckpttest.Scalar(5)
		s := ckpttest.Read(t, ckpttest.New(t, ckpttest.NodeOf("v", v), ckpt.With("other", other)), ckpttest.Written(t, ckpttest.NodeOf("v", ckpttest.Scalar(1), "w", ckpttest.Scalar(2))))
		require.Equal(t, []float32{1, 5}, []float32{ckpttest.Value(v), ckpttest.Value(other)}, "variables without a counterpart do not change")
		require.Error(t, s.AssertConsumed())
	})
	t.Run("W-30 an overwritten path is read again", func(t *testing.T) {
		v, got := ckpttest.Scalar(1), ckpttest.Scalar(0)
		c, reader := ckpttest.New(t, ckpt.Group{"v": v}), ckpttest.New(t, ckpt.Group{"v": got})
		prefix := filepath.Join(t.TempDir(), "ckpt")
		for _, want := range []float32{1, 2} {
			v.Data()[0] = want
			ckpttest.Must(c.Write(ctx, prefix))
			ckpttest.Read(t, reader, prefix)
			require.Equal(t, want, ckpttest.Value(got))
		}
	})
}

// mirrored is one variable in the checkpoint and two tensors in the program.
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
		big := ckpttest.Vector(make([]float32, 30)...)
		c := ckpttest.New(t, ckpt.Group{"big": big})
		ckpttest.Must(c.Write(ctx, prefix, ckpt.MaxShardSize(48)))
		require.Len(t, ckpttest.FilesOf(t, prefix), 4)
		big.Data()[29] = 1
		ckpttest.Must(c.Write(ctx, prefix))
		require.Equal(t, []string{".data-00000-of-00001", ".index"}, ckpttest.SortedKeys(ckpttest.FilesOf(t, prefix)))
		got := ckpttest.Vector(make([]float32, 30)...)
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"big": got}), prefix).AssertConsumed())
		require.Equal(t, big, got)
	})
	t.Run("W-27 data files come first, then the index, then the state file", func(t *testing.T) {
		disk := errfs.New()
		ckpttest.Must(ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1), "s": tensor.Scalar("text")}, ckpttest.On(disk)).Save(ctx, "train/ckpt", ckpt.MaxShardSize(4)))
		var placed []string
		for _, op := range disk.Log() {
			if op.Kind == errfs.Rename {
				placed = append(placed, filepath.Base(op.To))
			}
		}
		require.Equal(t, []string{"ckpt-1.data-00000-of-00003", "ckpt-1.data-00001-of-00003", "ckpt-1.data-00002-of-00003", "ckpt-1.index", "checkpoint"}, placed)
		require.Equal(t, []string{"train/checkpoint", "train/ckpt-1.data-00000-of-00003", "train/ckpt-1.data-00001-of-00003", "train/ckpt-1.data-00002-of-00003", "train/ckpt-1.index"}, disk.Names())
	})
	t.Run("W-25 W-27 after a crash at any point, the state file names a complete checkpoint", func(t *testing.T) {
		crashes := ckpttest.EveryCrash(t, func(disk *errfs.FS) error {
			v := ckpttest.Scalar(0)
			c := ckpttest.New(t, ckpt.Group{"v": v}, ckpttest.On(disk))
			for n := range 2 {
				v.Data()[0] = float32(n + 1)
				if _, err := c.Save(ctx, "train/ckpt"); err != nil {
					return err
				}
			}
			return nil
		}, func(disk *errfs.FS, told error, what string) {
			v := ckpttest.Scalar(0)
			c := ckpttest.New(t, ckpt.Group{"v": v}, ckpttest.On(disk))
			latest, err := ckpt.Latest("train", ckpttest.On(disk))
			require.NoError(t, err, what)
			if latest == "" {
				require.Error(t, told, what)
				return
			}
			s, err := c.Restore(ctx, latest)
			require.NoError(t, err, what)
			require.NoError(t, s.AssertConsumed(), what)
			require.EqualValues(t, c.SaveCounter(), ckpttest.Value(v), what)
			require.True(t, told != nil || ckpttest.Value(v) == 2, what)
		})
		require.Greater(t, crashes, 20)
	})
	t.Run("W-26 after a crash while a checkpoint is overwritten, it is the old one, the new one or an error, but not a mixture", func(t *testing.T) {
		program := func(v float32) ckpt.Group {
			return ckpt.Group{"a": ckpttest.Scalar(v), "b": ckpttest.Vector(v, v), "s": tensor.Scalar(fmt.Sprint(v))}
		}
		seen := make(map[string]bool)
		ckpttest.EveryCrash(t, func(disk *errfs.FS) error {
			for _, v := range []float32{1, 2} {
				if _, err := ckpttest.New(t, program(v), ckpttest.On(disk)).Write(ctx, "ckpt"); err != nil {
					return err
				}
			}
			return nil
		}, func(disk *errfs.FS, told error, what string) {
			got := program(0)
			_, err := ckpttest.New(t, got, ckpttest.On(disk)).Read(ctx, "ckpt")
			switch {
			case told == nil:
				require.NoError(t, err, what)
				require.Equal(t, program(2), got, what)
			case err != nil:
				require.True(t, errors.Is(err, ckpt.ErrNotFound) || errors.Is(err, ckpt.ErrCorrupt), "%s: %v", what, err)
				seen["error"] = true
			case ckpttest.Value(got["a"].(ckpttest.Variable)) == 1:
				require.Equal(t, program(1), got, what)
				seen["old"] = true
			default:
				require.Equal(t, program(2), got, what)
				seen["new"] = true
			}
		})
		require.Equal(t, []string{"error", "new", "old"}, ckpttest.SortedKeys(seen))
	})
}
