package ckpt

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

	"github.com/gockpt/ckpt/tensor"
)

func mustSaver(t *testing.T, root any, opts ...SaverOption) *Saver {
	t.Helper()
	s, err := NewSaver(root, opts...)
	require.NoError(t, err)
	return s
}

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
	return string(must(os.ReadFile(filepath.Join(dir, "checkpoint"))))
}

// inThree are variables as the graph of testdata's saver-v2 has them: the weights and their slots in three parts.
type inThree struct {
	Weights *Partitioned            `ckpt:"w,fullname=model/weights"`
	Bias    *tensor.Tensor[float32] `ckpt:"b,fullname=model/bias:0"`
	Step    int64                   `ckpt:"step,fullname=global_step"`
	Adam    struct {
		Powers [2]*tensor.Tensor[float32] `ckpt:"-"`
		Beta1  *tensor.Tensor[float32]    `ckpt:"beta1,fullname=beta1_power"`
		Beta2  *tensor.Tensor[float32]    `ckpt:"beta2,fullname=beta2_power"`
		BiasM  *tensor.Tensor[float32]    `ckpt:"bm,fullname=model/bias/Adam"`
		BiasV  *tensor.Tensor[float32]    `ckpt:"bv,fullname=model/bias/Adam_1"`
		M      *Partitioned               `ckpt:"m,fullname=model/weights/Adam"`
		V      *Partitioned               `ckpt:"v,fullname=model/weights/Adam_1"`
	}
}

func newInThree() *inThree {
	parts := func() *Partitioned {
		return Partition(0, tensor.New[float32](3, 2), tensor.New[float32](2, 2), tensor.New[float32](2, 2))
	}
	m := &inThree{Weights: parts(), Bias: tensor.New[float32](2)}
	m.Adam.Beta1, m.Adam.Beta2 = scalar(0), scalar(0)
	m.Adam.BiasM, m.Adam.BiasV, m.Adam.M, m.Adam.V = f32(0, 0), f32(0, 0), parts(), parts()
	return m
}

