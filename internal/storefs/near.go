package storefs

import (
	"context"
	"sync"
)

const (
	// tiny is up to how many bytes a read may ask for that is taken for one of a file's tables, of which more will follow close by.
	tiny = 4 << 10
	// block is what a tiny read fetches at least, on both sides of a jump. Tables of HDF5 come in pieces of that size.
	block = 2 << 10
	// ahead is how far tiny reads that follow one another are fetched ahead at most.
	ahead = 64 << 10
	// kept is how many blocks of a file are kept.
	kept = 512
)

// A near keeps what lies around the bytes that tiny reads have fetched. Formats that are made for disks, HDF5 and ZIP, find their way
// in hundreds of steps of some bytes, each of which would be a request.
//
// A jump to elsewhere in the file fetches one block. While reads go on where the last one ended, each fetches twice as much as
// the one before: so at most half of what is fetched in a row is not asked for, and of what lies scattered a block for each place.
type near struct {
	mu     sync.Mutex
	blocks map[int64][]byte // by their number; what is in them never changes
	order  []int64          // as they came
	end    int64            // of what was fetched last
	size   int64            // of what was fetched last
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

// fetch fetches the block that has offset off, those after it that n bytes need, and some ahead. It returns the first.
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
	for i := needed / block; i < size/block; i++ { // not what is there already
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
