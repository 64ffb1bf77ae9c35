package writers

import (
	"context"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A counted is a writer that reports tensors as they are loaded, for formats that do not report bytes. It loads tensors one after
// the other.
type counted struct {
	format.Writer
	report      func(done, total int64)
	done, total int64
}

func (c *counted) Add(shard int, key string, src format.Source) error {
	return c.Writer.Add(shard, key, c.source(src))
}

// source wraps a source so that c counts its tensor.
func (c *counted) source(src format.Source) format.Source {
	load, size := src.Load, int64(src.Shape.Len())*int64(src.DType.Size())
	c.total += size
	src.Load = func() (tensor.Any, error) {
		t, err := load()
		c.report(c.done, c.total) // the tensors before it are written
		c.done += size
		return t, err
	}
	return src
}

func (c *counted) Commit(ctx context.Context) error {
	err := c.Writer.Commit(ctx)
	if err == nil {
		c.report(c.total, c.total)
	}
	return err
}