func TestSaverFiles(t *testing.T) {
	t.Run("N-10 N-19 tensors are sorted by name, slices in their place, and the files are TensorFlow's", func(t *testing.T) {
		for _, name := range []string{"model.ckpt-3", "model.ckpt-4", "model.ckpt-5"} {
			theirs := filepath.Join("testdata", "golden", "saver-v2", name)
			m := newInThree()
			s := mustSaver(t, m)
			require.NoError(t, s.Restore(ctx, theirs))
			dir := t.TempDir()
			ours := must(s.Save(ctx, filepath.Join(dir, "model.ckpt"), GlobalStep(m.Step)))
			require.Equal(t, filepath.Join(dir, name), ours)
			require.Equal(t, filesOf(t, theirs), filesOf(t, ours))
		}
	})
	t.Run("N-10 nothing is written but the files under the prefix and the state file, and there is no object graph", func(t *testing.T) {
		dir := t.TempDir()
		path := must(mustSaver(t, Vars{"v": f32(1, 2)}).Save(ctx, filepath.Join(dir, "model.ckpt")))
		require.Equal(t, filesOf(t, golden(t, "saver-v2-absolute").path()), filesOf(t, path))
		require.Len(t, must(os.ReadDir(dir)), 3)
		_, err := opened(t, path).Graph()
		require.ErrorIs(t, err, ErrNoObjectGraph)
	})
	t.Run("N-09 the keys are the map's, not the variables' names", func(t *testing.T) {
		m := &struct {
			W *tensor.Tensor[float32] `ckpt:"w,fullname=model/w"`
		}{f32(1)}
		require.Equal(t, []string{"model/w"}, keysOf(t, must(mustSaver(t, m).Save(ctx, filepath.Join(t.TempDir(), "s")))))
		require.Equal(t, []string{"a/.b", "c:0"}, keysOf(t, must(mustSaver(t, Vars{"a/.b": m.W, "c:0": f32(1)}).Save(ctx, filepath.Join(t.TempDir(), "s")))))
	})
	t.Run("without a tag a name is the edges from the root", func(t *testing.T) {
		path := must(mustSaver(t, Group{"net": newNet(1)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Contains(t, keysOf(t, path), "net/blocks/0/w")
		again := newNet(0)
		require.NoError(t, mustSaver(t, Group{"net": again}).Restore(ctx, path))
		require.Equal(t, newNet(1), again)
	})
	t.Run("slot variables go by their own names", func(t *testing.T) {
		w := f32(1)
		o := &momentum{}
		o.names, o.slots = []string{"momentum"}, map[string]map[any]*tensor.Tensor[float32]{"momentum": {w: f32(2)}}
		root := Group{"w": w, "o": o}
		require.Equal(t, []string{"w", "w/Momentum"}, keysOf(t, must(mustSaver(t, root).Save(ctx, filepath.Join(t.TempDir(), "s")))))
		require.Equal(t, []string{"w"}, keysOf(t, must(mustSaver(t, root, SkipSlots()).Save(ctx, filepath.Join(t.TempDir(), "s")))))
	})
	t.Run("N-18 in data files of their own per task; a restore needs only the prefix", func(t *testing.T) {
		a, b := f32(1, 2), f32(3)
		byTask := ShardByTask(func(path string) string { return path })
		path := must(mustSaver(t, Vars{"a": a, "b": b}, byTask).Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Equal(t, []int64{8, 4}, shardSizes(t, path))
		got := f32(0)
		require.NoError(t, mustSaver(t, Vars{"b": got}).Restore(ctx, path))
		require.EqualValues(t, 3, value0(got))
	})
	t.Run("N-18 shards of TensorFlow's first format", func(t *testing.T) {
		vars := Vars{"v0": f32(0, 0, 0), "v1": f32(0, 0, 0)}
		require.NoError(t, mustSaver(t, vars).Restore(ctx, golden(t, "saver-v1-two-shards").path()))
		require.Equal(t, Vars{"v0": f32(0, 1, 2), "v1": f32(1, 2, 3)}, vars)
	})
	t.Run("N-22 a file of TensorFlow's first format, one variable of it in parts", func(t *testing.T) {
		whole, left, right := tensor.New[float32](3, 5), tensor.New[float32](3, 1), tensor.New[float32](3, 4)
		path := golden(t, "saver-v1").path()
		require.NoError(t, mustSaver(t, Vars{"cut/table": whole}).Restore(ctx, path))
		require.Equal(t, countingUp(3, 5), whole)
		require.NoError(t, mustSaver(t, Vars{"cut/table": Partition(1, left, right)}).Restore(ctx, path))
		require.Equal(t, []float32{0, 5, 10}, left.Data())
		require.Equal(t, []float32{1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14}, right.Data())
	})
}

func TestPartitionedVariables(t *testing.T) {
	cut := func(axis int, sizes ...int) *Partitioned {
		p := Partition(axis)
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
			must(mustSaver(t, Vars{"v": countingUp(6, 4)}).Save(ctx, whole))
			require.NoError(t, mustSaver(t, Vars{"v": saved}).Restore(ctx, whole), name)
			inParts := must(mustSaver(t, Vars{"v": saved}).Save(ctx, filepath.Join(t.TempDir(), "s")))
			require.Len(t, must(opened(t, inParts).Lookup("v")).Slices, map[string]int{"rows": 2, "columns": 3}[name])
			for _, other := range []any{tensor.New[float32](6, 4), cut(0, 2, 2, 2), cut(1, 3, 1), cut(0, 6)} {
				require.NoError(t, mustSaver(t, Vars{"v": other}).Restore(ctx, inParts))
				again := must(mustSaver(t, Vars{"v": other}).Save(ctx, filepath.Join(t.TempDir(), "s")))
				require.Equal(t, countingUp(6, 4), must(opened(t, again).Tensor("v")))
			}
		}
	})
	t.Run("N-19 any cut of a variable restores into any other", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			draw := func(name string) *Partitioned {
				axis := rapid.IntRange(0, 1).Draw(t, name+" axis")
				var sizes []int
				for left := (tensor.Shape{6, 4})[axis]; left > 0; {
					n := rapid.IntRange(1, left).Draw(t, name+" part")
					sizes, left = append(sizes, n), left-n
				}
				return cut(axis, sizes...)
			}
			dir, err := os.MkdirTemp("", "saver")
			require.NoError(t, err)
			defer os.RemoveAll(dir)
			from, into := draw("from"), draw("into")
			next := float32(0)
			for _, p := range from.Parts {
				values, _ := tensor.As[float32](p.(tensor.Any))
				for i := range values.Data() {
					values.Data()[i] = next
					next++
				}
			}
			a, err := NewSaver(Vars{"v": from}, MaxShardSize(int64(rapid.IntRange(16, 64).Draw(t, "bytes"))))
			require.NoError(t, err)
			first, err := a.Save(ctx, filepath.Join(dir, "first"))
			require.NoError(t, err)
			b, err := NewSaver(Vars{"v": into})
			require.NoError(t, err)
			require.NoError(t, b.Restore(ctx, first))
			second, err := b.Save(ctx, filepath.Join(dir, "second"))
			require.NoError(t, err)
			require.Equal(t, must(must(Open(first)).Tensor("v")), must(must(Open(second)).Tensor("v")))
		})
	})
	t.Run("variables of one name are parts where Parts says which", func(t *testing.T) {
		type halves struct {
			A *tensor.Tensor[float32] `ckpt:"a,fullname=v"`
			B *tensor.Tensor[float32] `ckpt:"b,fullname=v"`
		}
		parts := Parts(func(path string, _ tensor.Shape) (tensor.Shape, tensor.Slice) {
			start := map[string]int{"a": 2, "b": 0}[path]
			return tensor.Shape{4}, tensor.Slice{{Start: start, Length: 2}}
		})
		path := must(mustSaver(t, &halves{f32(3, 4), f32(1, 2)}, parts).Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Equal(t, f32(1, 2, 3, 4), must(opened(t, path).Tensor("v")))
		got := &halves{f32(0, 0), f32(0, 0)}
		require.NoError(t, mustSaver(t, got, parts).Restore(ctx, path))
		require.Equal(t, &halves{f32(3, 4), f32(1, 2)}, got)
	})
	t.Run("N-19 a part is restored where the file has no more of the variable", func(t *testing.T) {
		region := func(start int) RegionOption {
			return Parts(func(string, tensor.Shape) (tensor.Shape, tensor.Slice) {
				return tensor.Shape{4}, tensor.Slice{{Start: start, Length: 2}}
			})
		}
		path := must(mustSaver(t, Vars{"v": f32(3, 4)}, region(2)).Save(ctx, filepath.Join(t.TempDir(), "s")))
		got := f32(0, 0)
		require.NoError(t, mustSaver(t, Vars{"v": got}, region(2)).Restore(ctx, path))
		require.Equal(t, f32(3, 4), got)
		require.Equal(t, f32(4), must(opened(t, path).Slice(ctx, "v", tensor.Slice{{Start: 3, Length: 1}})))
		for _, other := range []int{0, 1} {
			got := f32(7, 7)
			require.ErrorContains(t, mustSaver(t, Vars{"v": got}, region(other)).Restore(ctx, path), "stored parts have")
			require.Equal(t, f32(7, 7), got)
		}
	})
	for name, c := range map[string]struct {
		parts *Partitioned
		want  string
	}{
		"no parts":                {Partition(0), "no parts"},
		"a part without a shape":  {Partition(0, new(tensor.Tensor[float32])), "not a variable with a shape"},
		"no such axis":            {Partition(2, f32(1)), "no axis 2"},
		"parts that do not fit":   {Partition(0, tensor.New[float32](2, 3), tensor.New[float32](2, 4)), "does not continue the others"},
		"parts of different rank": {Partition(0, tensor.New[float32](2, 3), f32(1)), "does not continue the others"},
		"an object":               {Partition(0, newNet(1)), "not a variable with a shape"},
		"a part twice":            {Partition(0, sharedPart, sharedPart), "more than one part"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSaver(Vars{"v": c.parts})
			require.ErrorContains(t, err, c.want)
		})
	}
}

