package raw

import (
	"errors"
	"hash/crc32"
	"io"

	"github.com/gockpt/ckpt/internal/crc"
	"github.com/gockpt/ckpt/tensor"
)

// A source gives the elements of one tensor as they are in memory.
type source struct {
	e    *entry
	from io.ReaderAt // the blob, or the one pass over a stream
	buf  []byte      // blocks to be decoded; of this source alone
	one  []byte      // one decoded block
	sums []uint32    // of chunks, where all of a tensor with a sum is read by them; shared by clones
}

// open returns the source of e. It is to be closed; finish comes before that where all of the tensor was read.
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

// clone returns a source that another goroutine may use. Streams have no clones.
func (s *source) clone() *source { return &source{e: s.e, from: s.from, sums: s.sums} }

// parallel reports whether several clones may be used at once.
func (s *source) parallel() bool { return s.e.blob.open == nil }

func (s *source) close() {
	if p, ok := s.from.(*pass); ok {
		p.c.Close()
	}
}

// sum lets what is read from now on, chunk by chunk, be compared with the tensor's sum by finish.
func (s *source) sum() {
	if s.e.Sum != nil {
		s.sums = make([]uint32, (s.e.Size+chunkSize-1)/chunkSize)
	}
}

// finish compares the checksum of a tensor that was read whole. In a stream it reads the bytes after the tensor, so that the
// stream does.
func (s *source) finish() error {
	if s.sums != nil {
		sum := crc.Combine(crc32.IEEE, s.e.Sum.Before, crc.Chunks(crc32.IEEE, s.sums, chunkSize, s.e.Size), s.e.Size)
		if sum != s.e.Sum.Want {
			return s.e.fault("its checksum is %08x, and the archive says %08x: the file was damaged", sum, s.e.Sum.Want)
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
		return s.e.fault("%s has more than the %d bytes that the archive says", s.e.blob.name, s.e.blob.size)
	}
	return nil
}

// readAt fills p with elements in this machine's byte order, from the byte at of the tensor on. Both are whole elements. A failed
// read may leave some of them.
func (s *source) readAt(p []byte, at int64) error {
	e := s.e
	if e.Code != nil {
		return s.decodeAt(p, at)
	}
	err := s.bytesAt(p, e.Offset+at)
	if s.sums != nil {
		s.sums[at/chunkSize] = crc32.ChecksumIEEE(p)
	}
	toNative(e, p) // also what a failed read has left
	return err
}

// toNative turns numbers as e stores them into numbers as this machine keeps them.
func toNative(e *entry, p []byte) {
	if e.BigEndian == tensor.NativeLittleEndian {
		e.DType.SwapBytes(p)
	}
	e.DType.Normalize(p)
}

// decodeAt is readAt for tensors in blocks.
func (s *source) decodeAt(p []byte, at int64) error {
	e := s.e
	block := int64(e.Code.Elements * e.DType.Size()) // bytes of a block in memory
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

// blocks returns n stored blocks, until it is called again.
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
		return s.e.fault("%d of its %d bytes could be read: the file was cut off", min(max(off+int64(n)-s.e.Offset, 0), s.e.Size), s.e.Size)
	}
	return s.e.readFault(err)
}

// fault is the error of bytes that cannot be right.
func (e *entry) fault(reason string, args ...any) error {
	f := Corrupt(e.blob.name, e.Key, reason, args...)
	f.Offset = e.Offset
	return f
}

// readFault is the error of a failed read.
func (e *entry) readFault(err error) error {
	if already := new(Error); errors.As(err, &already) {
		return err
	}
	return &Error{File: e.blob.name, Key: e.Key, Offset: e.Offset, Err: err}
}

// A pass reads a stream once, forwards.
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
