package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// counting returns a tensor with the little-endian bytes 0, 1, 2, …
func counting(d tensor.DType, shape ...int) tensor.Any {
	t, err := tensor.NewAny(d, shape...)
	if err != nil {
		panic(err)
	}
	b, _ := tensor.Bytes(t)
	for i := range b {
		b[i] = byte(i)
	}
	if !tensor.NativeLittleEndian {
		d.SwapBytes(b)
	}
	return t
}

// of returns a tensor with the given values.
func of[T tensor.Element](values []T, shape ...int) tensor.Any {
	t, err := tensor.FromSlice(values, shape...)
	if err != nil {
		panic(err)
	}
	return t
}

func scalar[T tensor.Element](v T) tensor.Any { return tensor.Scalar(v) }

// An addition is a call of Add, or of AddSlice if it has a part.
type addition struct {
	key    string
	values tensor.Any
	full   tensor.Shape
	part   tensor.Slice
	shard  int
}

func addAll(t testing.TB, w *Writer, adds []addition) {
	t.Helper()
	for _, a := range adds {
		if a.part == nil {
			require.NoError(t, w.Add(a.shard, a.key, format.SourceOf(a.values)))
		} else {
			require.NoError(t, w.AddSlice(a.shard, a.key, a.full, a.part, format.SourceOf(a.values)))
		}
	}
}

// ext is an explicit extent.
func ext(start, length int) tensor.Extent { return tensor.Extent{Start: start, Length: length} }

// rows returns a region of an array of the given width. The value of each element is its offset.
func rows[T int16 | int32](width int, region tensor.Slice) tensor.Any {
	shape := lengths(region)
	out := make([]T, 0, shape.Len())
	for i := range shape[0] {
		for j := range shape[1] {
			out = append(out, T((region[0].Start+i)*width+region[1].Start+j))
		}
	}
	return of(out, shape...)
}

