package npz

import (
	"encoding/binary"
	"math"
)

// The values that Python's zipfile writes for stored members. Every local header has 64-bit sizes, because NumPy asks for them.
const (
	localSignature     = 0x04034b50
	directorySignature = 0x02014b50
	endSignature       = 0x06054b50
	end64Signature     = 0x06064b50
	locator64Signature = 0x07064b50

	version64   = 45 // version needed to read 64-bit sizes
	unix        = 3
	utf8Name    = 1 << 11     // a flag: the name is UTF-8
	permissions = 0o600 << 16 // of the extracted file
	date        = 1<<5 | 1    // 1 January 1980
	extra64     = 1           // ID of the extra field with 64-bit sizes

	// Python uses 64-bit fields for sizes above this.
	limit32 = math.MaxInt32
	limit16 = math.MaxUint16
)

// A member is a stored member of an archive.
type member struct {
	name   string
	offset int64 // offset of its local header
	size   int64
	sum    uint32 // CRC-32
}

func (m *member) flags() uint16 {
	for i := range len(m.name) {
		if m.name[i] >= 0x80 {
			return utf8Name
		}
	}
	return 0
}

// localSize returns the length of m's local header.
func (m *member) localSize() int64 { return 30 + int64(len(m.name)) + 20 }

// appendLocal appends the local header.
func (m *member) appendLocal(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, localSignature)
	for _, v := range []uint16{version64, m.flags(), 0, 0, date} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, m.sum)
	b = le.AppendUint32(le.AppendUint32(b, math.MaxUint32), math.MaxUint32)
	b = le.AppendUint16(le.AppendUint16(b, uint16(len(m.name))), 20)
	b = append(b, m.name...)
	b = le.AppendUint16(le.AppendUint16(b, extra64), 16)
	return le.AppendUint64(le.AppendUint64(b, uint64(m.size)), uint64(m.size))
}

// appendEntry appends m's entry in the directory.
func (m *member) appendEntry(b []byte) []byte {
	le := binary.LittleEndian
	size, offset := uint32(m.size), uint32(m.offset)
	var extra []byte
	if m.size > limit32 {
		size = math.MaxUint32
		extra = le.AppendUint64(le.AppendUint64(extra, uint64(m.size)), uint64(m.size))
	}
	if m.offset > limit32 {
		offset = math.MaxUint32
		extra = le.AppendUint64(extra, uint64(m.offset))
	}
	if extra != nil {
		extra = append(le.AppendUint16(le.AppendUint16(nil, extra64), uint16(len(extra))), extra...)
	}
	b = le.AppendUint32(b, directorySignature)
	for _, v := range []uint16{unix<<8 | version64, version64, m.flags(), 0, 0, date} {
		b = le.AppendUint16(b, v)
	}
	for _, v := range []uint32{m.sum, size, size} {
		b = le.AppendUint32(b, v)
	}
	for _, v := range []uint16{uint16(len(m.name)), uint16(len(extra)), 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(le.AppendUint32(b, permissions), offset)
	return append(append(b, m.name...), extra...)
}

// appendEnd appends the end of an archive with a directory of n entries and size bytes at offset.
func appendEnd(b []byte, n int, size, offset int64) []byte {
	le := binary.LittleEndian
	if n > limit16 || size > limit32 || offset > limit32 {
		b = le.AppendUint32(b, end64Signature)
		b = le.AppendUint64(b, 44) // bytes of this record that follow
		b = le.AppendUint16(le.AppendUint16(b, version64), version64)
		b = le.AppendUint32(le.AppendUint32(b, 0), 0)
		for _, v := range []uint64{uint64(n), uint64(n), uint64(size), uint64(offset)} {
			b = le.AppendUint64(b, v)
		}
		b = le.AppendUint32(le.AppendUint32(b, locator64Signature), 0)
		b = le.AppendUint32(le.AppendUint64(b, uint64(offset+size)), 1)
	}
	b = le.AppendUint32(b, endSignature)
	for _, v := range []uint16{0, 0, uint16(min(n, limit16)), uint16(min(n, limit16))} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, uint32(min(size, math.MaxUint32)))
	b = le.AppendUint32(b, uint32(min(offset, math.MaxUint32)))
	return le.AppendUint16(b, 0)
}
