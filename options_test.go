package ckpt_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// shardSizes returns the sizes of a checkpoint's data files.
func shardSizes(t *testing.T, prefix string) (sizes []int64) {
	t.Helper()
	names, err := filepath.Glob(prefix + ".data-*")
	require.NoError(t, err)
	for _, n := range names {
		info, err := os.Stat(n)
		require.NoError(t, err)
		sizes = append(sizes, info.Size())
	}
	return sizes
}

func graphSize(t *testing.T, prefix string) int64 {
	t.Helper()
	r := ckpttest.Must(ckpt.Open(prefix))
	defer r.Close()
	return ckpttest.Must(r.Lookup("_CHECKPOINTABLE_OBJECT_GRAPH")).Bytes
}

func TestWriteCallbacks(t *testing.T) {
	t.Run("O-03 O-04 callbacks run in order, when the files are complete and before the state file names them", func(t *testing.T) {
		dir := t.TempDir()
		var seen []string
		note := func(name string) ckpt.WriteOption {
			return ckpt.OnWrite(func(_ context.Context, path string) error {
				r, err := ckpt.Open(path)
				require.NoError(t, err)
				require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
				seen = append(seen, name+" "+filepath.Base(path))
				return r.Close()
			})
		}
		opts := []ckpt.SaveOption{note("first"), note("second")}
		ckpttest.Must(ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}).Save(ctx, filepath.Join(dir, "ckpt"), opts...))
		require.Equal(t, []string{"first ckpt-1", "second ckpt-1"}, seen)
		require.Len(t, opts, 2)
	})
	t.Run("O-21 options of one Checkpoint or call do not affect another", func(t *testing.T) {
		calls := 0
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}, ckpt.OnWrite(func(context.Context, string) error { calls++; return nil }))
		path := filepath.Join(t.TempDir(), "ckpt")
		ckpttest.Must(c.Write(ctx, path, ckpt.OnWrite(func(context.Context, string) error { calls += 10; return nil })))
		ckpttest.Must(c.Write(ctx, path))
		require.Equal(t, 12, calls)
	})
	t.Run("the save returns the error of a callback", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		_, err := c.Save(ctx, filepath.Join(t.TempDir(), "ckpt"), ckpt.OnWrite(func(context.Context, string) error { return errors.New("no network") }))
		require.ErrorContains(t, err, "write callback: no network")
		require.Zero(t, c.SaveCounter())
	})
}

func TestAsync(t *testing.T) {
	t.Run("O-05 the path is returned before the files exist, and later changes are not saved", func(t *testing.T) {
		v := ckpttest.Scalar(1)
		c := ckpttest.New(t, ckpt.Group{"v": v})
		release := make(chan struct{})
		path, err := c.Save(ctx, filepath.Join(t.TempDir(), "ckpt"), ckpt.Async(), ckpt.OnWrite(func(context.Context, string) error { <-release; return nil }))
		require.NoError(t, err)
		require.Equal(t, "ckpt-1", filepath.Base(path))
		v.Data()[0] = 2
		require.Empty(t, ckpttest.Must(ckpt.Latest(filepath.Dir(path))))
		close(release)
		require.NoError(t, c.Sync(ctx))
		require.Equal(t, path, ckpttest.Must(ckpt.Latest(filepath.Dir(path))))
		ckpttest.Read(t, c, path)
		require.EqualValues(t, 1, ckpttest.Value(v))
	})
	t.Run("O-06 a second save waits for the first, and the next call returns the first one's error", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)}, ckpt.Async())
		prefix := filepath.Join(t.TempDir(), "ckpt")
		var order []string
		note := func(name string, err error) ckpt.WriteOption {
			return ckpt.OnWrite(func(context.Context, string) error { order = append(order, name); return err })
		}
		ckpttest.Must(c.Save(ctx, prefix, note("first", nil)))
		ckpttest.Must(c.Save(ctx, prefix, note("second", errors.New("disk on fire"))))
		_, err := c.Save(ctx, prefix, note("third", nil))
		require.ErrorContains(t, err, "disk on fire")
		require.NoError(t, c.Sync(ctx), "an error is returned once")
		require.Equal(t, []string{"first", "second"}, order)
	})
	t.Run("O-08 the files equal those of a synchronous save", func(t *testing.T) {
		root := ckpttest.NewNet(3)
		dir := t.TempDir()
		plain := ckpttest.Must(ckpttest.New(t, ckpt.Group{"net": root}).Save(ctx, filepath.Join(dir, "plain")))
		c := ckpttest.New(t, ckpt.Group{"net": root})
		async := ckpttest.Must(c.Save(ctx, filepath.Join(dir, "async"), ckpt.Async()))
		require.NoError(t, c.Close())
		for _, suffix := range []string{".index", ".data-00000-of-00001"} {
			require.Equal(t, ckpttest.Must(os.ReadFile(plain+suffix)), ckpttest.Must(os.ReadFile(async+suffix)))
		}
	})
	t.Run("with a context that has ended, nothing is saved", func(t *testing.T) {
		c := ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(1)})
		dir := t.TempDir()
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		_, err := c.Save(canceled, filepath.Join(dir, "ckpt"), ckpt.Async())
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, c.Sync(ctx))
		require.Empty(t, ckpttest.Must(os.ReadDir(dir)))
	})
}

