package ckpt_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// countingUp returns a tensor that holds 0, 1, 2, …
func countingUp(shape ...int) *tensor.Tensor[float32] {
	t := tensor.New[float32](shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(i)
	}
	return t
}

func stateText(t *testing.T, dir string) string {
	t.Helper()
	return string(ckpttest.Must(os.ReadFile(filepath.Join(dir, "checkpoint"))))
}

// inThree has the variables of the graph of testdata's saver-v2: weights and slots in three parts.
type inThree struct {
	Weights *ckpt.Partitioned       `ckpt:"w,fullname=model/weights"`
	Bias    *tensor.Tensor[float32] `ckpt:"b,fullname=model/bias:0"`
	Step    int64                   `ckpt:"step,fullname=global_step"`
	Adam    struct {
		Powers [2]*tensor.Tensor[float32] `ckpt:"-"`
		Beta1  *tensor.Tensor[float32]    `ckpt:"beta1,fullname=beta1_power"`
		Beta2  *tensor.Tensor[float32]    `ckpt:"beta2,fullname=beta2_power"`
		BiasM  *tensor.Tensor[float32]    `ckpt:"bm,fullname=model/bias/Adam"`
		BiasV  *tensor.Tensor[float32]    `ckpt:"bv,fullname=model/bias/Adam_1"`
		M      *ckpt.Partitioned          `ckpt:"m,fullname=model/weights/Adam"`
		V      *ckpt.Partitioned          `ckpt:"v,fullname=model/weights/Adam_1"`
	}
}

func newInThree() *inThree {
	parts := func() *ckpt.Partitioned {
		return ckpt.Partition(0, tensor.New[float32](3, 2), tensor.New[float32](2, 2), tensor.New[float32](2, 2))
	}
	m := &inThree{Weights: parts(), Bias: tensor.New[float32](2)}
	m.Adam.Beta1, m.Adam.Beta2 = ckpttest.Scalar(0), ckpttest.Scalar(0)
	m.Adam.BiasM, m.Adam.BiasV, m.Adam.M, m.Adam.V = ckpttest.Vector(0, 0), ckpttest.Vector(0, 0), parts(), parts()
	return m
}