var sharedPart = f32(1)

func TestSaverNames(t *testing.T) {
	type twins struct {
		A *tensor.Tensor[float32] `ckpt:"a,fullname=v"`
		B *tensor.Tensor[float32] `ckpt:"b,fullname=v"`
	}
	v := f32(1)
	for name, c := range map[string]struct {
		root any
		opts []SaverOption
		want string
	}{
		"N-11 one variable under two names": {Vars{"x": v, "y": v}, nil, `the same variable is called both "x" and "y"`},
		"N-11 two variables under one name": {&twins{f32(1), f32(2)}, nil, `at least two variables have the same name: "v" (A and B)`},
		"N-11 an object is no variable":     {Vars{"x": newNet(1)}, nil, "is not a variable"},
		"N-11 a number is no variable":      {Vars{"x": 1}, nil, "not trackable"},
		"N-14 there are none":               {Vars{}, nil, "no variables to save"},
		"a negative number to keep":         {Vars{"x": v}, []SaverOption{KeepLast(-1)}, "KeepLast(-1)"},
		"a duration of nothing":             {Vars{"x": v}, []SaverOption{KeepEvery(0)}, "KeepEvery"},
		"a state file elsewhere":            {Vars{"x": v}, []SaverOption{StateFile("a/b")}, "must not contain path components"},
		"parts that overlap": {&twins{f32(1, 2), f32(2, 3)}, []SaverOption{Parts(func(string, tensor.Shape) (tensor.Shape, tensor.Slice) {
			return tensor.Shape{3}, tensor.Slice{{Start: 0, Length: 2}}
		})}, "two of its parts overlap"},
		"a part that leaves the whole": {&twins{f32(1, 2), f32(2, 3)}, []SaverOption{Parts(func(string, tensor.Shape) (tensor.Shape, tensor.Slice) {
			return tensor.Shape{3}, tensor.Slice{{Start: 2, Length: 2}}
		})}, `"v" (B)`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSaver(c.root, c.opts...)
			require.ErrorContains(t, err, c.want)
		})
	}
	t.Run("N-14 with AllowEmpty nothing is written and nothing returned", func(t *testing.T) {
		dir := t.TempDir()
		s := mustSaver(t, Vars{}, AllowEmpty())
		require.Empty(t, must(s.Save(ctx, filepath.Join(dir, "s"))))
		require.Empty(t, must(os.ReadDir(dir)))
		require.NoError(t, s.Restore(ctx, filepath.Join(dir, "s")))
	})
	t.Run("a variable without values is an error, unless it is optional", func(t *testing.T) {
		m := new(struct {
			A *tensor.Tensor[float32]
			B tensor.Tensor[float32] `ckpt:"b,optional"`
		})
		m.A = new(tensor.Tensor[float32])
		s := mustSaver(t, m)
		_, err := s.Save(ctx, filepath.Join(t.TempDir(), "s"))
		require.ErrorContains(t, err, "uninitialized value a (A)")
		m.A = f32(1)
		path := must(s.Save(ctx, filepath.Join(t.TempDir(), "s")))
		require.Equal(t, []string{"a"}, keysOf(t, path))
		require.NoError(t, s.Restore(ctx, path))
	})
}

