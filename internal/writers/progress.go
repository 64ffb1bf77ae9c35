package writers

import (
	"context"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// A counted is a writer that tells of tensors as they are loaded, for formats that do not tell of bytes. Its tensors are loaded one
// after the other.
type counted struct {
	format.Writer
	report      func(done, total int64)
	done, total int64
}

func (c *counted) Add(shard int, key string, src format.Source) error {
	return c.Writer.Add(shard, key, c.source(src))
}

// source returns a source that is to be added, with which c counts.
func (c *counted) source(src format.Source) format.Source {
	load, size := src.Load, int64(src.Shape.Len())*int64(src.DType.Size())
	c.total += size
	src.Load = func() (tensor.Any, error) {
		t, err := load()
		c.report(c.done, c.total) // those before it are written
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
