package bundle

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/tensor"
)

// readElements reads all of s, strings or variants, and copies its runs to their positions in dst.
func (r *Reader) readElements(ctx context.Context, s *stored, rs *runs, dst tensor.Any) error {
	switch values := dst.Values().(type) {
	case []string:
		if n := s.rec.shape.Len(); len(rs.outer) == 0 && rs.n == n { // one run of dst has all of s
			return r.readStrings(ctx, s, values[rs.dst:rs.dst+n])
		}
		src := make([]string, s.rec.shape.Len())
		err := r.readStrings(ctx, s, src)
		if err == nil {
			copyRuns(values, src, rs)
		}
		return err
	case []tensor.Variant:
		src, err := r.readVariants(ctx, s)
		if err == nil {
			copyRuns(values, src, rs)
		}
		return err
	}
	return r.indexFault(s, "values of dtype %v cannot be stored", s.rec.dtype)
}

// readStrings reads all of s (ReadStringTensor in tensor_bundle.cc) into dst, which has the same length, and verifies them. The
// strings share one piece of memory. If it is large, it is allocated only after the file is known to have the bytes.
func (r *Reader) readStrings(ctx context.Context, s *stored, dst []string) error {
	if s.rec.size > maxUnverified {
		if err := r.writeStrings(ctx, s, io.Discard); err != nil {
			return err
		}
	}
	src := r.newSource(ctx, s)
	lengths := make([]int, 0, len(dst)) // at most the entry's size: see checkSize
	total, err := src.lengths(func(n int64, _ []byte) error {
		lengths = append(lengths, int(n))
		return nil
	})
	if err != nil {
		return err
	}
	if total > math.MaxInt {
		return r.dataFault(s, "strings of %d bytes are more than this machine can hold", total)
	}
	var text strings.Builder
	text.Grow(int(total)) // at most the rest of the entry
	if err := src.copy(&text, total); err != nil {
		return err
	}
	if err := r.verify(s, src.crc); err != nil {
		return err
	}
	rest := text.String()
	for i, n := range lengths {
		dst[i], rest = rest[:n], rest[n:]
	}
	return nil
}

// writeStrings copies the stored bytes of s in little-endian order, and verifies them.
func (r *Reader) writeStrings(ctx context.Context, s *stored, w io.Writer) error {
	src := r.newSource(ctx, s)
	buf := bufio.NewWriterSize(w, bufferSize)
	var little lengthSum // the checksum of the lengths in a little-endian file
	total, err := src.lengths(func(n int64, raw []byte) error {
		little.add(n)
		_, err := buf.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := buf.Write(binary.LittleEndian.AppendUint32(nil, sstable.Mask(little.sum()))); err != nil {
		return err
	}
	if err := src.copy(buf, total); err != nil {
		return err
	}
	if err := r.verify(s, src.crc); err != nil {
		return err
	}
	if err := src.copy(buf, src.left); err != nil { // a checksum does not cover these bytes
		return err
	}
	return buf.Flush()
}

// A lengthSum is the checksum of the lengths of strings. It covers each length as four bytes, or as eight if
// needed.
type lengthSum struct {
	bigEndian bool
	crc       uint32
	pending   []byte // bytes that are not in crc yet
}

func (l *lengthSum) add(n int64) {
	switch {
	case n <= math.MaxUint32 && l.bigEndian:
		l.pending = binary.BigEndian.AppendUint32(l.pending, uint32(n))
	case n <= math.MaxUint32:
		l.pending = binary.LittleEndian.AppendUint32(l.pending, uint32(n))
	case l.bigEndian:
		l.pending = binary.BigEndian.AppendUint64(l.pending, uint64(n))
	default:
		l.pending = binary.LittleEndian.AppendUint64(l.pending, uint64(n))
	}
	if len(l.pending) >= 1024 {
		l.sum()
	}
}

// sum returns the checksum so far.
func (l *lengthSum) sum() uint32 {
	l.crc = crc32.Update(l.crc, castagnoli, l.pending)
	l.pending = l.pending[:0]
	return l.crc
}

// A source reads the bytes of a string or variant tensor, and computes the checksum of those that it covers.
type source struct {
	r     *Reader
	s     *stored
	ctx   context.Context
	buf   *bufio.Reader
	off   int64 // offset of the next byte that buf will read
	left  int64 // number of bytes of the entry that were not consumed yet
	crc   uint32
	chunk []byte
	raw   [binary.MaxVarintLen64]byte // the last length
}

func (r *Reader) newSource(ctx context.Context, s *stored) *source {
	src := &source{r: r, s: s, ctx: ctx, left: s.rec.size}
	src.buf = bufio.NewReaderSize((*section)(src), int(min(bufferSize, max(s.rec.size, 16))))
	return src
}

// A section is the io.Reader of a source's buffer.
type section source

func (c *section) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), c.s.rec.size-c.off)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	if err := c.r.readAt(c.ctx, c.s, p, c.off); err != nil {
		return 0, err
	}
	c.off += int64(len(p))
	return len(p), nil
}