func TestSaverFiles(t *testing.T) {
	t.Run("N-10 N-19 tensors are sorted by name, slices are in their positions, and the files equal TensorFlow's", func(t *testing.T) {
		for _, name := range []string{"model.ckpt-3", "model.ckpt-4", "model.ckpt-5"} {
			theirs := filepath.Join("testdata", "golden", "saver-v2", name)
			m := newInThree()
			s := ckpttest.Saver(t, m)
			require.NoError(t, s.Restore(ctx, theirs))
			dir := t.TempDir()
			ours := ckpttest.Must(s.Save(ctx, filepath.Join(dir, "model.ckpt"), ckpt.GlobalStep(m.Step)))
			require.Equal(t, filepath.Join(dir, name), ours)
			require.Equal(t, ckpttest.FilesOf(t, theirs), ckpttest.FilesOf(t, ours))
		}
	})
	t.Run("N-10 only the files of the prefix and the state file are written, without an object graph", func(t *testing.T) {
		dir := t.TempDir()
		path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1, 2)}).Save(ctx, filepath.Join(dir, "model.ckpt")))
		require.Equal(t, ckpttest.FilesOf(t, ckpttest.Golden(t, "saver-v2-absolute").Path()), ckpttest.FilesOf(t, path))
		require.Len(t, ckpttest.Must(os.ReadDir(dir)), 3)
		_, err := ckpttest.Open(t, path).Graph()
		require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
	})
	t.Run("N-09 the keys are those of the map, not the names of the variables", func(t *testing.T) {
		m := &struct {
			W *tensor.Tensor[float32] `ckpt:"w,fullname=model/w"`
		}{ckpttest.Vector(1)}
		require.Equal(t, []string{"model/w"}, ckpttest.KeysOf(t, ckpttest.Must(ckpttest.Saver(t, m).Save(ctx, filepath.Join(t.TempDir(), "s")))))
		require.Equal(t, []string{"a/.b", "c:0"}, ckpttest.KeysOf(t, ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"a/.b": m.W, "c:0": ckpttest.Vector(1)}).Save(ctx, filepath.Join(t.TempDir(), "s")))))
	})
	t.Run("without a tag, a name consists of the edges from the root", func(t *testing.T) {
		path := ckpttest.Must(ckpttest.Saver(t, ckpt.Group{"net": ckpttest.NewNet(1)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Contains(t, ckpttest.KeysOf(t, path), "net/blocks/0/w")
		again := ckpttest.NewNet(0)
		require.NoError(t, ckpttest.Saver(t, ckpt.Group{"net": again}).Restore(ctx, path))
		require.Equal(t, ckpttest.NewNet(1), again)
	})
	t.Run("slot variables have their own names", func(t *testing.T) {
		w := ckpttest.Vector(1)
		o := &ckpttest.Momentum{}
		o.Names, o.Slots = []string{"momentum"}, map[string]map[any]*tensor.Tensor[float32]{"momentum": {w: ckpttest.Vector(2)}}
		root := ckpt.Group{"w": w, "o": o}
		require.Equal(t, []string{"w", "w/Momentum"}, ckpttest.KeysOf(t, ckpttest.Must(ckpttest.Saver(t, root).Save(ctx, filepath.Join(t.TempDir(), "s")))))
		require.Equal(t, []string{"w"}, ckpttest.KeysOf(t, ckpttest.Must(ckpttest.Saver(t, root, ckpt.SkipSlots()).Save(ctx, filepath.Join(t.TempDir(), "s")))))
	})
	t.Run("N-18 each task has its own data files; a restore needs only the prefix", func(t *testing.T) {
		a, b := ckpttest.Vector(1, 2), ckpttest.Vector(3)
		byTask := ckpt.ShardByTask(func(path string) string { return path })
		path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"a": a, "b": b}, byTask).Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Equal(t, []int64{8, 4}, shardSizes(t, path))
		got := ckpttest.Vector(0)
		require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"b": got}).Restore(ctx, path))
		require.EqualValues(t, 3, ckpttest.Value(got))
	})
	t.Run("N-18 shards of TensorFlow's first format", func(t *testing.T) {
		vars := ckpt.Vars{"v0": ckpttest.Vector(0, 0, 0), "v1": ckpttest.Vector(0, 0, 0)}
		require.NoError(t, ckpttest.Saver(t, vars).Restore(ctx, ckpttest.Golden(t, "saver-v1-two-shards").Path()))
		require.Equal(t, ckpt.Vars{"v0": ckpttest.Vector(0, 1, 2), "v1": ckpttest.Vector(1, 2, 3)}, vars)
	})
	t.Run("N-22 a file of TensorFlow's first format with a variable in parts", func(t *testing.T) {
		whole, left, right := tensor.New[float32](3, 5), tensor.New[float32](3, 1), tensor.New[float32](3, 4)
		path := ckpttest.Golden(t, "saver-v1").Path()
		require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"cut/table": whole}).Restore(ctx, path))
		require.Equal(t, countingUp(3, 5), whole)
		require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"cut/table": ckpt.Partition(1, left, right)}).Restore(ctx, path))
		require.Equal(t, []float32{0, 5, 10}, left.Data())
		require.Equal(t, []float32{1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14}, right.Data())
	})
}

