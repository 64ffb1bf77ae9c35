package bundle

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/slicekey"
	"github.com/gockpt/ckpt/tensor"
)

// readEverything reads and returns all readable tensors. It must not panic, or read more than the files justify.
func readEverything(t *testing.T, fsys *errfs.FS) map[string]tensor.Any {
	r, err := Open(fsys, "c")
	if err != nil {
		return nil
	}
	defer r.Close()
	out := make(map[string]tensor.Any)
	for e, err := range r.All() {
		if err != nil {
			break
		}
		if r.Check(e.Key) != nil {
			continue
		}
		dst, err := tensor.NewAny(e.DType, e.Shape...)
		require.NoError(t, err, "a tensor that Check accepts can be created")
		if r.Read(t.Context(), e.Key, dst) != nil {
			require.Error(t, r.WriteStored(t.Context(), e.Key, io.Discard))
			continue
		}
		require.NoError(t, r.WriteStored(t.Context(), e.Key, io.Discard))
		out[e.Key] = dst
	}
	if err := r.Verify(t.Context(), func(Problem) {}); err != nil {
		t.Fatal(err)
	}
	return out
}

// FuzzBundle reads checkpoints with any bytes as index and data file. It writes the readable tensors, and reads them again.
func FuzzBundle(f *testing.F) {
	names, err := filepath.Glob("testdata/*.index")
	require.NoError(f, err)
	for _, name := range names {
		index, err := os.ReadFile(name)
		require.NoError(f, err)
		data, _ := os.ReadFile(name[:len(name)-len(".index")] + ".data-00000-of-00001")
		f.Add(index, data)
	}
	f.Fuzz(func(t *testing.T, index, data []byte) {
		fsys := errfs.New()
		require.NoError(t, fsys.WriteFile("c.index", index))
		require.NoError(t, fsys.WriteFile("c.data-00000-of-00001", data))
		rewrite(t, readEverything(t, fsys))
	})
}

// rewrite writes tensors and reads them back.
func rewrite(t *testing.T, tensors map[string]tensor.Any) {
	fsys := errfs.New()
	w := Create(fsys, "c", Options{})
	for key, v := range tensors {
		require.NoError(t, w.Add(0, key, format.SourceOf(v)))
	}
	require.NoError(t, w.Commit(t.Context()))
	again := readEverything(t, fsys)
	require.Equal(t, len(tensors), len(again))
	for key, v := range tensors {
		require.Equal(t, bytesOf(v), bytesOf(again[key]), key)
	}
}

// FuzzEntry reads checkpoints with a valid table, any bytes as an entry and as the entry of a part, and data. The data has the
// right checksum if an entry refers to it.
func FuzzEntry(f *testing.F) {
	whole := record{dtype: tensor.DTUInt8, shape: tensor.Shape{4}, slices: []tensor.Slice{{ext(0, 4)}}}
	part := record{dtype: tensor.DTUInt8, shape: tensor.Shape{4}, size: 4}
	f.Add(whole.append(nil), part.append(nil), []byte("0123"))
	f.Add(part.append(nil), []byte{}, []byte("0123"))
	text := record{dtype: tensor.DTString, shape: tensor.Shape{2}, size: 9}
	f.Add(text.append(nil), []byte{}, []byte("\x01\x02....abc"))
	variant := record{dtype: tensor.DTVariant, shape: tensor.Shape{}, size: 8}
	f.Add(variant.append(nil), []byte{}, []byte("\x03abc...."))
	f.Fuzz(func(t *testing.T, entry, part, data []byte) {
		c := forgery{data: data}
		c.raw("w", entry)
		c.raw(string(slicekey.Of("w", tensor.Slice{ext(0, 4)})), part)
		for key, value := range c.values {
			var rec record
			if rec.decode(value) == nil && rec.offset >= 0 && rec.size >= 0 && rec.offset <= int64(len(data))-rec.size && len(rec.slices) == 0 {
				rec.crc = seal(data[rec.offset:rec.offset+rec.size], &rec)
				c.raw(key, rec.append(nil))
			}
		}
		rewrite(t, readEverything(t, c.files(t)))
	})
}

// seal corrects the checksums within data, as far as data has the form that rec describes, and returns the entry's checksum.
func seal(data []byte, rec *record) uint32 {
	if rec.check() != nil || rec.shape.Len() > len(data) {
		return 0
	}
	crc, at := uint32(0), 0
	uvarint := func() (n uint64) {
		n, used := binary.Uvarint(data[at:])
		at += max(used, 0)
		return n
	}
	word := func() bool {
		if len(data)-at < 4 {
			return false
		}
		binary.LittleEndian.PutUint32(data[at:], sstable.Mask(crc))
		crc = update(crc, data[at:at+4])
		at += 4
		return true
	}
	contents := func(n uint64) bool {
		if n > uint64(len(data)-at) {
			return false
		}
		crc = update(crc, data[at:at+int(n)])
		at += int(n)
		return true
	}
	switch rec.dtype {
	case tensor.DTString:
		var sum lengthSum
		total := uint64(0)
		for range rec.shape.Len() {
			n := uvarint()
			total += n
			sum.add(int64(n))
		}
		crc = sum.sum()
		if !word() || !contents(total) {
			return 0
		}
	case tensor.DTVariant:
		for range rec.shape.Len() {
			n := uvarint()
			crc = update(crc, binary.LittleEndian.AppendUint64(nil, n))
			if !contents(n) || !word() {
				return 0
			}
		}
	default:
		crc = update(crc, data)
	}
	return sstable.Mask(crc)
}

// FuzzStrings reads string tensors of any bytes with right checksums.
func FuzzStrings(f *testing.F) {
	f.Add([]byte("\x01\x02....abc"), uint8(2))
	f.Add([]byte("...."), uint8(0))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01...."), uint8(1))
	f.Add([]byte("\x81\x00....a"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, n uint8) {
		rec := record{dtype: tensor.DTString, shape: tensor.Shape{int(n)}, size: int64(len(data))}
		rec.crc = seal(data, &rec)
		c := forgery{data: data}
		c.raw("w", rec.append(nil))
		for key, v := range readEverything(t, c.files(t)) {
			total := 0
			for _, s := range v.Values().([]string) {
				total += len(s)
			}
			require.LessOrEqual(t, total, len(data), key)
		}
	})
}