func TestMaxShardSize(t *testing.T) {
	t.Run("O-09 O-12 a matrix is cut into the fewest parts; the object graph counts as zero bytes", func(t *testing.T) {
		m, _ := tensor.FromSlice([]int32{0, 1, 2, 3, 4, 5}, 3, 2)
		for limit, want := range map[int64][]int64{8: {8, 8, 8}, 10: {8, 8, 8}, 12: {12, 12}, 16: {16, 8}} {
			path := ckpttest.Written(t, ckpt.Group{"v": m}, ckpt.MaxShardSize(limit))
			sizes := shardSizes(t, path)
			sizes[len(sizes)-1] -= graphSize(t, path)
			require.Equal(t, want, sizes, "at most %d bytes", limit)
			got := tensor.New[int32](3, 2)
			require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"v": got}), path).AssertConsumed())
			require.Equal(t, m, got)
		}
	})
	t.Run("O-10 a scalar larger than the limit gets a file to itself after all others, with a warning", func(t *testing.T) {
		logger, lines := ckpttest.Logged()
		path := ckpttest.Written(t, ckpt.Group{"a": tensor.Scalar("a long string of some bytes"), "b": ckpttest.Vector(1, 2)}, ckpt.MaxShardSize(8), ckpt.WithLogger(logger))
		sizes := shardSizes(t, path)
		require.Equal(t, []int64{8 + graphSize(t, path), 1 + 4 + 27}, sizes)
		require.Len(t, lines(), 1)
		require.Contains(t, lines()[0], "larger than the shard size")
	})
	t.Run("O-11 each element of a vector of strings counts as the longest one", func(t *testing.T) {
		s, _ := tensor.FromSlice([]string{"aa", "bbbb", "c", "dd"}, 4)
		path := ckpttest.Written(t, ckpt.Group{"s": s}, ckpt.MaxShardSize(8))
		r := ckpttest.Must(ckpt.Open(path))
		defer r.Close()
		require.Equal(t, []tensor.Slice{{{Start: 0, Length: 2}}, {{Start: 2, Length: 2}}}, ckpttest.Must(r.Lookup("s/.ATTRIBUTES/VARIABLE_VALUE")).Slices)
		require.Equal(t, s, ckpttest.Must(r.Tensor("s/.ATTRIBUTES/VARIABLE_VALUE")))
	})
	t.Run("O-13 O-14 a tensor that fits has a plain entry, and the entry of a cut tensor lists its parts", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"a": ckpttest.Vector(1, 2), "b": ckpttest.Vector(1, 2, 3, 4)}, ckpt.MaxShardSize(16))
		r := ckpttest.Must(ckpt.Open(path))
		defer r.Close()
		require.Empty(t, ckpttest.Must(r.Lookup("a/.ATTRIBUTES/VARIABLE_VALUE")).Slices)
		require.Equal(t, []tensor.Slice{{{Start: 0, Length: 2}}, {{Start: 2, Length: 2}}}, ckpttest.Must(r.Lookup("b/.ATTRIBUTES/VARIABLE_VALUE")).Slices)
	})
	t.Run("O-15 a tensor without elements is written, which TensorFlow forgets", func(t *testing.T) {
		empty := tensor.New[float32](0, 2)
		path := ckpttest.Written(t, ckpt.Group{"e": empty, "v": ckpttest.Vector(1)}, ckpt.MaxShardSize(4))
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"e": tensor.New[float32](0, 2), "v": ckpttest.Vector(0)}), path).AssertConsumed())
	})
	t.Run("O-16 tensors of several kinds with a limit of ten bytes make eight files, with the counter", func(t *testing.T) {
		path := ckpttest.Saved(t, ckpt.Group{"v0": tensor.New[int32](3, 2), "v1": tensor.New[float32](3, 2, 1), "v2": tensor.Scalar("test_string")}, ckpt.MaxShardSize(10))
		require.Len(t, shardSizes(t, path), 8)
	})
}

