package ckpt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// TestSections saves one checkpoint from three workers. Each has its own variable, all have rows of one table, and worker 0 has the step.
func TestSections(t *testing.T) {
	const workers = 3
	full := tensor.Shape{7, 2}
	rows := func(worker int) tensor.Slice {
		from, to := 7*worker/workers, 7*(worker+1)/workers
		return tensor.Slice{{Start: from, Length: to - from}, tensor.Full}
	}
	parts := func(worker int) ckpt.RegionOption {
		return ckpt.Parts(func(path string, _ tensor.Shape) (tensor.Shape, tensor.Slice) {
			if path == "model.table" {
				return full, rows(worker)
			}
			return nil, nil
		})
	}
	program := func(worker, of int, filled bool) (ckpt.Group, *tensor.Tensor[float32]) {
		from, to := 7*worker/of, 7*(worker+1)/of
		table := tensor.New[float32](to-from, 2)
		own, step := ckpttest.Scalar(0), int64(0)
		if filled {
			own.Data()[0], step = float32(10+worker), 42
			for i := range table.Data() {
				table.Data()[i] = float32(from*2 + i)
			}
		}
		return ckpt.Group{"model": ckpttest.NodeOf("table", table, fmt.Sprint("own", worker), own), "step": &step}, table
	}
	write := func(t *testing.T, prefix string, worker int, opts ...ckpt.SectionOption) error {
		root, _ := program(worker, workers, true)
		opts = append(opts, parts(worker), ckpt.Own(func(path string) bool { return path != "step" || worker == 0 }))
		return ckpttest.New(t, root).WriteSection(ctx, prefix, worker, workers, opts...)
	}
	prefix := filepath.Join(t.TempDir(), "ckpt-5")
	require.NoError(t, write(t, prefix, 2))
	require.NoError(t, write(t, prefix, 0))
	_, err := ckpt.Merge(ctx, prefix)
	require.ErrorIs(t, err, ckpt.ErrSection)
	require.ErrorContains(t, err, "section 1 of 3 is missing")
	require.NoFileExists(t, prefix+".index")
	require.NoError(t, write(t, prefix, 1))
	require.NoError(t, write(t, prefix, 1), "a worker may run again with the same values")
	path, err := ckpt.Merge(ctx, prefix)
	require.NoError(t, err)
	require.Equal(t, prefix, path)
	again, err := ckpt.Merge(ctx, prefix)
	require.NoError(t, err, "a merge may run again")
	require.Equal(t, prefix, again)
	require.ErrorIs(t, write(t, prefix, 0), ckpt.ErrStale)
	require.Equal(t, prefix, ckpttest.Must(ckpt.Latest(filepath.Dir(prefix))))

	var names []string
	for _, e := range ckpttest.Must(os.ReadDir(filepath.Dir(prefix))) {
		names = append(names, e.Name())
	}
	require.Equal(t, []string{"checkpoint", "ckpt-5.data-00000-of-00004", "ckpt-5.data-00001-of-00004", "ckpt-5.data-00002-of-00004", "ckpt-5.data-00003-of-00004", "ckpt-5.index"}, names)

	t.Run("the sections form one checkpoint", func(t *testing.T) {
		var m struct {
			Model struct {
				Table            tensor.Tensor[float32]
				Own0, Own1, Own2 tensor.Tensor[float32]
			}
			Step int64 `ckpt:"step"`
		}
		require.NoError(t, ckpt.LoadWeights(ctx, prefix, &m, ckpt.Strict()))
		require.EqualValues(t, 42, m.Step)
		require.Equal(t, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, m.Model.Table.Data())
		require.EqualValues(t, 12, m.Model.Own2.Data()[0])
	})
	t.Run("two other workers take their rows", func(t *testing.T) {
		for worker := range 2 {
			root, table := program(worker, 2, false)
			from := 7 * worker / 2
			_, err := ckpttest.New(t, root).Read(ctx, prefix, ckpt.Parts(func(path string, shape tensor.Shape) (tensor.Shape, tensor.Slice) {
				if path == "model.table" {
					return full, tensor.Slice{{Start: from, Length: shape[0]}, tensor.Full}
				}
				return nil, nil
			}))
			require.NoError(t, err)
			for i, v := range table.Data() {
				require.EqualValues(t, from*2+i, v)
			}
		}
	})
}

// The merged checkpoint has the values that a custom saver wrote for its objects, and the saver's name.
func TestSectionsOfCustomSavers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	model := &ckpttest.WithParts{Parts: ckpttest.Parts{Values: []int32{1, 2, 3}}, V: *ckpttest.Scalar(4)}
	require.NoError(t, ckpttest.New(t, model, ckpt.WithSaver(ckpttest.PartsSaver("parts"))).WriteSection(ctx, path, 0, 1))
	ckpttest.Must(ckpt.Merge(ctx, path))
	var got ckpttest.WithParts
	s, err := ckpttest.New(t, &got, ckpt.WithSaver(ckpttest.PartsSaver("parts"))).Read(ctx, path)
	require.NoError(t, err)
	require.NoError(t, s.AssertConsumed())
	require.Equal(t, model.Parts, got.Parts)
}

// A merge that is killed between its commit and its cleanup leaves its sections, and so does a late worker. The next merge with a
// higher number removes them. The sections of other checkpoints stay.
func TestMergesSweepOlderOnes(t *testing.T) {
	dir := t.TempDir()
	merge := func(number int) {
		prefix := filepath.Join(dir, fmt.Sprint("ckpt-", number))
		require.NoError(t, ckpttest.New(t, ckpttest.NodeOf("w", ckpttest.Scalar(1))).WriteSection(ctx, prefix, 0, 1))
		ckpttest.Must(ckpt.Merge(ctx, prefix))
	}
	late := func(name string) string {
		attempt := filepath.Join(dir, name+".sections", "a-late")
		require.NoError(t, os.MkdirAll(attempt, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(attempt, "x.index"), nil, 0o600))
		return attempt
	}
	merge(1)
	merge(3)
	older, uncommitted, newer, others := late("ckpt-1"), late("ckpt-0"), late("ckpt-3"), late("best-1")
	merge(2)
	require.NoDirExists(t, older)
	require.DirExists(t, uncommitted)
	require.DirExists(t, newer)
	require.DirExists(t, others)
}
