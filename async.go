package ckpt

import (
	"context"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// Async makes Save and Write return as soon as the values are copied; the files are written in the background. The
// path that they return is that of files to come. The next call on the Checkpoint first awaits the save and returns its
// error, and so does [Checkpoint.Sync].
func Async() Option { return Option{"Async", onNew | onSave, func(o *options) { o.async = true }} }

// An asyncSave is a save in the background.
type asyncSave struct {
	done chan struct{}
	err  error
}

// startAsync copies the graph's values and writes the copies in the background. The end of ctx ends the save as it does
// one in the foreground.
func (c *Checkpoint) startAsync(ctx context.Context, g *graph, path string, o options, after func(context.Context) error) error {
	_, tensors, err := g.sources(ctx)
	if err != nil {
		return err
	}
	for i := range tensors {
		src := tensors[i].src
		t, err := src.Load()
		if err != nil {
			return err
		}
		tensors[i].src = format.SourceOf(tensor.Clone(t))
	}
	s := &asyncSave{done: make(chan struct{})}
	c.saving = s
	go func() {
		defer close(s.done)
		if o.ended != nil {
			defer o.ended()
		}
		if s.err = writeTensors(ctx, tensors, path, o); s.err == nil && after != nil {
			s.err = after(ctx)
		}
	}()
	return nil
}
