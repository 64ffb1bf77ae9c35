package hdf5

import "strings"

// A collection is a block of strings of variable length. The strings share its memory: if a thousand attributes refer to one
// string, it is in memory once.
type collection struct {
	data    string
	objects map[uint32][2]uint64 // by index: the offset in data, and the size
}

// heapText returns the first length bytes of an object of the collection at an address, up to the first NUL.
func (b *blocks) heapText(at uint64, index uint32, length uint64) (string, error) {
	c, ok := b.heaps[at]
	if !ok {
		var err error
		if c, err = b.readCollection(at); err != nil {
			return "", err
		}
		if b.heaps == nil {
			b.heaps = make(map[uint64]*collection)
		}
		b.heaps[at] = c
	}
	object, ok := c.objects[index]
	switch {
	case !ok:
		return "", corruptf("global heap at %d: no object %d", at, index)
	case length > object[1]:
		return "", corruptf("global heap at %d: object %d has %d bytes, expected a string of %d", at, index, object[1], length)
	}
	text, _, _ := strings.Cut(c.data[object[0]:object[0]+length], "\x00")
	return text, nil
}

func (b *blocks) readCollection(at uint64) (*collection, error) {
	const head = 16
	c, err := b.read("global heap", at, head)
	if err != nil {
		return nil, err
	}
	if err := c.expect("GCOL"); err != nil {
		return nil, err
	}
	if v := c.u8(); v != 1 {
		return nil, corruptf("global heap at %d: version %d, expected 1", at, v)
	}
	c.take(3)
	size := c.u64()
	if size < head {
		return nil, corruptf("global heap at %d: %d bytes, expected %d or more", at, size, head)
	}
	if c, err = b.read("global heap", at+head, size-head); err != nil {
		return nil, err
	}
	all := &collection{data: string(c.data), objects: make(map[uint32][2]uint64)}
	for rest := uint64(0); uint64(len(all.data))-rest >= 16; {
		index := uint32(c.u16())
		c.take(2 + 4) // reference count
		length := c.u64()
		if index == 0 { // the free space at the end
			break
		}
		rest += 16
		if length > uint64(len(all.data))-rest {
			return nil, corruptf("global heap at %d: object %d has %d bytes, but only %d are left", at, index, length, uint64(len(all.data))-rest)
		}
		if _, twice := all.objects[index]; twice {
			return nil, corruptf("global heap at %d: two objects have index %d", at, index)
		}
		all.objects[index] = [2]uint64{rest, length}
		padded := min((length+7)&^7, uint64(len(all.data))-rest)
		c.take(int(padded))
		rest += padded
	}
	return all, nil
}