func TestPartitionedVariables(t *testing.T) {
	cut := func(axis int, sizes ...int) *ckpt.Partitioned {
		p := ckpt.Partition(axis)
		for _, n := range sizes {
			shape := tensor.Shape{6, 4}
			shape[axis] = n
			p.Parts = append(p.Parts, tensor.New[float32](shape...))
		}
		return p
	}
	t.Run("N-19 saved in parts and restored whole, by rows or by columns", func(t *testing.T) {
		for name, saved := range map[string]any{"whole": tensor.New[float32](6, 4), "rows": cut(0, 1, 5), "columns": cut(1, 1, 1, 2)} {
			whole := filepath.Join(t.TempDir(), "whole")
			ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"v": countingUp(6, 4)}).Save(ctx, whole))
			require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"v": saved}).Restore(ctx, whole), name)
			inParts := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"v": saved}).Save(ctx, filepath.Join(t.TempDir(), "s")))
			require.Len(t, ckpttest.Must(ckpttest.Open(t, inParts).Lookup("v")).Slices, map[string]int{"rows": 2, "columns": 3}[name])
			for _, other := range []any{tensor.New[float32](6, 4), cut(0, 2, 2, 2), cut(1, 3, 1), cut(0, 6)} {
				require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"v": other}).Restore(ctx, inParts))
				again := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"v": other}).Save(ctx, filepath.Join(t.TempDir(), "s")))
				require.Equal(t, countingUp(6, 4), ckpttest.Must(ckpttest.Open(t, again).Tensor("v")))
			}
		}
	})
	t.Run("N-19 a variable cut in any way restores into any other cut", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			draw := func(name string) *ckpt.Partitioned {
				axis := rapid.IntRange(0, 1).Draw(t, name+" axis")
				var sizes []int
				for left := (tensor.Shape{6, 4})[axis]; left > 0; {
					n := rapid.IntRange(1, left).Draw(t, name+" part")
					sizes, left = append(sizes, n), left-n
				}
				return cut(axis, sizes...)
			}
			on := ckpttest.On(errfs.New())
			from, into := draw("from"), draw("into")
			next := float32(0)
			for _, p := range from.Parts {
				values, _ := tensor.As[float32](p.(tensor.Any))
				for i := range values.Data() {
					values.Data()[i] = next
					next++
				}
			}
			a, err := ckpt.NewSaver(ckpt.Vars{"v": from}, ckpt.MaxShardSize(int64(rapid.IntRange(16, 64).Draw(t, "bytes"))), on)
			require.NoError(t, err)
			first, err := a.Save(ctx, "first")
			require.NoError(t, err)
			b, err := ckpt.NewSaver(ckpt.Vars{"v": into}, on)
			require.NoError(t, err)
			require.NoError(t, b.Restore(ctx, first))
			second, err := b.Save(ctx, "second")
			require.NoError(t, err)
			require.Equal(t, ckpttest.Must(ckpttest.Must(ckpt.Open(first, on)).Tensor("v")), ckpttest.Must(ckpttest.Must(ckpt.Open(second, on)).Tensor("v")))
		})
	})
	t.Run("variables with one name are parts if Parts describes them", func(t *testing.T) {
		type halves struct {
			A *tensor.Tensor[float32] `ckpt:"a,fullname=v"`
			B *tensor.Tensor[float32] `ckpt:"b,fullname=v"`
		}
		parts := ckpt.Parts(func(path string, _ tensor.Shape) (tensor.Shape, tensor.Slice) {
			start := map[string]int{"a": 2, "b": 0}[path]
			return tensor.Shape{4}, tensor.Slice{{Start: start, Length: 2}}
		})
		path := ckpttest.Must(ckpttest.Saver(t, &halves{ckpttest.Vector(3, 4), ckpttest.Vector(1, 2)}, parts).Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Equal(t, ckpttest.Vector(1, 2, 3, 4), ckpttest.Must(ckpttest.Open(t, path).Tensor("v")))
		got := &halves{ckpttest.Vector(0, 0), ckpttest.Vector(0, 0)}
		require.NoError(t, ckpttest.Saver(t, got, parts).Restore(ctx, path))
		require.Equal(t, &halves{ckpttest.Vector(3, 4), ckpttest.Vector(1, 2)}, got)
	})
	t.Run("N-19 a part is restored if the file has only this part of the variable", func(t *testing.T) {
		region := func(start int) ckpt.RegionOption {
			return ckpt.Parts(func(string, tensor.Shape) (tensor.Shape, tensor.Slice) {
				return tensor.Shape{4}, tensor.Slice{{Start: start, Length: 2}}
			})
		}
		path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(3, 4)}, region(2)).Save(ctx, filepath.Join(t.TempDir(), "s")))
		got := ckpttest.Vector(0, 0)
		require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"v": got}, region(2)).Restore(ctx, path))
		require.Equal(t, ckpttest.Vector(3, 4), got)
		require.Equal(t, ckpttest.Vector(4), ckpttest.Must(ckpttest.Open(t, path).Slice(ctx, "v", tensor.Slice{{Start: 3, Length: 1}})))
		for _, other := range []int{0, 1} {
			got := ckpttest.Vector(7, 7)
			require.ErrorContains(t, ckpttest.Saver(t, ckpt.Vars{"v": got}, region(other)).Restore(ctx, path), "stored parts have")
			require.Equal(t, ckpttest.Vector(7, 7), got)
		}
	})
	for name, c := range map[string]struct {
		parts *ckpt.Partitioned
		want  string
	}{
		"no parts":                {ckpt.Partition(0), "no parts"},
		"a part without a shape":  {ckpt.Partition(0, new(tensor.Tensor[float32])), "not a variable with a shape"},
		"a missing axis":          {ckpt.Partition(2, ckpttest.Vector(1)), "no axis 2"},
		"parts that do not fit":   {ckpt.Partition(0, tensor.New[float32](2, 3), tensor.New[float32](2, 4)), "does not continue the others"},
		"parts of different rank": {ckpt.Partition(0, tensor.New[float32](2, 3), ckpttest.Vector(1)), "does not continue the others"},
		"an object":               {ckpt.Partition(0, ckpttest.NewNet(1)), "not a variable with a shape"},
		"a part twice":            {ckpt.Partition(0, sharedPart, sharedPart), "more than one part"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ckpt.NewSaver(ckpt.Vars{"v": c.parts})
			require.ErrorContains(t, err, c.want)
		})
	}
}

