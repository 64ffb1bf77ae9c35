package ckpt

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

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
	if err := copySources(tensors); err != nil {
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

// copySources replaces what the sources load by copies. Objects are asked for their values one at a time; the large ones are
// copied by all processors, since most of a copy's time goes into memory that is used for the first time.
func copySources(tensors []namedSource) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	defer group.Wait() // it has no errors
	for i := range tensors {
		src := &tensors[i].src
		t, err := src.Load()
		if err != nil {
			return err
		}
		if b, _ := tensor.Bytes(t); len(b) < copiedApart {
			*src = format.SourceOf(tensor.Clone(t))
			continue
		}
		group.Go(func() error {
			*src = format.SourceOf(tensor.Clone(t))
			return nil
		})
	}
	return nil
}

// copiedApart is how many bytes are worth a goroutine of their own.
const copiedApart = 256 << 10
