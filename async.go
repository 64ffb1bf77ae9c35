package ckpt

import (
	"context"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
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
func (c *Checkpoint) startAsync(ctx context.Context, g *object.Graph, path string, o options, after func(context.Context) error) error {
	tensors, err := stored.Checkpoint(ctx, g)
	if err != nil {
		return err
	}
	if err := stored.Copy(tensors); err != nil {
		return err
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