var sharedPart = ckpttest.Vector(1)

func TestSaverNames(t *testing.T) {
	type twins struct {
		A *tensor.Tensor[float32] `ckpt:"a,fullname=v"`
		B *tensor.Tensor[float32] `ckpt:"b,fullname=v"`
	}
	v := ckpttest.Vector(1)
	for name, c := range map[string]struct {
		root any
		opts []ckpt.SaverOption
		want string
	}{
		"N-11 one variable with two names": {ckpt.Vars{"x": v, "y": v}, nil, `the same variable is called both "x" and "y"`},
		"N-11 two variables with one name": {&twins{ckpttest.Vector(1), ckpttest.Vector(2)}, nil, `at least two variables have the same name: "v" (A and B)`},
		"N-11 an object is not a variable": {ckpt.Vars{"x": ckpttest.NewNet(1)}, nil, "is not a variable"},
		"N-11 a number is not a variable":  {ckpt.Vars{"x": 1}, nil, "not trackable"},
		"N-14 no variables":                {ckpt.Vars{}, nil, "no variables to save"},
		"a negative number to keep":        {ckpt.Vars{"x": v}, []ckpt.SaverOption{ckpt.KeepLast(-1)}, "KeepLast(-1)"},
		"a duration of zero":               {ckpt.Vars{"x": v}, []ckpt.SaverOption{ckpt.KeepEvery(0)}, "KeepEvery"},
		"a state file elsewhere":           {ckpt.Vars{"x": v}, []ckpt.SaverOption{ckpt.StateFile("a/b")}, "expected a file name, not a path"},
		"parts that overlap": {&twins{ckpttest.Vector(1, 2), ckpttest.Vector(2, 3)}, []ckpt.SaverOption{ckpt.Parts(func(string, tensor.Shape) (tensor.Shape, tensor.Slice) {
			return tensor.Shape{3}, tensor.Slice{{Start: 0, Length: 2}}
		})}, "two parts overlap"},
		"a part beyond the whole": {&twins{ckpttest.Vector(1, 2), ckpttest.Vector(2, 3)}, []ckpt.SaverOption{ckpt.Parts(func(string, tensor.Shape) (tensor.Shape, tensor.Slice) {
			return tensor.Shape{3}, tensor.Slice{{Start: 2, Length: 2}}
		})}, `"v" (B)`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ckpt.NewSaver(c.root, c.opts...)
			require.ErrorContains(t, err, c.want)
		})
	}
	t.Run("N-14 with AllowEmpty nothing is written and the path is empty", func(t *testing.T) {
		dir := t.TempDir()
		s := ckpttest.Saver(t, ckpt.Vars{}, ckpt.AllowEmpty())
		require.Empty(t, ckpttest.Must(s.Save(ctx, filepath.Join(dir, "s"))))
		require.Empty(t, ckpttest.Must(os.ReadDir(dir)))
		require.NoError(t, s.Restore(ctx, filepath.Join(dir, "s")))
	})
	t.Run("a variable without values is an error, unless it is optional", func(t *testing.T) {
		m := new(struct {
			A *tensor.Tensor[float32]
			B tensor.Tensor[float32] `ckpt:"b,optional"`
		})
		m.A = new(tensor.Tensor[float32])
		s := ckpttest.Saver(t, m)
		_, err := s.Save(ctx, filepath.Join(t.TempDir(), "s"))
		require.ErrorContains(t, err, "uninitialized value a (A)")
		m.A = ckpttest.Vector(1)
		path := ckpttest.Must(s.Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Equal(t, []string{"a"}, ckpttest.KeysOf(t, path))
		require.NoError(t, s.Restore(ctx, path))
	})
}