func TestSaverPaths(t *testing.T) {
	s := mustSaver(t, Vars{"v": f32(1)})
	t.Run("N-12 the step is appended, padded to eight digits where that is asked for", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "model")
		require.Equal(t, prefix+"-7", must(s.Save(ctx, prefix, GlobalStep(7))))
		require.Equal(t, prefix+"-00000007", must(mustSaver(t, Vars{"v": f32(1)}, PadStep()).Save(ctx, prefix, GlobalStep(7))))
		require.Equal(t, prefix, must(mustSaver(t, Vars{"v": f32(1)}, PadStep()).Save(ctx, prefix)))
	})
	t.Run("N-13 a prefix that is the state file's name is refused, with a step it is not", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "checkpoint")
		_, err := s.Save(ctx, prefix)
		require.ErrorContains(t, err, "conflicts with path used for checkpoint state")
		require.NoFileExists(t, prefix+".index")
		path := must(s.Save(ctx, prefix, GlobalStep(1)))
		require.Equal(t, path, must(Latest(filepath.Dir(prefix))))
	})
	t.Run("N-20 an absolute prefix is recorded as it is, unless relative paths are asked for", func(t *testing.T) {
		dir := t.TempDir()
		must(s.Save(ctx, filepath.Join(dir, "model"), GlobalStep(1)))
		require.Equal(t, "model_checkpoint_path: \""+dir+"/model-1\"\nall_model_checkpoint_paths: \""+dir+"/model-1\"\n", stateText(t, dir))
		relative := mustSaver(t, Vars{"v": f32(1)}, RelativePaths(), KeepLast(5))
		must(relative.Save(ctx, filepath.Join(dir, "model"), GlobalStep(2)))
		must(relative.Save(ctx, filepath.Join(dir, "model"), GlobalStep(3)))
		require.Equal(t, "model_checkpoint_path: \"model-3\"\nall_model_checkpoint_paths: \"model-2\"\nall_model_checkpoint_paths: \"model-3\"\n", stateText(t, dir))
	})
	t.Run("N-20 a relative prefix is recorded relative to the state file", func(t *testing.T) {
		dir := t.TempDir()
		t.Chdir(dir)
		keeping := mustSaver(t, Vars{"v": f32(1)}, KeepLast(3))
		for step := range int64(3) {
			must(keeping.Save(ctx, "model.ckpt", GlobalStep(step+3)))
		}
		theirs := "model_checkpoint_path: \"model.ckpt-5\"\nall_model_checkpoint_paths: \"model.ckpt-3\"\nall_model_checkpoint_paths: \"model.ckpt-4\"\nall_model_checkpoint_paths: \"model.ckpt-5\"\n"
		require.Equal(t, theirs, stateText(t, dir), "as testdata/golden/saver-v2 has it")
		must(keeping.Save(ctx, filepath.Join("sub", "m")))
		require.Contains(t, stateText(t, "sub"), "model_checkpoint_path: \"m\"\n")
	})
	t.Run("without a state file nothing is named", func(t *testing.T) {
		dir := t.TempDir()
		must(s.Save(ctx, filepath.Join(dir, "model"), NoStateFile()))
		require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
		must(s.Save(ctx, filepath.Join(dir, "model"), StateFile("latest")))
		require.FileExists(t, filepath.Join(dir, "latest"))
	})
}

