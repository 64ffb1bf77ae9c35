package prefix

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// fixtures are files of every single-file format. They are the files of the format's tests.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for _, pattern := range []string{"gguf/testdata/*.gguf", "hdf5/testdata/*.h5", "keras/testdata/*.keras", "keras/testdata/*.h5",
		"npz/testdata/*.np?", "safetensors/testdata/*.safetensors", "savedv1/testdata/*.ckpt", "torch/testdata/*.pt", "torch/testdata/*/*.pt", "torch/testdata/*.bin"} {
		names, err := filepath.Glob("../../format/" + pattern)
		require.NoError(t, err)
		for _, name := range names {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			files[filepath.Base(name)] = b
		}
	}
	require.Greater(t, len(files), 15)
	return files
}

// look opens a file and reads all of it. Errors name the file.
func look(t testing.TB, fsys fsx.ReadFS, name string, read bool) {
	c, err := Open(fsys, name)
	if err != nil {
		require.ErrorContains(t, err, name)
		return
	}
	defer c.Reader.Close()
	if _, err := c.Graph(t.Context()); err != nil {
		require.ErrorContains(t, err, name)
	}
	if read && c.Format != TensorFlow { // its files have checksums, and its packages test mutants
		formattest.ReadAll(t, c.Reader)
		return
	}
	for e, err := range c.Reader.All() {
		if err != nil {
			require.ErrorContains(t, err, name)
			break
		}
		if err := c.Reader.Check(e.Key); err != nil {
			require.ErrorContains(t, err, name)
		}
	}
}

// TestMutants changes one number in files of every format: to a number larger than any file, to a negative
// one, or to a neighbour. Reading the file must not take more memory than its size justifies.
func TestMutants(t *testing.T) {
	values := []uint64{0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 1 << 24, math.MaxInt32, math.MaxUint32, 1 << 40, math.MaxInt64, math.MaxUint64}
	for name, b := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			step := max(1, len(b)*len(values)*3/thorough.Tries(1_500, 40))
			for step%2 == 0 || step%3 == 0 { // so that all values occur in all widths
				step++
			}
			changed := make([]byte, len(b))
			for at := 0; at < len(b)*len(values)*3; at += step {
				copy(changed, b)
				place, value, width := at/3/len(values), values[at/3%len(values)], 1<<(at%3+1)
				var number [8]byte
				binary.LittleEndian.PutUint64(number[:], value)
				if at%2 == 1 {
					binary.BigEndian.PutUint64(number[:], value<<(64-8*width))
				}
				copy(changed[place:], number[:width])
				taken := formattest.Allocated(func() {
					look(t, fsx.FromFS(fstest.MapFS{name: {Data: changed}}), name, true)
				})
				require.Less(t, taken, uint64(96<<20+200*len(b)), "%d of %d bytes at %d", value, width, place)
			}
		})
	}
}

// TestHeadsOfSparseFiles truncates files of every format, and extends them with zeros to the largest size
// that a filesystem allows.
func TestHeadsOfSparseFiles(t *testing.T) {
	for name, b := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			cuts := thorough.Tries(100, 5)
			for i := range cuts + 1 {
				cut := len(b) * i / cuts
				for _, length := range []int64{int64(cut) + 1<<20, 1 << 40, math.MaxInt64 / 2} {
					taken := formattest.Allocated(func() {
						look(t, formattest.Sparse{name: {Head: b[:cut], Length: length}}, name, false)
					})
					require.Less(t, taken, uint64(96<<20), "the first %d of %d bytes, in a file of %d", cut, len(b), length)
				}
			}
		})
	}
}

// TestLengthsInSparseFiles opens sparse files in which the first length is the file's apparent size.
func TestLengthsInSparseFiles(t *testing.T) {
	number := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	const length = 1 << 40
	for name, head := range map[string]string{
		"header.safetensors":           number(99_000_000) + "{",
		"large.safetensors":            number(length-8) + "{",
		"model.safetensors.index.json": `{"weight_map":{`,
		"model.weights.json":           `{"weight_map":{`,
		"pytorch_model.bin.index.json": `{"weight_map":{`,
		"string.gguf":                  "GGUF\x03\x00\x00\x00" + number(1) + number(1) + number(1<<39),
		"elements.gguf":                "GGUF\x03\x00\x00\x00" + number(1) + number(1) + number(1) + "k\x09\x00\x00\x00\x00\x00\x00\x00" + number(1<<39),
		"strings.gguf":                 "GGUF\x03\x00\x00\x00" + number(1) + number(1) + number(1) + "k\x09\x00\x00\x00\x08\x00\x00\x00" + number(1<<36),
		"pairs.gguf":                   "GGUF\x03\x00\x00\x00" + number(1) + number(1<<35),
		"tensors.gguf":                 "GGUF\x03\x00\x00\x00" + number(1<<35) + number(0),
		"header.npy":                   "\x93NUMPY\x02\x00\xff\xff\xff\x7f",
		"legacy.pt":                    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.",
		"string.pt":                    "\x80\x02T\xff\xff\xff\x7f",
		"bytes.pt":                     "\x80\x04\x8e" + number(1<<39),
		"frame.pt":                     "\x80\x04\x95" + number(1<<39),
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int64{100 << 20, length} {
				taken := formattest.Allocated(func() { look(t, formattest.Sparse{name: {Head: []byte(head), Length: size}}, name, false) })
				require.Less(t, taken, uint64(96<<20))
			}
		})
	}
}

// TestGraphsOfSparseFiles opens a checkpoint in which the object graph is as large as the apparent size of
// its data file.
func TestGraphsOfSparseFiles(t *testing.T) {
	for _, size := range []int64{1 << 10, 300 << 20, 1 << 33, 1 << 40} {
		n := uint64(size) - 14
		head := binary.AppendUvarint(nil, n)
		length := binary.LittleEndian.AppendUint32(nil, uint32(n))
		if n > math.MaxUint32 {
			length = binary.LittleEndian.AppendUint64(nil, n)
		}
		head = binary.LittleEndian.AppendUint32(head, sstable.Mask(crc32.Checksum(length, crc32.MakeTable(crc32.Castagnoli))))
		header, err := proto.Marshal(&pb.BundleHeader{NumShards: 1, Version: &pb.VersionDef{Producer: 1}})
		require.NoError(t, err)
		entry, err := proto.Marshal(&pb.BundleEntry{Dtype: int32(tensor.DTString), Shape: &pb.TensorShape{}, Size: int64(len(head)) + int64(n), Crc32C: 1})
		require.NoError(t, err)
		var index bytes.Buffer
		w := sstable.NewWriter(&index)
		require.NoError(t, w.Add(nil, header))
		require.NoError(t, w.Add([]byte(objectgraph.GraphKey), entry))
		require.NoError(t, w.Close())
		files := formattest.Sparse{"ckpt.index": {Head: index.Bytes(), Length: int64(index.Len())}, "ckpt.data-00000-of-00001": {Head: head, Length: size}}
		taken := formattest.Allocated(func() {
			c, err := Open(files, "ckpt")
			require.NoError(t, err)
			_, err = c.Graph(t.Context())
			require.ErrorIs(t, err, format.ErrCorrupt)
			require.ErrorContains(t, err, "ckpt")
		})
		require.Less(t, taken, uint64(32<<20), size)
	}
}
