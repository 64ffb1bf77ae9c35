package sstable

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"
)

// A forgery builds a table from parts that may be wrong. The checksums are right.
type forgery struct {
	file  []byte
	index []forgedEntry
	meta  handle
}

// A forgedEntry has the numbers and bytes of an encoded entry.
type forgedEntry struct {
	shared uint64
	key    string
	value  string
}

// contents encodes a block of entries with restart points at the given offsets.
func contents(restarts []uint32, entries ...forgedEntry) []byte {
	var b []byte
	for _, e := range entries {
		b = binary.AppendUvarint(b, e.shared)
		b = binary.AppendUvarint(b, uint64(len(e.key)))
		b = binary.AppendUvarint(b, uint64(len(e.value)))
		b = append(append(b, e.key...), e.value...)
	}
	for _, r := range restarts {
		b = binary.LittleEndian.AppendUint32(b, r)
	}
	return binary.LittleEndian.AppendUint32(b, uint32(len(restarts)))
}

// block appends a block and returns its handle.
func (f *forgery) block(contents []byte, typ byte) handle {
	h := handle{uint64(len(f.file)), uint64(len(contents))}
	f.file = append(append(f.file, contents...), typ)
	f.file = binary.LittleEndian.AppendUint32(f.file, blockChecksum(contents, typ))
	return h
}

// data appends a data block and its entry in the index.
func (f *forgery) data(bound string, contents []byte, typ byte) handle {
	h := f.block(contents, typ)
	f.index = append(f.index, forgedEntry{0, bound, string(appendHandle(nil, h))})
	return h
}

// finish appends metaindex and index block and the footer.
func (f *forgery) finish() []byte {
	f.meta = f.block(contents([]uint32{0}), typeNone)
	return f.end(f.block(contents([]uint32{0}, f.index...), typeNone))
}

// end appends a footer for an index block at h.
func (f *forgery) end(h handle) []byte {
	footer := appendHandle(appendHandle(nil, f.meta), h)
	footer = append(footer, make([]byte, footerLen-8-len(footer))...)
	return binary.LittleEndian.AppendUint64(append(f.file, footer...), magic)
}

// one returns a table with a single data block.
func one(bound string, block []byte, typ byte) []byte {
	var f forgery
	f.data(bound, block, typ)
	return f.finish()
}

// open opens a table. It fails the test if there is an error.
func open(t testing.TB, file []byte) *Reader {
	t.Helper()
	r, err := Open(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	return r
}

// all opens the table and iterates over it.
func all(file []byte) (entries []forgedEntry, err error) {
	r, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		entries = append(entries, forgedEntry{key: string(e.Key), value: string(e.Value)})
	}
	return entries, nil
}

// compress returns a block compressed by Snappy.
func compress(b []byte) []byte { return snappy.Encode(nil, b) }