func TestSaverKeeps(t *testing.T) {
	there := func(t *testing.T, dir string) (names []string) {
		for _, e := range must(os.ReadDir(dir)) {
			if name, ok := strings.CutSuffix(e.Name(), ".index"); ok {
				names = append(names, name)
			}
		}
		return names
	}
	t.Run("N-15 of three two are kept, with all files of the first gone; saving a name again moves it to the end", func(t *testing.T) {
		dir := t.TempDir()
		s := mustSaver(t, Vars{"v": f32(1)}, KeepLast(2))
		for _, name := range []string{"s1", "s2", "s3"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name+".meta"), nil, 0o600))
			must(s.Save(ctx, filepath.Join(dir, name)))
		}
		require.Equal(t, []string{"s2", "s3"}, there(t, dir))
		left := must(filepath.Glob(filepath.Join(dir, "s1*")))
		require.Empty(t, left)
		require.Equal(t, []string{filepath.Join(dir, "s2"), filepath.Join(dir, "s3")}, s.Checkpoints())
		must(s.Save(ctx, filepath.Join(dir, "s2")))
		require.Equal(t, []string{filepath.Join(dir, "s3"), filepath.Join(dir, "s2")}, s.Checkpoints())
		require.Equal(t, []string{"s2", "s3"}, there(t, dir))
	})
	for name, opts := range map[string][]SaverOption{"without a limit": nil, "with a limit of 0": {KeepLast(0)}} {
		t.Run("N-16 "+name+" nothing is deleted, and only the latest listed", func(t *testing.T) {
			dir := t.TempDir()
			s := mustSaver(t, Vars{"v": f32(1)}, append(opts, RelativePaths())...)
			for step := range int64(7) {
				must(s.Save(ctx, filepath.Join(dir, "m"), GlobalStep(step)))
			}
			require.Len(t, there(t, dir), 7)
			require.Empty(t, s.Checkpoints())
			require.Equal(t, "model_checkpoint_path: \"m-6\"\nall_model_checkpoint_paths: \"m-6\"\n", stateText(t, dir))
		})
	}
	t.Run("N-17 one that is old enough is kept, and not listed any more", func(t *testing.T) {
		dir := t.TempDir()
		s := mustSaver(t, Vars{"v": f32(1)}, KeepLast(2), KeepEvery(time.Hour))
		save := func(step int64) { must(s.Save(ctx, filepath.Join(dir, "m"), GlobalStep(step))) }
		save(1)
		save(2)
		older := []string{filepath.Join(dir, "m-1"), filepath.Join(dir, "m-2")}
		for i, path := range older { // more than an hour after the Saver was made
			later := time.Now().Add(time.Hour + time.Duration(i+1)*time.Minute)
			require.NoError(t, os.Chtimes(path+".index", later, later))
		}
		s.Recover(older...)
		save(3) // 1 is kept: the next is due two hours after
		save(4) // 2 is too young
		require.Equal(t, []string{"m-1", "m-3", "m-4"}, there(t, dir))
		require.Equal(t, []string{filepath.Join(dir, "m-3"), filepath.Join(dir, "m-4")}, s.Checkpoints())
	})
	t.Run("another program's are deleted only when they are recovered", func(t *testing.T) {
		dir := t.TempDir()
		opts := []SaverOption{KeepLast(1)}
		first := mustSaver(t, Vars{"v": f32(1)}, opts...)
		old := must(first.Save(ctx, filepath.Join(dir, "old")))
		second := mustSaver(t, Vars{"v": f32(1)}, opts...)
		must(second.Save(ctx, filepath.Join(dir, "new")))
		require.Equal(t, []string{"new", "old"}, there(t, dir))
		second.Recover(filepath.Join(dir, "gone"), old, filepath.Join(dir, "new"))
		must(second.Save(ctx, filepath.Join(dir, "newest")))
		require.Equal(t, []string{"newest"}, there(t, dir))
	})
	t.Run("what cannot be deleted is not a failure, and the next save tries again", func(t *testing.T) {
		dir := t.TempDir()
		logger, lines := logged()
		s := mustSaver(t, Vars{"v": f32(1)}, KeepLast(1), WithLogger(logger))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "a.meta", "full"), 0o700))
		must(s.Save(ctx, filepath.Join(dir, "a")))
		must(s.Save(ctx, filepath.Join(dir, "b")))
		require.Contains(t, lines()[0], "could not be deleted")
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "a.meta", "full")))
		must(s.Save(ctx, filepath.Join(dir, "c")))
		require.NoDirExists(t, filepath.Join(dir, "a.meta"))
		require.Equal(t, []string{filepath.Join(dir, "c")}, s.Checkpoints())
	})
}

