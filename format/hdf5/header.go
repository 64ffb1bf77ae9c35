package hdf5

// The types of header messages that this package reads.
const (
	msgNil          = 0x00
	msgDataspace    = 0x01
	msgLinkInfo     = 0x02
	msgDatatype     = 0x03
	msgFill         = 0x05
	msgLink         = 0x06
	msgExternal     = 0x07
	msgLayout       = 0x08
	msgFilters      = 0x0b
	msgAttribute    = 0x0c
	msgContinuation = 0x10
	msgSymbolTable  = 0x11
	msgAttrInfo     = 0x15
)

// A message is one property of an object.
type message struct {
	kind  uint16
	flags uint8
	body  cursor
}

const (
	flagShared      = 0x02 // the message is stored elsewhere
	flagMustBeKnown = 0x80
)

// readHeader returns the messages of the object header at an address, including those of its continuations.
func (b *blocks) readHeader(at uint64) (all []message, err error) {
	c, err := b.read("object header", at, 16)
	if err != nil {
		return nil, err
	}
	version, _, count := c.u8(), c.u8(), int(c.u16())
	c.take(4) // reference count
	size := uint64(c.u32())
	if version != 1 {
		if version == 'O' {
			return nil, unsupportedf("an object header of version 2 at %d", at)
		}
		return nil, corruptf("object header at %d: version %d, expected 1", at, version)
	}
	type extent struct{ at, size uint64 }
	for rest := []extent{{at + 16, size}}; len(rest) > 0; rest = rest[1:] {
		block, err := b.read("object header", rest[0].at, rest[0].size)
		if err != nil {
			return nil, err
		}
		for len(block.data) >= 8 && len(all) < count {
			m := message{kind: block.u16()}
			n := int(block.u16())
			m.flags = block.u8()
			block.take(3)
			m.body = block.part("header message", n)
			if block.short {
				return nil, corruptf("object header at %d: a message of %d bytes exceeds its block", at, n)
			}
			all = append(all, m)
			if m.kind == msgContinuation {
				next := extent{m.body.u64(), m.body.u64()}
				if err := m.body.err(); err != nil {
					return nil, err
				}
				rest = append(rest, next)
			}
		}
	}
	return all, nil
}

// check returns an error if this package cannot read the message.
func (m *message) check() error {
	switch {
	case m.flags&flagShared != 0 && m.kind != msgNil:
		return unsupportedf("a shared message of type %#x (a committed datatype or the like)", m.kind)
	case m.flags&flagMustBeKnown != 0 && m.kind > 0x18:
		return unsupportedf("a message of type %#x", m.kind)
	}
	return nil
}
