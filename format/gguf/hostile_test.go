package gguf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

func openBytes(b []byte) (*Reader, error) {
	return OpenFS(fstest.MapFS{"f": {Data: b}}, "f")
}

// A file builds a GGUF file part by part.
type file struct{ bytes.Buffer }

func (f *file) put(parts ...any) *file {
	for _, p := range parts {
		if s, ok := p.(string); ok {
			f.put(uint64(len(s)))
			f.WriteString(s)
		} else if err := binary.Write(f, binary.LittleEndian, p); err != nil {
			panic(err)
		}
	}
	return f
}

// start begins a file of version 3.
func start(tensors, pairs uint64) *file {
	f := new(file)
	f.WriteString(magic)
	return f.put(uint32(3), tensors, pairs)
}

// end pads the header and appends data.
func (f *file) end(data int) []byte {
	return append(f.Bytes(), make([]byte, (-f.Len()&31)+data)...)
}

func TestHeader(t *testing.T) {
	dims := func(n ...uint64) []uint64 { return n }
	one := func(shape []uint64, kind uint32, offset uint64, data int) []byte {
		return start(1, 0).put("w", uint32(len(shape)), shape, kind, offset).end(data)
	}
	pair := func(parts ...any) []byte { return start(0, 1).put("key").put(parts...).end(0) }
	tests := []struct {
		name string
		file []byte
		want string // "" if it is read
	}{
		{"a tensor", one(dims(3, 2), 0, 0, 24), ""},
		{"a scalar", one(dims(), 0, 0, 4), ""},
		{"blocks", one(dims(32, 2), 8, 0, 68), ""},
		{"an unknown type, which is listed", one(dims(3), 99, 0, 0), ""},
		{"a type that was removed from the format", one(dims(32), 4, 0, 0), ""},

		{"nothing", nil, `it begins with "\x00\x00\x00\x00"`},
		{"another magic", []byte("GGML\x03\x00\x00\x00"), `it begins with "GGML"`},
		{"version 1", []byte("GGUF\x01\x00\x00\x00"), "version 1 of the GGUF format"},
		{"version 4, big-endian", []byte("GGUF\x00\x00\x00\x04"), "version 4 of the GGUF format"},
		{"no version", []byte("GGUF\x03"), "it was cut off"},
		{"many tensors", start(1<<60, 0).end(100), "got 1152921504606846976 tensors, but only"},
		{"much metadata", start(0, 1<<60).end(100), "pairs of metadata, but only"},
		{"a long key", start(0, 1).put(uint64(1 << 62)).end(100), "bytes of a string, but only"},
		{"a key that is not UTF-8", start(0, 1).put("\xff", uint32(0), uint8(0)).end(100), "not UTF-8"},
		{"one key twice", start(0, 2).put("k", uint32(0), uint8(1), "k", uint32(0), uint8(1)).end(0), `has the key "k" twice`},
		{"an unknown type of a value", pair(uint32(13), uint64(0)), "type 13 of a value"},
		{"an unknown type of an array", pair(uint32(9), uint32(13), uint64(0)), "type 13 of an array"},
		{"a long array", pair(uint32(9), uint32(0), uint64(1<<62)), "elements of an array, but only"},
		{"a long array of strings", pair(uint32(9), uint32(8), uint64(9), uint64(0)), "9 elements of an array"},
		{"deep arrays", pair(uint32(9), bytes.Repeat([]byte("\x09\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"), 99)), "nested too deeply"},
		{"an alignment of 3", start(0, 1).put(alignmentKey, uint32(4), uint32(3)).end(0), "general.alignment is 3"},
		{"an alignment of 0", start(0, 1).put(alignmentKey, uint32(4), uint32(0)).end(0), "general.alignment is 0"},
		{"an alignment that is text", start(0, 1).put(alignmentKey, uint32(8), "32").end(0), "expected a uint32 that is a power of two"},

		{"one name twice", start(2, 0).put("w", uint32(0), uint32(0), uint64(0), "w", uint32(0), uint32(0), uint64(32)).end(36), "two tensors have this name"},
		{"an overlap", start(2, 0).put("v", uint32(1), uint64(16), uint32(0), uint64(0), "w", uint32(0), uint32(0), uint64(32)).end(64), "overlap"},
		{"many axes", start(1, 0).put("w", uint32(33)).end(999), "33 axes"},
		{"a long axis", one(dims(1<<63), 0, 0, 4), "an axis of length"},
		{"more elements than an int can count", one(dims(1<<32, 1<<32), 0, 0, 4), "more elements than an int"},
		{"more bytes than any file has", one(dims(1<<62), 0, 0, 4), "does not fit 64 bits"},
		{"part of a block", one(dims(2, 32), 8, 0, 68), "the last axis of Q8_0[32 2] is not a multiple of the 32"},
		{"a scalar of a type with blocks", one(dims(), 8, 0, 68), "not a multiple of the 32"},
		{"an offset beyond the file", one(dims(1), 0, 1<<40, 4), "beyond the end"},
		{"an offset beyond any file", one(dims(1), 0, 1<<63, 4), "invalid offset"},
		{"an offset that is not aligned", one(dims(1), 0, 4, 8), "not a multiple of the alignment"},
		{"a truncated file", one(dims(2), 0, 0, 7), "its 8 bytes at offset 64 exceed the 71 bytes"},
		{"a truncated tensor of an unsupported type", one(dims(256), 16, 0, 65), "its 66 bytes at offset 64 exceed"},
		{"a tensor of an unsupported type that is larger than any file", one(dims(1<<62), 16, 0, 65), "blocks of 66 bytes, but the file has"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := openBytes(tt.file)
			if tt.want == "" {
				require.NoError(t, err)
				require.Equal(t, 1, r.Len())
				formattest.ReadAll(t, r)
				return
			}
			formattest.RequireSays(t, err, tt.want)
			require.IsType(t, new(raw.Error), err)
			if !errors.Is(err, errors.ErrUnsupported) {
				require.ErrorIs(t, err, format.ErrCorrupt)
			}
		})
	}
	_, err := OpenFS(fstest.MapFS{}, "f")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.True(t, Recognize([]byte("GGUF\x03")))
	require.False(t, Recognize([]byte("GGM")))
}