func TestSaverRestore(t *testing.T) {
	path := must(mustSaver(t, Vars{"a": f32(1), "c": f32(2)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
	t.Run("N-08 a name that is not there, and nothing is changed", func(t *testing.T) {
		a := f32(0)
		err := mustSaver(t, Vars{"a": a, "b": f32(0)}).Restore(ctx, path)
		require.ErrorIs(t, err, ErrNotFound)
		require.ErrorContains(t, err, "Key b not found in checkpoint")
		require.ErrorContains(t, err, path)
		require.Zero(t, value0(a))
	})
	t.Run("N-08 a file that is not there", func(t *testing.T) {
		err := mustSaver(t, Vars{"a": f32(0)}).Restore(ctx, path+"-gone")
		require.ErrorIs(t, err, ErrNotFound)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, "The passed save_path is not a valid checkpoint")
	})
	t.Run("N-05 what else the file holds is no concern", func(t *testing.T) {
		a := f32(0)
		require.NoError(t, mustSaver(t, Vars{"a": a}).Restore(ctx, path))
		require.EqualValues(t, 1, value0(a))
	})
	t.Run("another shape or dtype, and nothing is changed", func(t *testing.T) {
		a := f32(0)
		for _, c := range []any{f32(0, 0), tensor.New[int32](1)} {
			require.ErrorIs(t, mustSaver(t, Vars{"a": a, "c": c}).Restore(ctx, path), ErrMismatch)
			require.Zero(t, value0(a))
		}
	})
	type layer struct {
		W *tensor.Tensor[float32] `ckpt:"w,fullname=dense/kernel"`
	}
	t.Run("N-07 an object-based checkpoint is read by the names in its graph, with a warning", func(t *testing.T) {
		objects := written(t, Group{"anything": &layer{f32(7)}})
		logger, lines := logged()
		got := f32(0)
		require.NoError(t, mustSaver(t, Vars{"dense/kernel": got}, WithLogger(logger)).Restore(ctx, objects))
		require.EqualValues(t, 7, value0(got))
		require.Contains(t, lines()[0], "Restoring an object-based checkpoint using a name-based saver")
		err := mustSaver(t, Vars{"dense/kernel": got, "dense/bias": f32(0)}, WithLogger(logger)).Restore(ctx, objects)
		require.ErrorIs(t, err, ErrNotFound)
		require.ErrorContains(t, err, "Could not find some variables in the checkpoint: dense/bias")
	})
	t.Run("N-07 by its keys without one, and a name that two variables have there is refused", func(t *testing.T) {
		objects := written(t, Group{"a": &layer{f32(7)}, "b": &layer{f32(8)}})
		logger, lines := logged()
		got := f32(0)
		require.NoError(t, mustSaver(t, Vars{"b/w/.ATTRIBUTES/VARIABLE_VALUE": got}, WithLogger(logger)).Restore(ctx, objects))
		require.EqualValues(t, 8, value0(got))
		require.Empty(t, lines())
		err := mustSaver(t, Vars{"dense/kernel": got}, WithLogger(logger)).Restore(ctx, objects)
		require.ErrorContains(t, err, `2 variables of the object graph are called "dense/kernel"`)
	})
	t.Run("N-01 N-02 N-06 what a Saver wrote is restored into objects by name, also into those attached later", func(t *testing.T) {
		path := must(mustSaver(t, Vars{"dense/kernel": f32(7), "late/w": f32(8)}).Save(ctx, filepath.Join(t.TempDir(), "s")))
		logger, lines := logged()
		m := &layer{f32(0)}
		c := mustNew(t, Group{"m": m}, WithLogger(logger))
		status := mustRead(t, c, path)
		require.EqualValues(t, 7, value0(m.W))
		require.Contains(t, lines()[0], "Restoring a name-based")
		require.NoError(t, c.Track("late", &block{*f32(0)}))
		require.NoError(t, status.Assert(Consumed, ExistingObjectsMatched, NontrivialMatch))
		require.NoError(t, c.Track("none", f32(0)))
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
	saver, err := NewSaver(Vars{"model/weights": weights}, KeepLast(3))
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(weights.Data(), []float32{1, 2, 3})
	path, err := saver.Save(ctx, filepath.Join(dir, "model.ckpt"), GlobalStep(200))
	if err != nil {
		fmt.Println(err)
		return
	}
	clear(weights.Data())
	fmt.Println(filepath.Base(path), saver.Restore(ctx, path), weights.Data())
	// Output: model.ckpt-200 <nil> [1 2 3]
}
