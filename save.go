package ckpt

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
)

// write saves the graph under prefix and returns when it is durable.
func writeGraph(ctx context.Context, g *object.Graph, prefix string, o options) error {
	tensors, err := stored.Checkpoint(ctx, g)
	if err != nil {
		return err
	}
	return writeTensors(ctx, tensors, prefix, o)
}

func writeTensors(ctx context.Context, tensors []stored.Tensor, prefix string, o options) error {
	if dir := filepath.Dir(prefix); dir != "." {
		if err := fsx.MkdirAll(o.writer, dir); err != nil {
			return fmt.Errorf("ckpt: save %s: %w", prefix, err)
		}
	}
	w := bundle.Create(o.writer, prefix, bundle.Options{Progress: progressOf(o.progress), Alignment: o.align})
	w.Grow(len(tensors))
	if err := stored.Add(w, tensors, o.shard); err != nil {
		return fmt.Errorf("ckpt: save %s: %w", prefix, err)
	}
	if err := w.Commit(ctx); err != nil {
		return fmt.Errorf("ckpt: save %s: %w", prefix, err)
	}
	for _, f := range o.callbacks {
		if err := f(ctx, prefix); err != nil {
			return fmt.Errorf("ckpt: save %s: write callback: %w", prefix, err)
		}
	}
	return nil
}

func progressOf(f func(Progress)) func(done, total int64) {
	if f == nil {
		return nil
	}
	return func(done, total int64) { f(Progress{done, total}) }
}
