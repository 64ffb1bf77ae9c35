package stats

import (
	"context"
	"errors"

	"github.com/gockpt/ckpt/tensor"
)

// A Stream summarizes the values of a tensor from its bytes, in bounded memory. It is an [io.Writer] of little-endian values.
type Stream struct {
	ctx   context.Context
	part  tensor.Any // holds as many values as are summarized at once
	bytes []byte     // memory of part
	have  int        // number of bytes in use
	converter
	sum Summary
}

// NewStream returns a Stream for values of a dtype. ok is false if they are not numbers. A small n, the expected number, saves
// memory.
func NewStream(ctx context.Context, d tensor.DType, n int) (s *Stream, ok bool) {
	if d.Size() == 0 {
		return nil, false
	}
	part, err := tensor.NewAny(d, max(1, min(n, chunk)))
	if err != nil {
		return nil, false
	}
	bytes, ok := tensor.Bytes(part)
	return &Stream{ctx: ctx, part: part, bytes: bytes, sum: summarize(nil)}, ok
}

// Write implements [io.Writer].
func (s *Stream) Write(p []byte) (written int, err error) {
	if d := s.part.DType(); s.have == 0 && tensor.NativeLittleEndian && d != tensor.DTBool {
		n := len(p) - len(p)%(block*d.Size())
		if part, err := tensor.FromBytes(d, p[:n], n/d.Size()); err == nil { // otherwise the memory is misaligned
			if err := s.add(part); err != nil {
				return 0, err
			}
			written, p = n, p[n:]
		}
	}
	if err := s.ctx.Err(); err != nil {
		return written, context.Cause(s.ctx)
	}
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

// flush adds the buffered values.
func (s *Stream) flush() error {
	d := s.part.DType()
	if s.have%d.Size() != 0 {
		return errors.New("stats: the last value is incomplete")
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
	return s.add(part)
}

// add adds the values of part.
func (s *Stream) add(part tensor.Any) error {
	for from := 0; from < part.Len(); from += chunk {
		narrow, values, err := s.convert(part, from, min(chunk, part.Len()-from))
		if err != nil {
			return err
		}
		sum := summarizePart(narrow, values)
		s.sum.Add(&sum)
	}
	return nil
}

// Summary returns the summary of all written values.
func (s *Stream) Summary() (*Summary, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	return &s.sum, nil
}
