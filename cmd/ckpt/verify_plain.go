package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/stats"
)

// A plainReport is that of a file in a format without checksums of its own: where the structure is right it says how many values are
// NaN or infinite.
type plainReport struct {
	reporter
	ctx  context.Context
	r    *ckpt.Reader
	out  io.Writer
	text bool
}

func (p *plainReport) end(prefix string, tensors int, bytes int64, ok bool) error {
	if !p.text || !ok {
		return p.reporter.end(prefix, tensors, bytes, ok)
	}
	var nan, infinite int64
	for e, err := range p.r.All() {
		if err != nil {
			return err
		}
		if e.DType.Size() == 0 {
			continue
		}
		t, err := p.r.ReadTensor(p.ctx, e.Key)
		if errors.Is(err, errors.ErrUnsupported) {
			continue // verify reported it
		}
		if err != nil {
			return err
		}
		s, err := stats.Of(p.ctx, t)
		if err != nil {
			return err
		}
		nan, infinite = nan+s.NaNs, infinite+s.Infs
	}
	_, err := fmt.Fprintf(p.out, "%s: %s, %s, structure checked (%s has no checksums of its own), %d NaN, %d infinite\n",
		safe(prefix), count(tensors, "tensor"), size(bytes), p.r.Format(), nan, infinite)
	return err
}
