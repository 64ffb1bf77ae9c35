package hdf5

import (
	"encoding/binary"
	"io"
)

// undefined is the address of an object that does not exist.
const undefined = ^uint64(0)

// blocks reads blocks of metadata and counts their bytes. In files that HDF5 wrote blocks do not overlap, so together they are
// at most as long as the file.
type blocks struct {
	r     io.ReaderAt
	size  int64 // of the file, according to its superblock
	spent int64
	heaps map[uint64]*collection // the global heaps that were read, by address
}

// read returns the n bytes at address at. Errors call the block what.
func (b *blocks) read(what string, at, n uint64) (cursor, error) {
	c := cursor{what: what, at: int64(at)}
	switch size := uint64(b.size); {
	case at > size || n > size-at:
		return c, corruptf("%s: %d bytes at %d lie beyond the end of the file at %d", what, n, at, b.size)
	case n > maxBlock:
		return c, corruptf("%s: %d bytes at %d, expected at most %d", what, n, at, int64(maxBlock))
	}
	if b.spent += int64(n); b.spent > min(b.size, maxMetadata) {
		return c, corruptf("%s: with the block at %d, the blocks of metadata are longer than the file or than %d bytes: they overlap",
			what, at, int64(maxMetadata))
	}
	c.data = make([]byte, n)
	if m, err := b.r.ReadAt(c.data, int64(at)); m < len(c.data) {
		if err == io.EOF {
			err = corruptf("%s: the file ends within the %d bytes at %d", what, n, at)
		}
		return c, err
	}
	return c, nil
}

// A cursor takes numbers from the beginning of a block. The first read beyond the end sets short. Such reads return zeros.
type cursor struct {
	what  string
	data  []byte
	at    int64 // the address of data[0]
	short bool
}

// take returns the next n bytes, or nil if there are fewer.
func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.data) {
		c.short, c.data = true, nil
		return nil
	}
	b := c.data[:n:n]
	c.data, c.at = c.data[n:], c.at+int64(n)
	return b
}

func (c *cursor) uint(n int) (v uint64) {
	for i, b := range c.take(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

func (c *cursor) u8() uint8   { return uint8(c.uint(1)) }
func (c *cursor) u16() uint16 { return uint16(c.uint(2)) }
func (c *cursor) u32() uint32 { return uint32(c.uint(4)) }

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// part returns a cursor over the next n bytes.
func (c *cursor) part(what string, n int) cursor {
	p := cursor{what: what, at: c.at}
	p.data = c.take(n)
	p.short = c.short
	return p
}

// err returns an error if a read went beyond the end.
func (c *cursor) err() error {
	if c.short {
		return corruptf("%s: it ends too early, before address %d", c.what, c.at)
	}
	return nil
}

// expect returns an error unless the next bytes are the signature of a block.
func (c *cursor) expect(signature string) error {
	if got := c.take(len(signature)); string(got) != signature {
		return corruptf("%s at %d: it begins with %q, expected %q", c.what, c.at-int64(len(got)), got, signature)
	}
	return nil
}