// readAll reads all readable parts of a file and returns the tensors. It must not panic.
func readAll(t testing.TB, b []byte) map[string]tensor.Any {
	r, err := openBytes(b)
	if err != nil {
		return nil
	}
	defer r.Close()
	if _, err := r.Graph(); err != nil {
		require.ErrorIs(t, err, format.ErrCorrupt)
	}
	return formattest.ReadAll(t, r)
}

func seeds(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("testdata/*.gguf")
	require.NoError(t, err)
	files := make(map[string][]byte)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = b
	}
	return files
}

func FuzzFile(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Add(start(1, 1).put("k", uint32(9), uint32(8), uint64(1), "v", "w", uint32(1), uint64(32), uint32(8), uint64(0)).end(34))
	f.Fuzz(func(t *testing.T, b []byte) { readAll(t, b) })
}

// The test changes numbers at all positions of a file, and truncates it there.
func TestMutants(t *testing.T) {
	for _, name := range []string{"plain.gguf", "vocabulary.gguf"} {
		b := seeds(t)[name]
		check := func(b []byte) {
			formattest.RequireAllocates(t, 200*len(b)+1<<20, func() { readAll(t, b) })
		}
		for mutant := range formattest.Mutants(b, 1, thorough.Pick(1, 31)) {
			check(mutant)
		}
		for cut := 0; cut < len(b); cut += thorough.Pick(1, 5) {
			check(b[:cut])
		}
	}
}

// A reader allocates memory in proportion to the size of the file.
func TestMemory(t *testing.T) {
	tensors, pairs := start(10_000, 0), start(0, 10_000)
	for i := range 10_000 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		tensors.put(name, uint32(0), uint32(0), uint64(32*i))
		pairs.put(name, uint32(0), uint8(0))
	}
	for name, b := range map[string][]byte{
		"many tensors":  tensors.end(32 * 10_000),
		"many pairs":    pairs.end(0),
		"many strings":  start(0, 1).put("k", uint32(9), uint32(8), uint64(1<<17), make([]uint64, 1<<17)).end(0),
		"many arrays":   start(0, 1).put("k", uint32(9), uint32(9), uint64(1<<16), bytes.Repeat(make([]byte, 12), 1<<16)).end(0),
		"a long string": start(0, 1).put("k", uint32(8), strings.Repeat("x", 1<<20)).end(0),
		"longer arrays": start(0, 1).put("k", uint32(9), uint32(9), uint64(1<<15), bytes.Repeat([]byte("\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00"), 1<<16)).end(0),
	} {
		t.Run(name, func(t *testing.T) {
			formattest.RequireAllocates(t, 64*len(b)+1<<20, func() { readAll(t, b) })
		})
	}
}