func TestShardBy(t *testing.T) {
	t.Run("O-02 a data file for each task, in the order in which they appear, the graph in the coordinator's", func(t *testing.T) {
		path := ckpttest.Written(t, ckpt.Group{"a": ckpttest.Vector(1), "b": ckpttest.Vector(1, 2), "c": ckpttest.Vector(1, 2, 3), "d": ckpttest.Vector(1, 2, 3, 4)}, ckpt.ShardByTask(func(path string) string {
			return map[string]string{"a": "worker 1", "b": "worker 0", "c": "worker 1", "d": "worker 2"}[path]
		}))
		require.Equal(t, []int64{16, 8, 16, graphSize(t, path)}, shardSizes(t, path))
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"a": ckpttest.Vector(0), "b": ckpttest.Vector(0, 0), "c": ckpttest.Vector(0, 0, 0), "d": ckpttest.Vector(0, 0, 0, 0)}), path).AssertConsumed())
	})
	for name, tt := range map[string]struct {
		parts func(n int) []ckpt.ShardPart
		want  string
	}{
		"twice": {func(n int) []ckpt.ShardPart {
			return []ckpt.ShardPart{{Tensor: 0, Shard: 0}, {Tensor: 0, Shard: 1}, {Tensor: 1, Shard: 0}}
		}, `"v/.ATTRIBUTES/VARIABLE_VALUE": - was added twice`},
		"an invalid region": {func(n int) []ckpt.ShardPart {
			return []ckpt.ShardPart{{Tensor: 0, Shard: 0}, {Tensor: 1, Shard: 0}, {Tensor: 2, Shard: 0}}
		}, "got a part of tensor 2, but there are only 2 tensors"},
		"too few elements": {func(n int) []ckpt.ShardPart { return []ckpt.ShardPart{{Tensor: 1, Shard: 0}} }, "4 of its 4 elements were dropped"},
		"a missing part": {func(n int) []ckpt.ShardPart {
			return []ckpt.ShardPart{{Tensor: 0, Shard: 0, Part: tensor.Slice{{Start: 0, Length: 3}}}, {Tensor: 1, Shard: 0}}
		}, "1 of its 4 elements were dropped"},
		"overlapping parts": {func(n int) []ckpt.ShardPart {
			return []ckpt.ShardPart{{Tensor: 0, Shard: 0, Part: tensor.Slice{{Start: 0, Length: 3}}}, {Tensor: 0, Shard: 0, Part: tensor.Slice{{Start: 2, Length: 2}}}, {Tensor: 1, Shard: 0}}
		}, "was added twice"},
		"another rank": {func(n int) []ckpt.ShardPart {
			return []ckpt.ShardPart{{Tensor: 0, Shard: 0, Part: tensor.Slice{tensor.Full, tensor.Full}}, {Tensor: 1, Shard: 0}}
		}, "has rank 2"},
		"a data file without tensors": {func(n int) []ckpt.ShardPart { return []ckpt.ShardPart{{Tensor: 0, Shard: 0}, {Tensor: 1, Shard: 2}} }, "data file 1 of 2 has no tensors"},
		"a negative file":             {func(n int) []ckpt.ShardPart { return []ckpt.ShardPart{{Tensor: 0, Shard: -1}, {Tensor: 1, Shard: 0}} }, "data file -1"},
		"a negative tensor":           {func(n int) []ckpt.ShardPart { return []ckpt.ShardPart{{Tensor: -1, Shard: 0}} }, "got a part of tensor -1"},
		"a region that is too large": {func(n int) []ckpt.ShardPart {
			return []ckpt.ShardPart{{Tensor: 0, Shard: 0, Part: tensor.Slice{{Start: 0, Length: 9}}}, {Tensor: 1, Shard: 0}}
		}, "does not fit shape [4]"},
	} {
		t.Run("O-18 a sharding function that returns "+name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := ckpttest.New(t, ckpt.Group{"v": ckpttest.Vector(1, 2, 3, 4)}).Write(ctx, filepath.Join(dir, "ckpt"), ckpt.ShardBy(func(ts []ckpt.ShardTensor) []ckpt.ShardPart { return tt.parts(len(ts)) }))
			require.ErrorContains(t, err, tt.want)
			require.Empty(t, ckpttest.Must(os.ReadDir(dir)))
		})
	}
}

