package ckpt_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/tensor"
)

// These benchmarks measure the stages of a save and of a restore. Each is small, so that `.ci/run benchmarks` can compare its
// allocations with those of the previous commit. The packages of the formats have such benchmarks too.

// stage measures f. The first call fills caches and pools, and does not count.
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

// stageModel is a model with a thousand small tensors and a large one, which is written and read in several pieces.
func stageModel() ckpt.Group {
	model := benchModel(1_000, 64_000)
	model["large"] = tensor.New[float32](2 << 20)
	return model
}

// stageCheckpoint returns a checkpoint of stageModel, and its path.
func stageCheckpoint(b *testing.B) (*ckpt.Checkpoint, string) {
	b.Helper()
	c, err := ckpt.New(stageModel())
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
		walk.NewTypes(ckpt.Language).Struct(reflect.TypeFor[block]())
		return nil
	})
}

func BenchmarkStageWalk(b *testing.B) {
	run := func(name string, model any) {
		b.Run(name, func(b *testing.B) {
			c, err := ckpt.New(model)
			require.NoError(b, err)
			stage(b, func() error { _, err := c.Walk(); return err })
		})
	}
	run("tensors", stageModel())
	structs := make([]*ckpttest.Dense, 1_000)
	for i := range structs {
		structs[i] = &ckpttest.Dense{Kernel: *ckpttest.Vector(1, 2), Bias: *ckpttest.Vector(1)}
	}
	run("structs", ckpt.Group{"layers": structs})
}

func BenchmarkStageWrite(b *testing.B) {
	c, path := stageCheckpoint(b)
	stage(b, func() error { _, err := c.Write(ctx, path); return err })
}

func BenchmarkStageOpen(b *testing.B) {
	_, path := stageCheckpoint(b)
	stage(b, func() error {
		r, err := ckpt.Open(path)
		if err != nil {
			return err
		}
		return r.Close()
	})
}

func BenchmarkStageMatch(b *testing.B) {
	b.Run("restore", func(b *testing.B) { // includes the walk, the index and all other work before the first byte
		_, path := stageCheckpoint(b)
		model := stageModel()
		stage(b, func() error {
			c, err := ckpt.New(model)
			if err != nil {
				return err
			}
			_, err = c.Read(ctx, path, ckpt.Planned())
			return err
		})
	})
	b.Run("views", func(b *testing.B) {
		c, path := stageCheckpoint(b)
		program, err := c.View()
		require.NoError(b, err)
		r, err := ckpt.Open(path)
		require.NoError(b, err)
		defer r.Close()
		stored, err := r.View()
		require.NoError(b, err)
		stage(b, func() error {
			require.GreaterOrEqual(b, len(ckpt.Match(stored, program)), 1_000)
			return nil
		})
	})
}

func BenchmarkStageRead(b *testing.B) {
	c, path := stageCheckpoint(b)
	stage(b, func() error { _, err := c.Read(ctx, path); return err })
}