// goldens are the checkpoints in testdata, which TensorFlow wrote (testdata/gen.py), and how to write them.
func goldens() map[string][]addition {
	var dtypes []addition
	for _, d := range strings.Fields(`float32 float64 int32 uint8 int16 int8 complex64 int64 bfloat16 uint16 complex128
		float16 uint32 uint64 float8_e5m2 float8_e4m3fn qint8 quint8 qint32 qint16 quint16 int4 uint4`) {
		dtype, err := tensor.ParseDType(d)
		if err != nil {
			panic(err)
		}
		dtypes = append(dtypes, addition{key: d, values: counting(dtype, 2, 3)})
	}
	dtypes = append(dtypes, addition{key: "bool", values: of([]bool{true, false, true, false, false, true}, 2, 3)})

	whole, tiled := tensor.Shape{5, 10}, tensor.Slice{ext(0, 5), ext(0, 10)}
	cols := []tensor.Slice{{ext(0, 5), ext(0, 1)}, {ext(0, 5), ext(1, 9)}}
	tiles := []tensor.Slice{{ext(2, 3), ext(0, 10)}, {ext(0, 2), ext(0, 4)}, {ext(0, 2), ext(4, 6)}}
	return map[string][]addition{
		"dtypes": dtypes,
		"shapes": {
			{key: "scalar", values: scalar[float32](1)},
			{key: "empty", values: tensor.New[float32](0, 1618)},
			{key: "rank3", values: tensor.New[int64](16, 0, 18)},
			{key: "ones", values: tensor.New[uint8](1, 1, 1, 1, 1, 1, 1, 1)},
		},
		"order": {
			{key: "foo_003", values: scalar[float32](3)}, {key: "foo_000", values: scalar[float32](0)},
			{key: "foo_002", values: scalar[float32](2)}, {key: "foo_001", values: scalar[float32](1)},
		},
		"strings": {
			{key: "scalar", values: scalar("hello")},
			{key: "vector", values: of([]string{"", "a", "\x00\xff", strings.Repeat("x", 127), strings.Repeat("y", 128)}, 5)},
			{key: "empty", values: tensor.New[string](0)},
			{key: "matrix", values: of([]string{"ab", "c", "", "d"}, 2, 2)},
		},
		"slices": {
			{key: "plain", values: scalar[float32](1)},
			{key: "cols", full: whole, part: tensor.Slice{tensor.Full, ext(0, 1)}, values: rows[int32](10, cols[0])},
			{key: "cols", full: whole, part: tensor.Slice{tensor.Full, ext(1, 9)}, values: rows[int32](10, cols[1])},
			{key: "tiles", full: whole, part: tiles[0], values: rows[int32](10, tiles[0])},
			{key: "tiles", full: whole, part: tiles[1], values: rows[int32](10, tiles[1])},
			{key: "tiles", full: whole, part: tiles[2], values: rows[int32](10, tiles[2])},
			{key: "all", full: whole, part: tensor.Slice{tensor.Full, tensor.Full}, values: rows[int32](10, tiled)},
			{key: "explicit", full: whole, part: tiled, values: rows[int32](10, tiled)},
			{key: "a\x00b\xffc", full: tensor.Shape{9000}, part: tensor.Slice{ext(0, 65)}, values: counting(tensor.DTUInt8, 65)},
			{key: "a\x00b\xffc", full: tensor.Shape{9000}, part: tensor.Slice{ext(65, 8900)}, values: tensor.New[uint8](8900)},
			{key: "a\x00b\xffc", full: tensor.Shape{9000}, part: tensor.Slice{ext(8965, 35)}, values: of(bytes.Repeat([]byte{1}, 35), 35)},
		},
		"merged": {
			{key: "b", values: scalar[float32](1)},
			{key: "part", full: tensor.Shape{4, 2}, part: tensor.Slice{ext(0, 2), tensor.Full}, values: rows[int16](2, tensor.Slice{ext(0, 2), ext(0, 2)})},
			{shard: 1, key: "a", values: scalar[float32](2)},
			{shard: 1, key: "part", full: tensor.Shape{4, 2}, part: tensor.Slice{ext(2, 2), tensor.Full}, values: rows[int16](2, tensor.Slice{ext(2, 2), ext(0, 2)})},
			{shard: 1, key: "late", full: tensor.Shape{2}, part: tensor.Slice{ext(1, 1)}, values: of([]int8{1}, 1)},
		},
	}
}

// files returns the contents of a checkpoint's files on disk, by the parts of their names after the prefix.
func files(t testing.TB, prefix string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(prefix + ".*")
	require.NoError(t, err)
	out := make(map[string]string)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		out[strings.TrimPrefix(name, prefix)] = string(b)
	}
	return out
}

// written returns the contents of a checkpoint's files in memory.
func written(fsys *errfs.FS, prefix string) map[string]string {
	out := make(map[string]string)
	for name, b := range fsys.Files() {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			out[rest] = string(b)
		}
	}
	return out
}

func TestWriterWritesTensorFlowsBytes(t *testing.T) {
	ids := map[string]string{
		"dtypes":  "B-02 every dtype of fixed width is stored as its bytes, little-endian and row-major",
		"shapes":  "B-03 scalars and empty tensors keep their exact shape; the checksum of zero bytes is stored",
		"order":   "B-01 keys are sorted, data stays in the order of addition",
		"strings": "B-04 strings are stored as their lengths, the lengths' checksum and their bytes",
		"slices":  "B-09 B-11 B-12 parts have separate entries with keys that sort first; a part that covers its tensor is not stored as a part",
		"merged":  "B-13 several data files equal the result of a merge of several bundles",
	}
	for name, adds := range goldens() {
		t.Run(ids[name], func(t *testing.T) {
			for _, opts := range []Options{{}, {Workers: 1}, {Workers: 7}} {
				fsys := errfs.New()
				w := Create(fsys, "dir/ckpt", opts)
				addAll(t, w, adds)
				require.NoError(t, w.Commit(t.Context()))
				require.Equal(t, files(t, "testdata/"+name), written(fsys, "dir/ckpt"))
				require.Zero(t, fsys.OpenFiles())
			}
		})
	}
	t.Run("B-08 a variant tensor is written with the bytes that were read", func(t *testing.T) {
		r, err := Open(fsx.OS{}, "testdata/variant")
		require.NoError(t, err)
		defer r.Close()
		dst := tensor.New[tensor.Variant]()
		require.NoError(t, r.Read(t.Context(), "list", dst))
		require.Contains(t, string(dst.Data()[0]), "tensorflow::TensorList")
		fsys := errfs.New()
		w := Create(fsys, "v", Options{})
		require.NoError(t, w.Add(0, "list", format.SourceOf(dst)))
		require.NoError(t, w.Commit(t.Context()))
		require.Equal(t, files(t, "testdata/variant"), written(fsys, "v"))
	})
}