func TestSaverPaths(t *testing.T) {
	s := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)})
	t.Run("N-12 the step is appended, padded to eight digits if requested", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "model")
		require.Equal(t, prefix+"-7", ckpttest.Must(s.Save(ctx, prefix, ckpt.GlobalStep(7))))
		require.Equal(t, prefix+"-00000007", ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, ckpt.PadStep()).Save(ctx, prefix, ckpt.GlobalStep(7))))
		require.Equal(t, prefix, ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, ckpt.PadStep()).Save(ctx, prefix)))
	})
	t.Run("N-13 a prefix with the state file's name is rejected, but not with a step", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "checkpoint")
		_, err := s.Save(ctx, prefix)
		require.ErrorContains(t, err, "conflicts with path used for checkpoint state")
		require.NoFileExists(t, prefix+".index")
		path := ckpttest.Must(s.Save(ctx, prefix, ckpt.GlobalStep(1)))
		require.Equal(t, path, ckpttest.Must(ckpt.Latest(filepath.Dir(prefix))))
	})
	t.Run("N-20 an absolute prefix is recorded unchanged, unless relative paths are requested", func(t *testing.T) {
		dir := t.TempDir()
		ckpttest.Must(s.Save(ctx, filepath.Join(dir, "model"), ckpt.GlobalStep(1)))
		require.Equal(t, "model_checkpoint_path: \""+dir+"/model-1\"\nall_model_checkpoint_paths: \""+dir+"/model-1\"\n", stateText(t, dir))
		relative := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, ckpt.RelativePaths(), ckpt.KeepLast(5))
		ckpttest.Must(relative.Save(ctx, filepath.Join(dir, "model"), ckpt.GlobalStep(2)))
		ckpttest.Must(relative.Save(ctx, filepath.Join(dir, "model"), ckpt.GlobalStep(3)))
		require.Equal(t, "model_checkpoint_path: \"model-3\"\nall_model_checkpoint_paths: \"model-2\"\nall_model_checkpoint_paths: \"model-3\"\n", stateText(t, dir))
	})
	t.Run("N-20 a relative prefix is recorded relative to the state file", func(t *testing.T) {
		dir := t.TempDir()
		t.Chdir(dir)
		keeping := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, ckpt.KeepLast(3))
		for step := range int64(3) {
			ckpttest.Must(keeping.Save(ctx, "model.ckpt", ckpt.GlobalStep(step+3)))
		}
		theirs := "model_checkpoint_path: \"model.ckpt-5\"\nall_model_checkpoint_paths: \"model.ckpt-3\"\nall_model_checkpoint_paths: \"model.ckpt-4\"\nall_model_checkpoint_paths: \"model.ckpt-5\"\n"
		require.Equal(t, theirs, stateText(t, dir), "as in testdata/golden/saver-v2")
		ckpttest.Must(keeping.Save(ctx, filepath.Join("sub", "m")))
		require.Contains(t, stateText(t, "sub"), "model_checkpoint_path: \"m\"\n")
	})
	t.Run("without a state file the checkpoint is not recorded", func(t *testing.T) {
		dir := t.TempDir()
		ckpttest.Must(s.Save(ctx, filepath.Join(dir, "model"), ckpt.NoStateFile()))
		require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
		ckpttest.Must(s.Save(ctx, filepath.Join(dir, "model"), ckpt.StateFile("latest")))
		require.FileExists(t, filepath.Join(dir, "latest"))
	})
}