// lengths reads the lengths of all strings and their checksum. It returns the sum of the lengths, which is at
// most the rest of the entry. It calls fn with each length and its stored bytes.
func (c *source) lengths(fn func(n int64, raw []byte) error) (total int64, err error) {
	sum := lengthSum{bigEndian: c.r.header.bigEndian}
	for i := range c.s.rec.shape.Len() {
		n, raw, err := c.uvarint(i)
		if err != nil {
			return 0, err
		}
		if total += n; total > c.left { // n is at most left, so the sum did not overflow
			return 0, c.r.dataFault(c.s, "its strings up to element %d have %d bytes, but %d are left of its %d",
				i, total, c.left, c.s.rec.size)
		}
		sum.add(n)
		if err := fn(n, raw); err != nil {
			return 0, err
		}
	}
	c.crc = sum.sum()
	if err := c.checkpoint("of the strings' lengths"); err != nil {
		return 0, err
	}
	if total > c.left {
		return 0, c.r.dataFault(c.s, "its strings have %d bytes, but %d are left of its %d", total, c.left, c.s.rec.size)
	}
	return total, nil
}

// uvarint reads the length of element i. The length must not exceed the rest of the entry.
func (c *source) uvarint(i int) (n int64, raw []byte, err error) {
	b := &c.raw
	for k := range b {
		if c.left == 0 {
			return 0, nil, c.r.dataFault(c.s, "its %d bytes end within the length of element %d", c.s.rec.size, i)
		}
		if b[k], err = c.buf.ReadByte(); err != nil {
			return 0, nil, c.fault(err)
		}
		c.left--
		if b[k] < 0x80 {
			v, used := binary.Uvarint(b[:k+1])
			if used <= 0 {
				break
			}
			if v > uint64(c.left) {
				return 0, nil, c.r.dataFault(c.s, "element %d claims %d bytes, but %d are left of its %d", i, v, c.left, c.s.rec.size)
			}
			return int64(v), b[:k+1], nil
		}
	}
	return 0, nil, c.r.dataFault(c.s, "the length of element %d does not fit 64 bits", i)
}

// checkpoint reads a stored checksum and compares it with the checksum of the bytes before. It continues the
// latter with the stored bytes.
func (c *source) checkpoint(of string) error {
	if c.left < 4 {
		return c.r.dataFault(c.s, "%d bytes are left for the checksum %s", c.left, of)
	}
	var word [4]byte
	if _, err := io.ReadFull(c.buf, word[:]); err != nil {
		return c.fault(err)
	}
	c.left -= 4
	want := binary.LittleEndian.Uint32(word[:])
	if c.r.header.bigEndian {
		want = binary.BigEndian.Uint32(word[:])
	}
	if got := sstable.Mask(c.crc); got != want {
		return c.r.dataFault(c.s, "checksum %#08x %s, want %#08x: the file was damaged", got, of, want)
	}
	c.crc = crc32.Update(c.crc, castagnoli, word[:])
	return nil
}

// copy copies n bytes to w. The entry must have them.
func (c *source) copy(w io.Writer, n int64) error {
	if c.chunk == nil && n > 0 {
		c.chunk = make([]byte, min(bufferSize, c.s.rec.size))
	}
	for n > 0 {
		p := c.chunk[:min(int64(len(c.chunk)), n)]
		k, err := io.ReadFull(c.buf, p)
		if err != nil {
			return c.fault(err)
		}
		c.crc = crc32.Update(c.crc, castagnoli, p)
		if _, err := w.Write(p); err != nil {
			return err
		}
		n -= int64(k)
		c.left -= int64(k)
	}
	return nil
}

// fault returns the error of a read from the buffer. Errors of the buffer itself cannot occur if left is
// respected.
func (c *source) fault(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return c.r.dataFault(c.s, "its %d bytes end too early", c.s.rec.size)
	}
	return err
}

// variants reads all of s (ReadVariantTensor). It calls fn for each element with its length and the length's
// stored bytes. fn must copy the element's contents.
func (r *Reader) variants(ctx context.Context, s *stored, fn func(src *source, n int64, raw []byte) error) error {
	if r.header.bigEndian {
		return r.readFault(s, fmt.Errorf("variants in a big-endian checkpoint are not supported; TensorFlow cannot read them either: %w", errors.ErrUnsupported))
	}
	src := r.newSource(ctx, s)
	for i := range s.rec.shape.Len() {
		n, raw, err := src.uvarint(i)
		if err != nil {
			return err
		}
		src.crc = crc32.Update(src.crc, castagnoli, binary.LittleEndian.AppendUint64(nil, uint64(n)))
		if err := fn(src, n, raw); err != nil {
			return err
		}
	}
	return r.verify(s, src.crc)
}

// readVariants reads and verifies all of s.
func (r *Reader) readVariants(ctx context.Context, s *stored) ([]string, error) {
	if s.rec.size > maxUnverified {
		if err := r.writeVariants(ctx, s, io.Discard); err != nil {
			return nil, err
		}
	}
	values := make([]string, 0, s.rec.shape.Len())
	err := r.variants(ctx, s, func(src *source, n int64, _ []byte) error {
		var text strings.Builder
		text.Grow(int(n))
		if err := src.copy(&text, n); err != nil {
			return err
		}
		values = append(values, text.String())
		return src.checkpoint("after element " + fmt.Sprint(len(values)-1))
	})
	return values, err
}

// writeVariants copies the stored bytes of s and verifies them.
func (r *Reader) writeVariants(ctx context.Context, s *stored, w io.Writer) error {
	i := 0
	return r.variants(ctx, s, func(src *source, n int64, raw []byte) error {
		if _, err := w.Write(raw); err != nil {
			return err
		}
		if err := src.copy(w, n); err != nil {
			return err
		}
		word := binary.LittleEndian.AppendUint32(nil, sstable.Mask(src.crc))
		if err := src.checkpoint("after element " + fmt.Sprint(i)); err != nil {
			return err
		}
		i++
		_, err := w.Write(word)
		return err
	})
}