// This test compares checkpoints that are too large for testdata by their checksums.
func TestWriterWritesTensorFlowsSums(t *testing.T) {
	var sums map[string]string
	b, err := os.ReadFile("testdata/sums.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &sums))

	var wide []addition
	for i := range 9000 {
		wide = append(wide, addition{key: fmt.Sprintf("layer_%d/kernel/.ATTRIBUTES/VARIABLE_VALUE", i), values: scalar(int32(i))})
	}
	var long []addition
	for _, k := range []struct {
		c string
		n int
	}{{"a", 300000}, {"b", 600000}, {"b", 600001}, {"c", 10}, {"\xff", 20}} {
		long = append(long, addition{key: strings.Repeat(k.c, k.n), values: scalar(int32(k.n))})
	}
	numbers := tensor.New[uint32](9 << 20)
	for i := range numbers.Data() {
		numbers.Data()[i] = uint32(i)
	}
	texts := make([]string, 100)
	for i := range texts {
		texts[i] = strings.Repeat("x", 200000)
	}
	tests := []struct {
		name, id string
		adds     []addition
	}{
		{"wide", "B-32 an index of several blocks", wide},
		{"long", "B-31 B-33 keys of hundreds of kilobytes", long},
		{"large", "B-39 tensors of many chunks", []addition{
			{key: "t", values: numbers}, {key: "u", values: counting(tensor.DTUInt8, 5)}, {key: "s", values: of(texts, 100)}}},
	}
	for _, test := range tests {
		t.Run(test.id, func(t *testing.T) {
			prefix := filepath.Join(t.TempDir(), test.name)
			w := Create(fsx.OS{}, prefix, Options{})
			addAll(t, w, test.adds)
			require.NoError(t, w.Commit(t.Context()))
			for rest, content := range files(t, prefix) {
				sum := sha256.Sum256([]byte(content))
				require.Equal(t, sums[test.name+rest], hex.EncodeToString(sum[:]), rest)
			}
		})
	}
}

// The values of the additions are read from TensorFlow's files: whole, by every part, and as stored bytes.
func TestReaderReadsWhatTensorFlowWrote(t *testing.T) {
	for name, adds := range goldens() {
		t.Run(name, func(t *testing.T) {
			r, err := Open(fsx.OS{}, "testdata/"+name)
			require.NoError(t, err)
			defer r.Close()
			for _, a := range adds {
				e, ok, err := r.Lookup(a.key)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, a.values.DType(), e.DType)
				region, full := a.part, a.full
				if region == nil {
					full = a.values.Shape()
					region = wholeSlice(full)
				}
				require.Equal(t, full, e.Shape)
				dst, err := tensor.NewAny(e.DType, a.values.Shape()...)
				require.NoError(t, err)
				require.NoError(t, r.ReadSlice(t.Context(), a.key, region, dst))
				require.Equal(t, a.values, dst)
				if a.part == nil {
					require.NoError(t, r.Check(a.key))
					require.NoError(t, r.Read(t.Context(), a.key, dst))
					require.Equal(t, a.values, dst)
				}
			}
		})
	}
}
