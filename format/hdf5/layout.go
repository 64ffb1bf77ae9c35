package hdf5

// A layout says where a dataset's elements lie.
type layout struct {
	at   uint64 // undefined if they were never written
	size uint64
}

// The classes of layouts.
const (
	layoutCompact    = 0
	layoutContiguous = 1
	layoutChunked    = 2
	layoutVirtual    = 3
)

// readLayout reads a layout message. The error says why the elements cannot be read.
func readLayout(c *cursor) (l layout, err error) {
	version := c.u8()
	if version != 3 && version != 4 {
		if err := c.err(); err != nil {
			return l, err
		}
		return l, unsupportedf("a layout message of version %d", version)
	}
	switch class := c.u8(); class {
	case layoutCompact:
		l.size = uint64(c.u16())
		l.at = uint64(c.at)
		c.take(int(l.size))
	case layoutContiguous:
		l.at, l.size = c.u64(), c.u64()
	case layoutChunked:
		return l, unsupportedf("chunked storage, which compressed datasets also use")
	case layoutVirtual:
		return l, unsupportedf("virtual storage (parts of other files)")
	default:
		return l, corruptf("a layout of class %d", class)
	}
	return l, c.err()
}