func TestSaverKeeps(t *testing.T) {
	there := func(t *testing.T, dir string) (names []string) {
		for _, e := range ckpttest.Must(os.ReadDir(dir)) {
			if name, ok := strings.CutSuffix(e.Name(), ".index"); ok {
				names = append(names, name)
			}
		}
		return names
	}
	t.Run("N-15 two of three are kept, and all files of the first are deleted; saving a name again moves it to the end", func(t *testing.T) {
		dir := t.TempDir()
		s := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, ckpt.KeepLast(2))
		for _, name := range []string{"s1", "s2", "s3"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+".meta"), nil, 0o600))
			ckpttest.Must(s.Save(ctx, filepath.Join(dir, name)))
		}
		require.Equal(t, []string{"s2", "s3"}, there(t, dir))
		left := ckpttest.Must(filepath.Glob(filepath.Join(dir, "s1*")))
		require.Empty(t, left)
		require.Equal(t, []string{filepath.Join(dir, "s2"), filepath.Join(dir, "s3")}, s.Checkpoints())
		ckpttest.Must(s.Save(ctx, filepath.Join(dir, "s2")))
		require.Equal(t, []string{filepath.Join(dir, "s3"), filepath.Join(dir, "s2")}, s.Checkpoints())
		require.Equal(t, []string{"s2", "s3"}, there(t, dir))
	})
	for name, opts := range map[string][]ckpt.SaverOption{"without a limit": nil, "with a limit of 0": {ckpt.KeepLast(0)}} {
		t.Run("N-16 "+name+" nothing is deleted, and only the latest is listed", func(t *testing.T) {
			dir := t.TempDir()
			s := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, append(opts, ckpt.RelativePaths())...)
			for step := range int64(7) {
				ckpttest.Must(s.Save(ctx, filepath.Join(dir, "m"), ckpt.GlobalStep(step)))
			}
			require.Len(t, there(t, dir), 7)
			require.Empty(t, s.Checkpoints())
			require.Equal(t, "model_checkpoint_path: \"m-6\"\nall_model_checkpoint_paths: \"m-6\"\n", stateText(t, dir))
		})
	}
	t.Run("N-17 a checkpoint that is old enough is kept, but no longer listed", func(t *testing.T) {
		dir := t.TempDir()
		s := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, ckpt.KeepLast(2), ckpt.KeepEvery(time.Hour))
		save := func(step int64) { ckpttest.Must(s.Save(ctx, filepath.Join(dir, "m"), ckpt.GlobalStep(step))) }
		save(1)
		save(2)
		older := []string{filepath.Join(dir, "m-1"), filepath.Join(dir, "m-2")}
		for i, path := range older { // more than an hour after the Saver was made
			later := time.Now().Add(time.Hour + time.Duration(i+1)*time.Minute)
			require.NoError(t, os.Chtimes(path+".index", later, later))
		}
		s.Recover(older...)
		save(3) // 1 is kept: the next one is due two hours later
		save(4) // 2 is too young
		require.Equal(t, []string{"m-1", "m-3", "m-4"}, there(t, dir))
		require.Equal(t, []string{filepath.Join(dir, "m-3"), filepath.Join(dir, "m-4")}, s.Checkpoints())
	})
	t.Run("another program's checkpoints are deleted only after they were recovered", func(t *testing.T) {
		dir := t.TempDir()
		opts := []ckpt.SaverOption{ckpt.KeepLast(1)}
		first := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, opts...)
		old := ckpttest.Must(first.Save(ctx, filepath.Join(dir, "old")))
		second := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, opts...)
		ckpttest.Must(second.Save(ctx, filepath.Join(dir, "new")))
		require.Equal(t, []string{"new", "old"}, there(t, dir))
		second.Recover(filepath.Join(dir, "gone"), old, filepath.Join(dir, "new"))
		ckpttest.Must(second.Save(ctx, filepath.Join(dir, "newest")))
		require.Equal(t, []string{"newest"}, there(t, dir))
	})
	t.Run("a failed deletion is not an error, and the next save tries again", func(t *testing.T) {
		dir := t.TempDir()
		logger, lines := ckpttest.Logged()
		s := ckpttest.Saver(t, ckpt.Vars{"v": ckpttest.Vector(1)}, ckpt.KeepLast(1), ckpt.WithLogger(logger))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "a.meta", "full"), 0o700))
		ckpttest.Must(s.Save(ctx, filepath.Join(dir, "a")))
		ckpttest.Must(s.Save(ctx, filepath.Join(dir, "b")))
		require.Contains(t, lines()[0], "could not be deleted")
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "a.meta", "full")))
		ckpttest.Must(s.Save(ctx, filepath.Join(dir, "c")))
		require.NoDirExists(t, filepath.Join(dir, "a.meta"))
		require.Equal(t, []string{filepath.Join(dir, "c")}, s.Checkpoints())
	})
}

