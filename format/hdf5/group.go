package hdf5

import "bytes"

// An entry of a symbol table links a name to an object.
type entry struct {
	name   uint64 // its offset in the group's local heap
	header uint64 // the address of the object's header
	cache  uint32
}

const (
	entrySize = 40
	cacheLink = 2 // the cache type of a soft link
)

func readEntry(c *cursor) entry {
	e := entry{name: c.u64(), header: c.u64(), cache: c.u32()}
	c.take(4 + 16) // reserved, and a copy of data in the header
	return e
}

// A link is a named object of a group.
type link struct {
	name   string
	header uint64
}

// readLinks returns the links of a group in the byte order of their names.
func (b *blocks) readLinks(tree, heap uint64) ([]link, error) {
	names, err := b.readHeap(heap)
	if err != nil {
		return nil, err
	}
	leaves, err := b.readTree(tree)
	if err != nil {
		return nil, err
	}
	var links []link
	for _, leaf := range leaves {
		if links, err = b.readNode(leaf, names, links); err != nil {
			return nil, err
		}
	}
	total := 0
	for _, l := range links {
		if total += len(l.name) + 1; total > len(names) {
			return nil, corruptf("the names of a group's links overlap in its heap of %d bytes", len(names))
		}
	}
	return links, nil
}

// readTree returns the addresses of the symbol table nodes below a group's B-tree, in order.
func (b *blocks) readTree(root uint64) (leaves []uint64, err error) {
	level := -1 // of the current nodes; unknown before the root was read
	for nodes := []uint64{root}; ; {
		var below []uint64
		for _, at := range nodes {
			c, err := b.read("B-tree node", at, 24)
			if err != nil {
				return nil, err
			}
			if err := c.expect("TREE"); err != nil {
				return nil, err
			}
			if kind := c.u8(); kind != 0 {
				return nil, corruptf("B-tree node at %d: type %d, expected 0, a group's", at, kind)
			}
			l, used := int(c.u8()), uint64(c.u16())
			if level < 0 {
				level = l
			}
			if l != level {
				return nil, corruptf("B-tree node at %d: level %d, expected %d", at, l, level)
			}
			if c, err = b.read("B-tree node", at+24, 16*used); err != nil {
				return nil, err
			}
			for range used {
				c.take(8) // skip the key: names are compared when their nodes are read
				below = append(below, c.u64())
			}
		}
		if level == 0 {
			return below, nil
		}
		level--
		nodes = below
	}
}

// readNode appends the links of the symbol table node at an address.
func (b *blocks) readNode(at uint64, names []byte, links []link) ([]link, error) {
	c, err := b.read("symbol table node", at, 8)
	if err != nil {
		return nil, err
	}
	if err := c.expect("SNOD"); err != nil {
		return nil, err
	}
	if v := c.u8(); v != 1 {
		return nil, corruptf("symbol table node at %d: version %d, expected 1", at, v)
	}
	c.take(1)
	n := uint64(c.u16())
	if c, err = b.read("symbol table node", at+8, n*entrySize); err != nil {
		return nil, err
	}
	for range n {
		e := readEntry(&c)
		name, err := nameAt(names, e.name)
		if err != nil {
			return nil, err
		}
		if e.cache == cacheLink {
			return nil, unsupportedf("the soft link %q", name)
		}
		if i := len(links); i > 0 && links[i-1].name >= name {
			return nil, corruptf("the name %q follows %q: expected unique names in ascending order", name, links[i-1].name)
		}
		links = append(links, link{name, e.header})
	}
	return links, nil
}

// readHeap returns the data of a local heap.
func (b *blocks) readHeap(at uint64) ([]byte, error) {
	c, err := b.read("local heap", at, 32)
	if err != nil {
		return nil, err
	}
	if err := c.expect("HEAP"); err != nil {
		return nil, err
	}
	if v := c.u8(); v != 0 {
		return nil, corruptf("local heap at %d: version %d, expected 0", at, v)
	}
	c.take(3)
	size, _, data := c.u64(), c.u64(), c.u64()
	if c, err = b.read("local heap", data, size); err != nil {
		return nil, err
	}
	return c.data, nil
}

// nameAt returns the name at an offset of the data of a local heap.
func nameAt(heap []byte, at uint64) (string, error) {
	if at >= uint64(len(heap)) {
		return "", corruptf("a name lies at offset %d of a heap of %d bytes", at, len(heap))
	}
	end := bytes.IndexByte(heap[at:min(uint64(len(heap)), at+maxPath+1)], 0)
	switch {
	case end < 0:
		return "", corruptf("a name at offset %d of a heap of %d bytes does not end in the heap, or is longer than %d bytes", at, len(heap), maxPath)
	case end == 0:
		return "", corruptf("a link has no name")
	}
	return string(heap[at : at+uint64(end)]), nil
}
