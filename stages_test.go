package ckpt

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/tensor"
)

// The stages of a save and of a restore, each small enough that `.ci/run benchmarks` can compare what it allocates with
// what it allocated a commit ago. The formats' packages have those of their own.

// stage measures f, whose first call, which fills caches and pools, is not counted.
func stage(b *testing.B, f func() error) {
	b.Helper()
	require.NoError(b, f())
	b.ReportAllocs()
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
}

// stageModel is a model of a thousand small tensors, and of one that is written and read in several pieces.
func stageModel() Group {
	model := benchModel(1_000, 64_000)
	model["large"] = tensor.New[float32](2 << 20)
	return model
}

// stageCheckpoint is a checkpoint of stageModel, and where it is saved.
func stageCheckpoint(b *testing.B) (*Checkpoint, string) {
	b.Helper()
	c, err := New(stageModel())
	require.NoError(b, err)
	path, err := c.Write(ctx, filepath.Join(b.TempDir(), "ckpt"))
	require.NoError(b, err)
	return c, path
}

func BenchmarkStagePlan(b *testing.B) {
	type block struct {
		Kernel *tensor.Tensor[float32] `ckpt:"kernel,alias=weights,fullname=block/kernel"`
		Bias   []float32               `ckpt:"bias,shape=2x3,optional"`
		Steps  int64                   `ckpt:"'steps,taken'"`
		Inner  []*block                `ckpt:"inner,alloc"`
		hidden int
	}
	_ = block{}.hidden
	stage(b, func() error {
		walk.NewTypes(goTypes.Language).Struct(reflect.TypeFor[block]())
		return nil
	})
}

func BenchmarkStageWalk(b *testing.B) {
	run := func(name string, model any) {
		b.Run(name, func(b *testing.B) {
			c, err := New(model)
			require.NoError(b, err)
			stage(b, func() error { _, err := c.walk(); return err })
		})
	}
	run("tensors", stageModel())
	structs := make([]*dense, 1_000)
	for i := range structs {
		structs[i] = &dense{Kernel: *f32(1, 2), Bias: *f32(1)}
	}
	run("structs", Group{"layers": structs})
}

func BenchmarkStageWrite(b *testing.B) {
	c, path := stageCheckpoint(b)
	stage(b, func() error { _, err := c.Write(ctx, path); return err })
}

func BenchmarkStageOpen(b *testing.B) {
	_, path := stageCheckpoint(b)
	stage(b, func() error {
		r, err := Open(path)
		if err != nil {
			return err
		}
		return r.Close()
	})
}

func BenchmarkStageMatch(b *testing.B) {
	b.Run("restore", func(b *testing.B) { // with the walk and the index, and all that comes before the first byte
		_, path := stageCheckpoint(b)
		model := stageModel()
		stage(b, func() error {
			c, err := New(model)
			if err != nil {
				return err
			}
			_, err = c.Read(ctx, path, Planned())
			return err
		})
	})
	b.Run("views", func(b *testing.B) {
		c, path := stageCheckpoint(b)
		program, err := c.View()
		require.NoError(b, err)
		r, err := Open(path)
		require.NoError(b, err)
		defer r.Close()
		stored, err := r.View()
		require.NoError(b, err)
		stage(b, func() error {
			require.GreaterOrEqual(b, len(Match(stored, program)), 1_000)
			return nil
		})
	})
}

func BenchmarkStageRead(b *testing.B) {
	c, path := stageCheckpoint(b)
	stage(b, func() error { _, err := c.Read(ctx, path); return err })
}
