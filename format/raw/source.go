package raw

import (
	"errors"
	"hash/crc32"
	"io"

	"github.com/gockpt/ckpt/internal/crc"
	"github.com/gockpt/ckpt/tensor"
)

// A source reads the elements of one tensor and returns them as they are in memory.
type source struct {
	e    *entry
	from io.ReaderAt // the blob, or a single pass over a stream
	buf  []byte      // stored blocks before decoding; not shared with clones
	one  []byte      // one decoded block
	sums []uint32    // checksums of chunks, if all of a tensor with a Sum is read; shared by clones
}

// open returns the source of e. The caller must close it, and call finish before that if it read all of the tensor.
func (e *entry) open() (*source, error) {
	if e.blob.open == nil {
		return &source{e: e, from: e.blob}, nil
	}
	s, err := e.blob.open()
	if err != nil {
		return nil, e.readFault(err)
	}
	return &source{e: e, from: &pass{r: s, c: s}}, nil
}

// clone returns a source that another goroutine may use. A source of a stream cannot be cloned.
func (s *source) clone() *source { return &source{e: s.e, from: s.from, sums: s.sums} }

// parallel reports whether several clones may be used at once.
func (s *source) parallel() bool { return s.e.blob.open == nil }

func (s *source) close() {
	if p, ok := s.from.(*pass); ok {
		p.c.Close()
	}
}

// sum computes checksums of the chunks that are read from now on. finish compares them with the tensor's Sum.
func (s *source) sum() {
	if s.e.Sum != nil {
		s.sums = make([]uint32, (s.e.Size+chunkSize-1)/chunkSize)
	}
}

// finish compares the checksum of a tensor of which all bytes were read. In a stream it reads the bytes after the tensor too,
// because the stream compares its checksum at its end.
func (s *source) finish() error {
	if s.sums != nil {
		sum := crc.Combine(crc32.IEEE, s.e.Sum.Before, crc.Chunks(crc32.IEEE, s.sums, chunkSize, s.e.Size), s.e.Size)
		if sum != s.e.Sum.Want {
			return s.e.fault("its checksum is %08x, the archive says %08x: the file is damaged", sum, s.e.Sum.Want)
		}
	}
	p, ok := s.from.(*pass)
	if !ok {
		return nil
	}
	left := s.e.blob.size - p.at
	n, err := io.CopyN(io.Discard, p.r, left+1)
	switch {
	case err != nil && err != io.EOF:
		return s.e.readFault(err)
	case n < left:
		return s.e.fault("%s ends after %d of its %d bytes", s.e.blob.name, p.at+n, s.e.blob.size)
	case n > left:
		return s.e.fault("%s has more than the %d bytes that the archive gives", s.e.blob.name, s.e.blob.size)
	}
	return nil
}

// readAt fills p with elements in this machine's byte order, starting at the byte at of the tensor. at and p must cover whole
// elements. If reading fails, p may hold some of them.
func (s *source) readAt(p []byte, at int64) error {
	e := s.e
	if e.Code != nil {
		return s.decodeAt(p, at)
	}
	err := s.bytesAt(p, e.Offset+at)
	if s.sums != nil {
		s.sums[at/chunkSize] = crc32.ChecksumIEEE(p)
	}
	toNative(e, p) // also after a failed read
	return err
}

// toNative converts numbers in p from the byte order of e to that of this machine.
func toNative(e *entry, p []byte) {
	if e.BigEndian == tensor.NativeLittleEndian {
		e.DType.SwapBytes(p)
	}
	e.DType.Normalize(p)
}

// decodeAt is readAt for tensors in blocks.
func (s *source) decodeAt(p []byte, at int64) error {
	e := s.e
	block := int64(e.Code.Elements * e.DType.Size()) // bytes of a decoded block
	for len(p) > 0 {
		index, skip := at/block, at%block
		if skip == 0 && int64(len(p)) >= block {
			whole := min(int64(len(p))/block, max(bufferSize/int64(e.Code.Bytes), 1))
			src, err := s.blocks(index, whole)
			if err != nil {
				return err
			}
			e.Code.Decode(p[:whole*block], src)
			p, at = p[whole*block:], at+whole*block
			continue
		}
		src, err := s.blocks(index, 1)
		if err != nil {
			return err
		}
		if s.one == nil {
			s.one = make([]byte, block)
		}
		e.Code.Decode(s.one, src)
		n := copy(p, s.one[skip:])
		p, at = p[n:], at+int64(n)
	}
	return nil
}

// blocks returns n stored blocks. They are valid until the next call.
func (s *source) blocks(index, n int64) ([]byte, error) {
	size := int64(s.e.Code.Bytes)
	if int64(len(s.buf)) < n*size {
		s.buf = make([]byte, n*size)
	}
	b := s.buf[:n*size]
	return b, s.bytesAt(b, s.e.Offset+index*size)
}

// bytesAt fills p with the bytes of the blob.
func (s *source) bytesAt(p []byte, off int64) error {
	n, err := s.from.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF || err == nil {
		return s.e.fault("only %d of its %d bytes could be read: the file was cut off", min(max(off+int64(n)-s.e.Offset, 0), s.e.Size), s.e.Size)
	}
	return s.e.readFault(err)
}

// fault returns the error for invalid bytes.
func (e *entry) fault(reason string, args ...any) error {
	f := Corrupt(e.blob.name, e.Key, reason, args...)
	f.Offset = e.Offset
	return f
}

// readFault returns the error for a failed read.
func (e *entry) readFault(err error) error {
	if already := new(Error); errors.As(err, &already) {
		return err
	}
	return &Error{File: e.blob.name, Key: e.Key, Offset: e.Offset, Err: err}
}

// A pass reads a stream once, from beginning to end.
type pass struct {
	r  io.Reader
	c  io.Closer
	at int64
}

var errBackwards = errors.New("a stream cannot be read backwards")

// ReadAt implements [io.ReaderAt] for offsets that do not go back.
func (p *pass) ReadAt(b []byte, off int64) (int, error) {
	if off < p.at {
		return 0, errBackwards
	}
	skipped, err := io.CopyN(io.Discard, p.r, off-p.at)
	p.at += skipped
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(p.r, b)
	p.at += int64(n)
	return n, err
}
