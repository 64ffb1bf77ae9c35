package storefs

import (
	"context"
	"sync"
)

const (
	// tiny is the largest number of bytes of a tiny read. It probably reads a table of the file, and more reads close by will follow.
	tiny = 4 << 10
	// block is the least number of bytes that a tiny read fetches, including bytes around it. Tables of HDF5 have about this size.
	block = 2 << 10
	// ahead is the most that sequential tiny reads fetch ahead.
	ahead = 64 << 10
	// kept is the number of blocks of a file that are kept.
	kept = 512
)

// A near caches the surroundings of the bytes that tiny reads have fetched. Formats for disks, such as HDF5 and ZIP, find their
// data in hundreds of tiny steps. Without the cache each would be a request.
//
// A read elsewhere in the file fetches one block. Each read that continues the last one fetches twice as much as the one before.
// So at most half of the bytes fetched in a row are unused, and each scattered read costs one block.
type near struct {
	mu     sync.Mutex
	blocks map[int64][]byte // by number; their contents never change
	order  []int64          // in the order of fetching
	end    int64            // end of the last fetch
	size   int64            // size of the last fetch
}

// read fills p from offset off of r.
func (c *near) read(ctx context.Context, r *reader, p []byte, off int64) error {
	for len(p) > 0 {
		b, ok := c.get(off / block)
		if !ok {
			var err error
			if b, err = c.fetch(ctx, r, off, int64(len(p))); err != nil {
				return err
			}
		}
		n := copy(p, b[off%block:])
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func (c *near) get(number int64) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.blocks[number]
	return b, ok
}

// fetch fetches the block that contains offset off, the following blocks of the n bytes, and some blocks ahead. It returns the
// first block.
func (c *near) fetch(ctx context.Context, r *reader, off, n int64) ([]byte, error) {
	first := off / block
	start := first * block
	c.mu.Lock()
	size, needed := int64(block), (off+n-start+block-1)/block*block
	for needed > block && c.blocks[first+needed/block-1] != nil {
		needed -= block
	}
	if start == c.end {
		size = min(2*c.size, ahead)
	}
	size = max(size, needed)
	for i := needed / block; i < size/block; i++ { // do not fetch blocks that are cached
		if c.blocks[first+i] != nil {
			size = i * block
		}
	}
	size = min(size, r.o.Size-start)
	c.mu.Unlock()
	contents := make([]byte, size)
	if err := r.request(ctx, contents, start); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end, c.size = start+size, size
	if c.blocks == nil {
		c.blocks = make(map[int64][]byte)
	}
	for at := int64(0); at < size; at += block {
		number := first + at/block
		if c.blocks[number] != nil {
			continue
		}
		c.order = append(c.order, number)
		c.blocks[number] = contents[at:min(at+block, size):min(at+block, size)]
	}
	for len(c.order) > kept {
		delete(c.blocks, c.order[0])
		c.order = c.order[1:]
	}
	return contents[:min(block, size)], nil
}
