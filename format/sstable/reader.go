package sstable

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/snappy"
)

// A Reader reads a table. It keeps the blocks that it has read in memory, up to the size of the file. Several goroutines may
// use it at once.
type Reader struct {
	r       io.ReaderAt
	size    int64
	blocks  []dataBlock
	meta    handle // from the footer; may be invalid
	index   handle
	kept    atomic.Int64 // number of bytes of cached blocks
	scratch *sync.Pool   // has *scratch; a separate allocation, because a pool survives two garbage collections and keeps the struct that contains it
}

// A dataBlock is the index block's entry for a data block, and the block after it was read.
type dataBlock struct {
	handle
	bound  []byte // at least every key of the block, and below every key of the next
	cached atomic.Pointer[block]
}

// An Entry is a key and its value.
type Entry struct{ Key, Value []byte }

// Open reads the footer and the index block of the table that is the first size bytes of r. Data blocks are
// read and verified when they are needed. An iteration over [Reader.All] verifies all of them.
//
// Open accepts a footer with a wrong metaindex handle, because TensorFlow never uses it. Reader.CheckMetaindex finds it.
func Open(r io.ReaderAt, size int64) (*Reader, error) {
	meta, index, err := readFooter(r, size)
	if err != nil {
		return nil, err
	}
	t := &Reader{r: r, size: size, meta: meta, index: index, scratch: new(sync.Pool)}
	if err := t.readIndex(); err != nil {
		return nil, err
	}
	if t.metaindexAdjoins() {
		if err := t.CheckMetaindex(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// readIndex fills t.blocks from the index block.
func (t *Reader) readIndex() error {
	b, err := t.readBlock(t.index, indexBlock)
	if err != nil {
		return err
	}
	end, budget := uint64(0), t.keyBudget()
	return b.walk(indexBlock, t.index, func(key, value []byte) error {
		i := len(t.blocks)
		h, _, ok := parseHandle(value)
		switch {
		case !ok:
			return fmt.Errorf("entry %d is not a block handle", i)
		case !h.within(t.index.offset):
			return fmt.Errorf("data block %d (offset %d, size %d) is not within the %d bytes before the index block",
				i, h.offset, h.size, t.index.offset)
		case h.offset < end:
			return fmt.Errorf("data block %d (offset %d) overlaps the block before it, which ends at %d", i, h.offset, end)
		}
		if budget -= int64(len(key)); budget < 0 {
			return fmt.Errorf("the keys are together longer than %d bytes", t.keyBudget())
		}
		end = h.end()
		t.blocks = append(t.blocks, dataBlock{handle: h, bound: bytes.Clone(key)})
		return nil
	})
}

// keyBudget is the largest total length of all keys.
func (t *Reader) keyBudget() int64 { return max(maxKeyExpansion*t.size, minKeyBudget) }

// metaindexAdjoins reports whether the footer's metaindex handle ends at the beginning of the index
// block, as in every undamaged table.
func (t *Reader) metaindexAdjoins() bool {
	return t.meta.within(t.index.offset) && t.meta.end() == t.index.offset
}

// CheckMetaindex returns an error if the metaindex block is damaged, or not at the footer's position. No
// value depends on it.
func (t *Reader) CheckMetaindex() error {
	if !t.metaindexAdjoins() {
		return footer.corrupt(t.size-footerLen, "the metaindex block's handle (offset %d, size %d) does not end at the index block, offset %d",
			t.meta.offset, t.meta.size, t.index.offset)
	}
	b, err := t.readBlock(t.meta, metaindexBlock)
	if err != nil {
		return err
	}
	return b.walk(metaindexBlock, t.meta, func(_, _ []byte) error { return nil })
}

// Get returns the value of key, which the caller must not change. It reads at most one block.
func (t *Reader) Get(key []byte) (value []byte, ok bool, err error) { return get(t, key) }

// GetString is Reader.Get for a key that is a string. It does not convert the key.
func (t *Reader) GetString(key string) (value []byte, ok bool, err error) { return get(t, key) }

func get[K string | []byte](t *Reader, key K) (value []byte, ok bool, err error) {
	s, pooled := t.scratch.Get().(*scratch)
	if !pooled {
		s = new(scratch)
	}
	s.wanted = append(s.wanted[:0], key...)
	_, c, ok, err := t.seek(s.wanted, s.found)
	if ok = ok && err == nil && bytes.Equal(c.key, s.wanted); ok {
		value = c.value
	}
	s.found = c.key[:0]
	t.scratch.Put(s)
	return value, ok, err
}

// A scratch is memory for the keys of one lookup.
type scratch struct{ wanted, found []byte }

// From yields the entries with keys that are at least key, in order. It ends after the first error. An Entry is valid as
// long as one of All. From does not verify the order of blocks.
func (t *Reader) From(key []byte) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		i, c, ok, err := t.seek(key, nil)
		for i < len(t.blocks) {
			for ; ok && err == nil; ok, err = t.step(i, &c) {
				if !yield(Entry{c.key, c.value}, nil) {
					return
				}
			}
			if i++; err == nil && i < len(t.blocks) {
				var b *block
				if b, err = t.block(i); err == nil {
					c = cursor{entries: b.entries}
					ok, err = t.step(i, &c)
				}
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}

// seek returns the data block in which key would be, and a cursor at its first entry that is not below key.
// ok is false if there is none. The cursor builds its keys in buf if buf is large enough.
func (t *Reader) seek(key, buf []byte) (i int, c cursor, ok bool, err error) {
	i = sort.Search(len(t.blocks), func(i int) bool { return bytes.Compare(t.blocks[i].bound, key) >= 0 })
	if i == len(t.blocks) {
		return i, c, false, nil
	}
	b, err := t.block(i)
	if err != nil {
		return i, c, false, err
	}
	if c, err = b.seek(key, buf); err != nil {
		return i, c, false, t.blockError(i, err)
	}
	for ok, err = t.step(i, &c); ok && err == nil && bytes.Compare(c.key, key) < 0; ok, err = t.step(i, &c) {
	}
	return i, c, ok, err
}

// step moves a cursor in data block i.
func (t *Reader) step(i int, c *cursor) (ok bool, err error) {
	if ok, err = c.next(); err != nil {
		err = t.blockError(i, err)
	}
	return ok, err
}

func (t *Reader) blockError(i int, err error) error {
	return part(i).corrupt(int64(t.blocks[i].offset), "%v", err)
}

// All yields every entry in the order of keys, and verifies data blocks as the package comment says. It ends after the first
// error. An entry's key is valid until the next entry. Its value stays valid, and must not be changed.
func (t *Reader) All() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		stopped, budget := false, t.keyBudget()
		for i := range t.blocks {
			err := t.walkBlock(i, &budget, func(key, value []byte) error {
				if stopped = !yield(Entry{key, value}, nil); stopped {
					return errStop
				}
				return nil
			})
			if stopped {
				return
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}

// block returns data block i, from the cache if possible.
func (t *Reader) block(i int) (*block, error) {
	at := &t.blocks[i]
	if b := at.cached.Load(); b != nil {
		return b, nil
	}
	b, err := t.readBlock(at.handle, part(i))
	if err != nil {
		return nil, err
	}
	size := int64(len(b.entries) + len(b.restarts))
	if t.kept.Add(size) > t.size || !at.cached.CompareAndSwap(nil, &b) {
		t.kept.Add(-size)
	}
	return &b, nil
}

// readBlock reads, verifies, decompresses and splits the block at h, which lies within the file.
func (t *Reader) readBlock(h handle, p part) (block, error) {
	corrupt := func(format string, args ...any) error {
		return p.corrupt(int64(h.offset), format, args...)
	}
	if h.size > maxBlock {
		return block{}, corrupt("it has %d bytes, but a block has at most %d", h.size, int64(maxBlock))
	}
	if h.size > maxUnverified {
		if err := t.verifyLarge(h, p); err != nil {
			return block{}, err
		}
	}
	raw := make([]byte, h.size+trailerLen)
	if err := readAt(t.r, raw, int64(h.offset), p); err != nil {
		return block{}, err
	}
	contents, typ := raw[:h.size:h.size], raw[h.size]
	if want, got := binary.LittleEndian.Uint32(raw[h.size+1:]), blockChecksum(contents, typ); got != want {
		return block{}, corrupt("checksum %#08x of its %d bytes, want %#08x: it was damaged", got, h.size, want)
	}
	switch typ {
	case typeNone:
	case typeSnappy:
		n, err := snappy.DecodedLen(contents)
		if err != nil {
			return block{}, corrupt("snappy: %v", err)
		}
		if int64(n) > maxSnappyRatio*int64(len(contents)) {
			return block{}, corrupt("snappy: %d compressed bytes cannot hold the claimed %d bytes", len(contents), n)
		}
		if contents, err = snappy.Decode(nil, contents); err != nil {
			return block{}, corrupt("snappy: %v", err)
		}
	default:
		return block{}, corrupt("compression type %d, want 0 (none) or 1 (Snappy)", typ)
	}
	b, err := parseBlock(contents)
	if err != nil {
		return block{}, corrupt("%v", err)
	}
	return b, nil
}

// verifyLarge compares the checksum of the block at h before memory is allocated for all of it: a sparse file may look large and
// be empty.
func (t *Reader) verifyLarge(h handle, p part) error {
	buf := make([]byte, 64<<10)
	crc, at := uint32(0), int64(h.offset)
	for left := int64(h.size) + 1; left > 0; { // the block and its type
		b := buf[:min(left, int64(len(buf)))]
		if err := readAt(t.r, b, at, p); err != nil {
			return err
		}
		crc = crc32.Update(crc, castagnoli, b)
		at, left = at+int64(len(b)), left-int64(len(b))
	}
	var stored [4]byte
	if err := readAt(t.r, stored[:], at, p); err != nil {
		return err
	}
	if want, got := binary.LittleEndian.Uint32(stored[:]), Mask(crc); got != want {
		return p.corrupt(int64(h.offset), "checksum %#08x of its %d bytes, want %#08x: it was damaged", got, h.size, want)
	}
	return nil
}
