package sstable

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A block is the contents of a block, decompressed and without its trailer, split into its two parts.
type block struct {
	entries  []byte
	restarts []byte // fixed32 offsets into entries
}

// parseBlock splits contents. The error's text says what is wrong.
func parseBlock(contents []byte) (block, error) {
	if len(contents) < 4 {
		return block{}, fmt.Errorf("%d bytes are too few for a count of restart points", len(contents))
	}
	body := contents[:len(contents)-4]
	n := int64(binary.LittleEndian.Uint32(contents[len(body):]))
	if n > int64(len(body)/4) {
		return block{}, fmt.Errorf("%d restart points do not fit in %d bytes", n, len(body))
	}
	split := len(body) - 4*int(n)
	if n == 0 && split > 0 {
		return block{}, fmt.Errorf("%d bytes of entries without a restart point", split)
	}
	return block{body[:split:split], body[split:]}, nil
}

func (b *block) numRestarts() int { return len(b.restarts) / 4 }

func (b *block) restart(i int) uint32 { return binary.LittleEndian.Uint32(b.restarts[4*i:]) }

// seek returns a cursor before the last restart point with a key that is not above key. So the first entry
// that is not below key is at most one restart interval further.
func (b *block) seek(key, buf []byte) (cursor, error) {
	lo, hi := 0, b.numRestarts() // the key at lo is not above key, that at hi is
	for lo+1 < hi {
		mid := int(uint(lo+hi) / 2)
		c, err := b.at(mid, buf)
		if err != nil {
			return c, err
		}
		if _, err := c.next(); err != nil {
			return c, err
		}
		buf = c.key
		if bytes.Compare(c.key, key) > 0 {
			hi = mid
		} else {
			lo = mid
		}
	}
	if lo == hi { // an empty block
		return cursor{}, nil
	}
	return b.at(lo, buf)
}

// at returns a cursor before restart point i. The cursor builds its keys in buf.
func (b *block) at(i int, buf []byte) (cursor, error) {
	off := b.restart(i)
	if int64(off) > int64(len(b.entries)) {
		return cursor{}, fmt.Errorf("restart point %d is at %d of %d bytes", i, off, len(b.entries))
	}
	return cursor{entries: b.entries, pos: int(off), key: buf[:0]}, nil
}

// A cursor steps through the entries of a block.
type cursor struct {
	entries []byte
	pos     int    // offset of the next entry
	key     []byte // key of this entry; overwritten by next
	value   []byte // value of this entry; part of the block
	shared  int    // number of bytes that key shares with the entry before
	started bool   // key and value belong to an entry
}

// next moves to the next entry. ok is false at the end. The error describes the problem.
func (c *cursor) next() (ok bool, err error) {
	p := c.entries[c.pos:]
	if len(p) == 0 {
		return false, nil
	}
	var shared, unshared, length uint64
	n := 3
	if len(p) >= 3 && p[0]|p[1]|p[2] < 0x80 {
		shared, unshared, length = uint64(p[0]), uint64(p[1]), uint64(p[2])
	} else if shared, unshared, length, n = entryHead(p); n == 0 {
		return false, fmt.Errorf("the entry at %d does not begin with three lengths of at most 32 bits", c.pos)
	}
	rest := p[n:]
	if shared > uint64(len(c.key)) {
		return false, fmt.Errorf("the entry at %d shares %d bytes with a key of %d", c.pos, shared, len(c.key))
	}
	if unshared+length > uint64(len(rest)) { // both are below 1<<32
		return false, fmt.Errorf("the entry at %d needs %d bytes, but %d are left", c.pos, unshared+length, len(rest))
	}
	// Both keys begin with the same shared bytes, so the remaining bytes determine the order.
	if c.started && bytes.Compare(rest[:unshared], c.key[shared:]) <= 0 {
		return false, fmt.Errorf("key %s at %d does not ascend: it comes after %s",
			quote(append(bytes.Clone(c.key[:shared]), rest[:unshared]...)), c.pos, quote(c.key))
	}
	c.key = append(c.key[:shared], rest[:unshared]...)
	c.value = rest[unshared : unshared+length : unshared+length]
	c.shared, c.started = int(shared), true
	c.pos += n + int(unshared+length)
	return true, nil
}

// entryHead decodes the three varint32 at the beginning of an entry. n is 0 if they are invalid.
func entryHead(p []byte) (shared, unshared, length uint64, n int) {
	for _, v := range []*uint64{&shared, &unshared, &length} {
		u, k := binary.Uvarint(p[n:])
		if k <= 0 || u > math.MaxUint32 {
			return 0, 0, 0, 0
		}
		*v = u
		n += k
	}
	return shared, unshared, length, n
}

// errStop ends a walk early.
var errStop = errors.New("stop")

// walk calls fn for each entry of the block. It verifies that restart points are at entries that do not share
// a prefix. The key is overwritten after the call. Errors, except errStop, are reported for part p, the block
// at h.
func (b *block) walk(p part, h handle, fn func(key, value []byte) error) error {
	c, restarts := cursor{entries: b.entries}, 0
	for {
		pos := c.pos
		ok, err := c.next()
		switch {
		case err != nil:
		case !ok:
			if err = b.checkRestarts(restarts); err == nil {
				return nil
			}
		case restarts < b.numRestarts() && int64(b.restart(restarts)) == int64(pos):
			restarts++
			if c.shared != 0 {
				err = fmt.Errorf("the entry at restart point %d shares %d bytes", pos, c.shared)
			}
		}
		if err == nil {
			err = fn(c.key, c.value)
		}
		if err == errStop {
			return nil
		}
		if err != nil {
			return p.corrupt(int64(h.offset), "%v", err)
		}
	}
}

// checkRestarts returns an error if the first entry is not a restart point, or if some restart points are not
// at the beginnings of entries.
func (b *block) checkRestarts(found int) error {
	if b.numRestarts() > 0 && b.restart(0) != 0 {
		return fmt.Errorf("the first restart point is at %d, want 0", b.restart(0))
	}
	if n := b.numRestarts(); found == n || len(b.entries) == 0 && n == 1 && b.restart(0) == 0 {
		return nil
	}
	return fmt.Errorf("restart point %d is at %d, where no entry begins", found, b.restart(found))
}
