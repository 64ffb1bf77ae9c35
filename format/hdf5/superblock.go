package hdf5

const (
	signature      = "\x89HDF\r\n\x1a\n"
	superblockSize = 56 + entrySize
)

// Recognize reports whether a file that begins with head is an HDF5 file. Eight bytes are enough.
func Recognize(head []byte) bool {
	return len(head) >= len(signature) && string(head[:len(signature)]) == signature
}

// readSuperblock returns the root group's entry, and limits b to the end of the file that the superblock gives.
func (b *blocks) readSuperblock() (root entry, err error) {
	c, err := b.read("superblock", 0, min(superblockSize, uint64(b.size)))
	if err != nil {
		return root, err
	}
	if err := c.expect(signature); err != nil {
		return root, err
	}
	if v := c.u8(); v != 0 && !c.short {
		return root, unsupportedf("superblock version %d", v)
	}
	space, group, _, shared := c.u8(), c.u8(), c.u8(), c.u8()
	offsets, lengths := c.u8(), c.u8()
	c.take(1 + 2 + 2 + 4) // ranks of B-trees, which only writers need, and flags that tell who has the file open
	base, free, end, driver := c.u64(), c.u64(), c.u64(), c.u64()
	root = readEntry(&c)
	if err := c.err(); err != nil {
		return root, err
	}
	switch {
	case space|group|shared != 0:
		return root, unsupportedf("superblock 0 with versions %d, %d and %d of free space, root group and shared messages", space, group, shared)
	case offsets != 8 || lengths != 8:
		return root, unsupportedf("addresses of %d bytes and lengths of %d", offsets, lengths)
	case base != 0:
		return root, unsupportedf("a base address of %d", base)
	case driver != undefined:
		return root, unsupportedf("a driver information block (a file of several parts)")
	case end > uint64(b.size):
		return root, corruptf("the file has %d of the %d bytes that its superblock gives: it was cut off", b.size, end)
	}
	_ = free // the address of the list of free space, which only writers need
	b.size = int64(end)
	return root, nil
}
