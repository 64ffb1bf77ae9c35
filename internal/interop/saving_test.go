//go:build interop

package interop

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// TestSameShards cuts a program's tensors into data files, like TensorFlow's MaxShardSizePolicy.
func TestSameShards(t *testing.T) {
	tests := []struct {
		program string
		size    int
	}{
		// No element is larger than a file, because TensorFlow would cut it forever. No tensor is empty,
		// because TensorFlow omits empty tensors. TensorFlow can cut all of the types.
		{"keywords", 9}, {"keywords", 16}, {"nested", 4}, {"plain", 40}, {"containers", 6}, {"large", 1 << 20},
	}
	for _, tt := range tests {
		t.Run("O-09 "+tt.program, func(t *testing.T) {
			dir := t.TempDir()
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			args := arguments{"program": tt.program, "prefix": filepath.Join(theirs, "ckpt"), "max_shard": tt.size}
			ask[string](t, "write", args)
			p := programNamed(t, tt.program)
			_, err := newCheckpoint(t, p, true).Write(t.Context(), filepath.Join(ours, "ckpt"), ckpt.MaxShardSize(int64(tt.size)))
			require.NoError(t, err)
			requireSameFiles(t, theirs, ours)
			require.Greater(t, len(fileNames(t, ours)), 2, "data files")

			back := filepath.Join(dir, "back")
			ask[string](t, "rewrite", arguments{"program": tt.program, "source": filepath.Join(ours, "ckpt"), "prefix": filepath.Join(back, "ckpt"), "max_shard": tt.size})
			requireSameFiles(t, back, ours)
		})
	}
}

func TestSameBytesInTheBackground(t *testing.T) {
	t.Run("O-08 an asynchronous save writes the same files", func(t *testing.T) {
		dir := t.TempDir()
		theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
		ask[string](t, "write", arguments{"program": "root", "prefix": filepath.Join(theirs, "ckpt"), "saves": 2})
		c := newCheckpoint(t, programNamed(t, "root"), true)
		for range 2 {
			_, err := c.Save(t.Context(), filepath.Join(ours, "ckpt"), ckpt.Async())
			require.NoError(t, err)
		}
		require.NoError(t, c.Sync(t.Context()))
		requireSameFiles(t, theirs, ours)
	})
}

// In TestOneDirectoryTwoManagers, the managers of both sides continue each other's training runs in one
// directory.
func TestOneDirectoryTwoManagers(t *testing.T) {
	type run struct {
		Step        int64
		Checkpoints []string
		Latest      string
	}
	dir := filepath.Join(t.TempDir(), "train")
	theirs := func(saves int) run {
		return ask[run](t, "manage", arguments{"directory": dir, "saves": saves, "max_to_keep": 3})
	}
	ours := func(saves int) run {
		step := int64(0)
		c, err := ckpt.New(ckpt.Group{"step": &step})
		require.NoError(t, err)
		m, err := ckpt.NewManager(c, dir, ckpt.KeepLast(3))
		require.NoError(t, err)
		_, err = m.RestoreOrInitialize(t.Context())
		require.NoError(t, err)
		for range saves {
			step++
			_, err := m.Save(t.Context())
			require.NoError(t, err)
		}
		return run{step, m.Checkpoints(), m.Latest()}
	}
	at := func(names ...string) []string {
		for i, name := range names {
			names[i] = filepath.Join(dir, name)
		}
		return names
	}
	require.Equal(t, run{2, at("ckpt-1", "ckpt-2"), filepath.Join(dir, "ckpt-2")}, theirs(2))
	require.Equal(t, run{4, at("ckpt-2", "ckpt-3", "ckpt-4"), filepath.Join(dir, "ckpt-4")}, ours(2))
	require.Equal(t, run{5, at("ckpt-3", "ckpt-4", "ckpt-5"), filepath.Join(dir, "ckpt-5")}, theirs(1))
	require.Equal(t, run{9, at("ckpt-7", "ckpt-8", "ckpt-9"), filepath.Join(dir, "ckpt-9")}, ours(4))
	require.Len(t, fileNames(t, dir), 3*2+1, "three checkpoints of two files, and the state file")
}

// In TestSectionsOfWorkers, three workers write a checkpoint together. Each writes its rows of one table and
// a separate variable.
func TestSectionsOfWorkers(t *testing.T) {
	const workers = 3
	prefix := filepath.Join(t.TempDir(), "ckpt")
	full := tensor.Shape{6, 2}
	for worker := range workers {
		rows, err := tensor.FromSlice(counting(12)[4*worker:4*worker+4], 2, 2)
		require.NoError(t, err)
		own := float32(worker)
		c, err := ckpt.New(ckpt.Group{"table": rows, "own" + string(rune('0'+worker)): &own})
		require.NoError(t, err)
		parts := ckpt.Parts(func(path string, _ tensor.Shape) (tensor.Shape, tensor.Slice) {
			if path != "table" {
				return nil, nil
			}
			return full, tensor.Slice{{Start: 2 * worker, Length: 2}, tensor.Full}
		})
		require.NoError(t, c.WriteSection(t.Context(), prefix, worker, workers, parts))
	}
	_, err := ckpt.Merge(t.Context(), prefix)
	require.NoError(t, err)
	const value = "/.ATTRIBUTES/VARIABLE_VALUE"
	want := map[string][]float32{"table" + value: counting(12), "own0" + value: {0}, "own1" + value: {1}, "own2" + value: {2}}
	require.Equal(t, want, ask[map[string][]float32](t, "stored", arguments{"prefix": prefix}))
}

// TestDeferredFromTensorFlow restores into a program that is built afterwards.
func TestDeferredFromTensorFlow(t *testing.T) {
	t.Run("D-01 D-22 values wait for the objects that are attached later", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ckpt")
		ask[string](t, "write", arguments{"program": "nested", "prefix": path})
		var model struct{ ckpt.Module }
		c, err := ckpt.New(ckpt.Group{"model": &model})
		require.NoError(t, err)
		status, err := c.Read(t.Context(), path)
		require.NoError(t, err)
		require.ErrorIs(t, status.AssertConsumed(), ckpt.ErrMismatch)
		var block struct{ Second, First tensor.Tensor[float32] }
		require.NoError(t, model.Track("block", &block))
		require.Equal(t, []float32{1, 2}, block.Second.Data())
		require.Equal(t, []float32{3}, block.First.Data())
		var head struct{ Kernel tensor.Tensor[float32] }
		require.NoError(t, model.Track("head", &head))
		require.Equal(t, tensor.Shape{2, 1}, head.Kernel.Shape())
		require.NoError(t, status.AssertConsumed())
	})
}