func TestProgress(t *testing.T) {
	t.Run("O-23 progress reports the number of written and read bytes of tensors", func(t *testing.T) {
		var seen []ckpt.Progress
		note := ckpt.WithProgress(func(p ckpt.Progress) { seen = append(seen, p) })
		root := func() ckpt.Group { return ckpt.Group{"a": ckpttest.Vector(1, 2, 3), "b": tensor.New[float64](100)} }
		path := ckpttest.Written(t, root(), note)
		last := seen[len(seen)-1]
		require.Equal(t, last.Total, last.Done)
		require.Equal(t, 12+800+graphSize(t, path), last.Total)
		seen = nil
		ckpttest.Read(t, ckpttest.New(t, root(), note), path)
		require.Equal(t, ckpt.Progress{812, 812}, seen[len(seen)-1])
	})
}

func TestLegacyAttribute(t *testing.T) {
	t.Run("O-22 in an older layout, one attribute represents several tensors with keys that begin with the attribute's key", func(t *testing.T) {
		g := ckpttest.Golden(t, "objects-lookup-table")
		r := ckpttest.Must(ckpt.Open(g.Path()))
		defer r.Close()
		table := &ckpttest.Several{Names: []string{"table-keys", "table-values"}, Got: map[string]tensor.Any{
			"table-keys": new(tensor.Tensor[string]), "table-values": new(tensor.Tensor[int64]),
		}}
		s := ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"table": table}), g.Path())
		require.NoError(t, s.AssertExistingObjectsMatched())
		for _, name := range table.Names {
			require.Equal(t, ckpttest.Must(r.Tensor("table/.ATTRIBUTES/"+name)), table.Got[name])
		}
		require.Equal(t, 1, table.Calls)

		// This package, too, writes and reads the newer layout, in which each tensor has an attribute.
		again := &ckpttest.Several{Names: table.Names, Got: map[string]tensor.Any{"table-keys": new(tensor.Tensor[string]), "table-values": new(tensor.Tensor[int64])}}
		s = ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"table": again}), ckpttest.Written(t, ckpt.Group{"table": table}))
		require.NoError(t, s.AssertConsumed())
		require.Equal(t, table.Got, again.Got)
	})
}
