package stats

import (
	"context"
	"errors"

	"github.com/gockpt/ckpt/tensor"
)

// A Stream sums up the values of a tensor from its bytes, in bounded memory. It is an [io.Writer] of little-endian values.
type Stream struct {
	ctx   context.Context
	part  tensor.Any // of as many values as are summed up at once
	bytes []byte     // part's memory
	have  int        // how many of them are there
	sum   Summary
}

// NewStream returns a Stream for values of a dtype; ok is false where they are not numbers.
func NewStream(ctx context.Context, d tensor.DType) (s *Stream, ok bool) {
	if d.Size() == 0 {
		return nil, false
	}
	part, err := tensor.NewAny(d, chunk)
	if err != nil {
		return nil, false
	}
	bytes, ok := tensor.Bytes(part)
	return &Stream{ctx: ctx, part: part, bytes: bytes, sum: summarize(nil)}, ok
}

// Write implements [io.Writer].
func (s *Stream) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		n := copy(s.bytes[s.have:], p)
		s.have, written, p = s.have+n, written+n, p[n:]
		if s.have == len(s.bytes) {
			if err := s.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

// flush adds the values that are there.
func (s *Stream) flush() error {
	d := s.part.DType()
	if s.have%d.Size() != 0 {
		return errors.New("stats: the values end within one")
	}
	if !tensor.NativeLittleEndian {
		d.SwapBytes(s.bytes[:s.have])
	}
	d.Normalize(s.bytes[:s.have])
	part, err := tensor.FromBytes(d, s.bytes[:s.have], s.have/d.Size())
	if err != nil {
		return err
	}
	s.have = 0
	of, err := Of(s.ctx, part)
	if err == nil {
		s.sum.Add(of)
	}
	return err
}

// Summary returns the summary of all that was written.
func (s *Stream) Summary() (*Summary, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	return &s.sum, nil
}
