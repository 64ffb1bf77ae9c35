package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime/coverage"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A model is a struct of two fields.
type model struct {
	Kernel *tensor.Tensor[float32]
	Step   int64 `ckpt:"step"`
}

func newModel() *model { return &model{Kernel: tensor.New[float32](2, 3)} }

// A verb prepares its input in dir and returns the call to measure.
type verb struct {
	name    string
	prepare func(ctx context.Context, dir string) (call func() error, err error)
}

var verbs = []verb{
	{"Save", func(ctx context.Context, dir string) (func() error, error) {
		c, err := ckpt.New(newModel())
		return func() error { _, err := c.Save(ctx, filepath.Join(dir, "ckpt")); return err }, err
	}},
	{"Restore", func(ctx context.Context, dir string) (func() error, error) {
		path, c, err := saved(ctx, dir)
		return func() error { _, err := c.Restore(ctx, path); return err }, err
	}},
	{"LoadWeights", func(ctx context.Context, dir string) (func() error, error) {
		path, _, err := saved(ctx, dir)
		m := newModel()
		return func() error { return ckpt.LoadWeights(ctx, path, m) }, err
	}},
	{"Merge", func(ctx context.Context, dir string) (func() error, error) {
		c, err := ckpt.New(newModel())
		if err != nil {
			return nil, err
		}
		prefix := filepath.Join(dir, "ckpt")
		err = c.WriteSection(ctx, prefix, 0, 1)
		return func() error { _, err := ckpt.Merge(ctx, prefix); return err }, err
	}},
}

// saved saves a model and returns its path, and a Checkpoint of another model.
func saved(ctx context.Context, dir string) (path string, c *ckpt.Checkpoint, err error) {
	from, err := ckpt.New(newModel())
	if err != nil {
		return "", nil, err
	}
	if path, err = from.Save(ctx, filepath.Join(dir, "ckpt")); err != nil {
		return "", nil, err
	}
	c, err = ckpt.New(newModel())
	return path, c, err
}

// measure runs a verb in dir and writes its coverage to the directory counters.
func measure(name, dir string) error {
	for _, v := range verbs {
		if v.name != name {
			continue
		}
		call, err := v.prepare(context.Background(), dir)
		if err != nil {
			return err
		}
		if err := coverage.ClearCounters(); err != nil {
			return err
		}
		if err := call(); err != nil {
			return err
		}
		counters := filepath.Join(dir, "counters")
		if err := coverage.WriteMetaDir(counters); err != nil {
			return err
		}
		return coverage.WriteCountersDir(counters)
	}
	return fmt.Errorf("unknown verb %s", name)
}
