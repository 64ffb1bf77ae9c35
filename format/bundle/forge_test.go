package bundle

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// A forgery is a checkpoint with one data file. Its entries may be wrong. Its table is right, and so are its checksums unless a
// test breaks them.
type forgery struct {
	header []byte            // nil: TensorFlow's
	values map[string][]byte // stored entries
	data   []byte
}

// put appends data to the data file and enters it under an encoded key; edit may then change the entry.
func (f *forgery) put(key string, d tensor.DType, shape tensor.Shape, data []byte, edit func(*record)) {
	rec := record{dtype: d, shape: shape, offset: int64(len(f.data)), size: int64(len(data)),
		crc: sstable.Mask(crc32.Update(0, castagnoli, data))}
	f.data = append(f.data, data...)
	if edit != nil {
		edit(&rec)
	}
	f.raw(key, rec.append(nil))
}

// raw enters the bytes of an entry.
func (f *forgery) raw(key string, value []byte) {
	if f.values == nil {
		f.values = make(map[string][]byte)
	}
	f.values[key] = value
}

// index returns the bytes of the index.
func (f *forgery) index(t testing.TB) []byte {
	t.Helper()
	head := f.header
	if head == nil {
		head = newHeader(1).encode()
	}
	var out bytes.Buffer
	w := sstable.NewWriter(&out)
	require.NoError(t, w.Add(nil, head))
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		require.NoError(t, w.Add([]byte(key), f.values[key]))
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// files writes the checkpoint as "c".
func (f *forgery) files(t testing.TB) *errfs.FS {
	t.Helper()
	fsys := errfs.New()
	require.NoError(t, fsys.WriteFile(IndexFile("c"), f.index(t)))
	require.NoError(t, fsys.WriteFile(DataFile("c", 0, 1), f.data))
	return fsys
}

// open opens the checkpoint, and fails the test if there is an error.
func (f *forgery) open(t testing.TB) *Reader {
	t.Helper()
	return openAt(t, f.files(t), "c")
}

func openAt(t testing.TB, fsys *errfs.FS, prefix string) *Reader {
	t.Helper()
	r, err := Open(fsys, prefix)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// text encodes a string tensor and returns its bytes and the entry's checksum. The lengths may be wrong.
func text(order binary.AppendByteOrder, lengths []uint64, contents string) (data []byte, crc uint32) {
	sum := lengthSum{bigEndian: order == binary.AppendByteOrder(binary.BigEndian)}
	for _, n := range lengths {
		data = binary.AppendUvarint(data, n)
		sum.add(int64(n))
	}
	crc = sum.sum()
	word := order.AppendUint32(nil, sstable.Mask(crc))
	crc = crc32.Update(crc32.Update(crc, castagnoli, word), castagnoli, []byte(contents))
	return append(append(data, word...), contents...), sstable.Mask(crc)
}

// putText enters a string vector.
func (f *forgery) putText(key string, lengths []uint64, contents string, edit func(*record)) {
	data, crc := text(binary.LittleEndian, lengths, contents)
	f.put(key, tensor.DTString, tensor.Shape{len(lengths)}, data, func(r *record) {
		r.crc = crc
		if edit != nil {
			edit(r)
		}
	})
}

// tableOf returns a table. The elements of pairs are a key, its value, the next key, and so on.
func tableOf(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := sstable.NewWriter(&out)
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(t, w.Add([]byte(pairs[i]), []byte(pairs[i+1])))
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// update continues a checksum.
func update(crc uint32, b []byte) uint32 { return crc32.Update(crc, castagnoli, b) }