func TestSaverRestore(t *testing.T) {
	path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"a": ckpttest.Vector(1), "c": ckpttest.Vector(2)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
	t.Run("N-08 a missing name, and nothing changes", func(t *testing.T) {
		a := ckpttest.Vector(0)
		err := ckpttest.Saver(t, ckpt.Vars{"a": a, "b": ckpttest.Vector(0)}).Restore(ctx, path)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, "Key b not found in checkpoint")
		require.ErrorContains(t, err, path)
		require.Zero(t, ckpttest.Value(a))
	})
	t.Run("N-08 a missing file", func(t *testing.T) {
		err := ckpttest.Saver(t, ckpt.Vars{"a": ckpttest.Vector(0)}).Restore(ctx, path+"-gone")
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "The passed save_path is not a valid checkpoint")
	})
	t.Run("N-05 other contents of the file are ignored", func(t *testing.T) {
		a := ckpttest.Vector(0)
		require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"a": a}).Restore(ctx, path))
		require.EqualValues(t, 1, ckpttest.Value(a))
	})
	t.Run("another shape or dtype, and nothing changes", func(t *testing.T) {
		a := ckpttest.Vector(0)
		for _, c := range []any{ckpttest.Vector(0, 0), tensor.New[int32](1)} {
			require.ErrorIs(t, ckpttest.Saver(t, ckpt.Vars{"a": a, "c": c}).Restore(ctx, path), ckpt.ErrMismatch)
			require.Zero(t, ckpttest.Value(a))
		}
	})
	type layer struct {
		W *tensor.Tensor[float32] `ckpt:"w,fullname=dense/kernel"`
	}
	t.Run("N-07 an object-based checkpoint is read by the names in its graph, with a warning", func(t *testing.T) {
		objects := ckpttest.Written(t, ckpt.Group{"anything": &layer{ckpttest.Vector(7)}})
		logger, lines := ckpttest.Logged()
		got := ckpttest.Vector(0)
		require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"dense/kernel": got}, ckpt.WithLogger(logger)).Restore(ctx, objects))
		require.EqualValues(t, 7, ckpttest.Value(got))
		require.Contains(t, lines()[0], "Restoring an object-based checkpoint using a name-based saver")
		err := ckpttest.Saver(t, ckpt.Vars{"dense/kernel": got, "dense/bias": ckpttest.Vector(0)}, ckpt.WithLogger(logger)).Restore(ctx, objects)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, "Could not find some variables in the checkpoint: dense/bias")
	})
	t.Run("N-07 without a graph's names, the keys are used, and a name of two variables is rejected", func(t *testing.T) {
		objects := ckpttest.Written(t, ckpt.Group{"a": &layer{ckpttest.Vector(7)}, "b": &layer{ckpttest.Vector(8)}})
		logger, lines := ckpttest.Logged()
		got := ckpttest.Vector(0)
		require.NoError(t, ckpttest.Saver(t, ckpt.Vars{"b/w/.ATTRIBUTES/VARIABLE_VALUE": got}, ckpt.WithLogger(logger)).Restore(ctx, objects))
		require.EqualValues(t, 8, ckpttest.Value(got))
		require.Empty(t, lines())
		err := ckpttest.Saver(t, ckpt.Vars{"dense/kernel": got}, ckpt.WithLogger(logger)).Restore(ctx, objects)
		require.ErrorContains(t, err, `2 variables of the object graph have the name "dense/kernel"`)
	})
	t.Run("N-01 N-02 N-06 a Saver's checkpoint is restored into objects by name, also into those attached later", func(t *testing.T) {
		path := ckpttest.Must(ckpttest.Saver(t, ckpt.Vars{"dense/kernel": ckpttest.Vector(7), "late/w": ckpttest.Vector(8)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
		logger, lines := ckpttest.Logged()
		m := &layer{ckpttest.Vector(0)}
		c := ckpttest.New(t, ckpt.Group{"m": m}, ckpt.WithLogger(logger))
		status := ckpttest.Read(t, c, path)
		require.EqualValues(t, 7, ckpttest.Value(m.W))
		require.Contains(t, lines()[0], "Restoring a name-based")
		require.NoError(t, c.Track("late", &ckpttest.Block{W: *ckpttest.Vector(0)}))
		require.NoError(t, status.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))
		require.NoError(t, c.Track("none", ckpttest.Vector(0)))
		for _, err := range []error{status.AssertConsumed(), status.AssertExistingObjectsMatched(), status.AssertNontrivialMatch()} {
			require.ErrorContains(t, err, "Some objects had attributes which were not restored")
		}
	})
}

func ExampleSaver() {
	dir, err := os.MkdirTemp("", "saver")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	weights := tensor.New[float32](3)
	saver, err := ckpt.NewSaver(ckpt.Vars{"model/weights": weights}, ckpt.KeepLast(3))
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(weights.Data(), []float32{1, 2, 3})
	path, err := saver.Save(ctx, filepath.Join(dir, "model.ckpt"), ckpt.GlobalStep(200))
	if err != nil {
		fmt.Println(err)
		return
	}
	clear(weights.Data())
	fmt.Println(filepath.Base(path), saver.Restore(ctx, path), weights.Data())
	// Output: model.ckpt-200 <nil> [1 2 3]
}
