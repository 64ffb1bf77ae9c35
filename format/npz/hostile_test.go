package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// readAll reads all readable parts of a file and returns the arrays. It must not panic.
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

func seeds(t testing.TB, ending string) map[string][]byte {
	names, err := filepath.Glob("testdata/*" + ending)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	files := make(map[string][]byte)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = b
	}
	return files
}

// FuzzFile reads arbitrary files. It writes the readable arrays, and reads them again.
func FuzzFile(f *testing.F) {
	for _, ending := range []string{ending, ".npz"} {
		for _, b := range seeds(f, ending) {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { rewrite(t, readAll(t, b)) })
}

// FuzzHeader is FuzzFile for arrays with a valid header length, alone and in a valid archive.
func FuzzHeader(f *testing.F) {
	for _, b := range seeds(f, ".npy") {
		n := int(binary.LittleEndian.Uint16(b[8:]))
		if b[6] == 1 {
			f.Add(string(b[10:10+n]), len(b)-10-n)
		}
	}
	f.Fuzz(func(t *testing.T, header string, data int) {
		if data < 0 || data >= 1<<16 || len(header) >= 1<<16 {
			return
		}
		b := array1(header, data)
		alone := readAll(t, b)
		rewrite(t, alone)
		for _, method := range []uint16{zip.Store, zip.Deflate} {
			packed := readAll(t, archive(t, method, map[string][]byte{"f.npy": b}))
			require.Len(t, packed, len(alone))
			for key, v := range alone {
				require.True(t, tensor.Equal(v, packed[key]))
			}
		}
	})
}

func archive(t testing.TB, method uint16, members map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, contents := range members {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		require.NoError(t, err)
		_, err = w.Write(contents)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func rewrite(t testing.TB, tensors map[string]tensor.Any) {
	disk := errfs.New()
	w := Create(disk, "f", Options{})
	for key, v := range tensors {
		if strings.ContainsRune(key, 0) || strings.ToValidUTF8(key, "") != key {
			return
		}
		require.NoError(t, w.Add(0, key, format.SourceOf(v)))
	}
	require.NoError(t, w.Commit(t.Context()))
	again := readAll(t, disk.Files()["f"])
	require.Len(t, again, len(tensors))
	for key, v := range tensors {
		require.True(t, tensor.Equal(v, again[key]), key)
	}
}

var number = regexp.MustCompile(`\d+`)

// mutants yields .npy files with one changed number in the header and a corrected length, and files that are
// truncated anywhere.
func mutants(b []byte, yield func(what string, b []byte)) {
	n := int(binary.LittleEndian.Uint16(b[8:]))
	header, data := string(b[10:10+n]), b[10+n:]
	for _, at := range number.FindAllStringIndex(header, -1) {
		for _, to := range []string{"", "0", "1", "7", "-1", "1e3", "2147483648", "4611686018427387904", "9223372036854775807", "99999999999999999999", "(1,)", "[[[1"} {
			changed := header[:at[0]] + to + header[at[1]:]
			yield(to+" at "+header[max(at[0]-20, 0):at[1]], append(array1(changed, 0), data...))
		}
	}
	for cut := range len(b) {
		yield("cut off", b[:cut])
	}
}

func TestMutants(t *testing.T) {
	total := 0
	for name, b := range seeds(t, ".npy") {
		if b[6] != 1 {
			continue
		}
		mutants(b, func(what string, b []byte) {
			total++
			for _, b := range [][]byte{b, archive(t, zip.Deflate, map[string][]byte{"f.npy": b})} {
				formattest.RequireAllocates(t, 200*len(b)+1<<20, func() { readAll(t, b) }, "%s: %s", name, what)
			}
		})
	}
	require.Greater(t, total, 300)
}

// If a byte of an archive changes, either a read fails or the values are unchanged.
func TestDamagedArchives(t *testing.T) {
	for name, b := range seeds(t, ".npz") {
		want := readAll(t, b)
		require.NotEmpty(t, want)
		for at := 0; at < len(b); at += thorough.Pick(11, 47) {
			changed := bytes.Clone(b)
			changed[at] ^= 0x10
			for key, v := range readAll(t, changed) {
				if was, ok := want[key]; ok && !tensor.Equal(v, was) {
					t.Errorf("%s: byte %d changed %s", name, at, key)
				}
			}
		}
	}
}

// A reader allocates memory in proportion to the size of the file.
func TestMemory(t *testing.T) {
	zeros := array1("{'descr': '<f4', 'fortran_order': False, 'shape': (5242880,), }", 0)
	many := make(map[string][]byte)
	for i := range 4_000 {
		many[fmt.Sprint("a", i, ".npy")] = array1("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", 0)
	}
	bomb := func() []byte { // 20 MiB of zeros
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("w.npy")
		require.NoError(t, err)
		_, err = w.Write(zeros)
		require.NoError(t, err)
		_, err = io.CopyN(w, zeroes{}, 20<<20)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		return b.Bytes()
	}()
	for name, b := range map[string][]byte{
		"many arrays":   archive(t, zip.Store, many),
		"no values":     zeros,
		"many axes":     array1("{'descr': '<f4', 'fortran_order': False, 'shape': ("+strings.Repeat("1,", 30_000)+")}", 4),
		"a long header": append([]byte(magic+"\x02\x00\x00\x00\x10\x00"), make([]byte, 100)...),
		"a ZIP bomb":    bomb,
	} {
		t.Run(name, func(t *testing.T) {
			formattest.RequireAllocates(t, 32*len(b)+2<<20, func() { readAll(t, b) })
		})
	}
	_, err := openBytes(bomb)
	require.ErrorIs(t, err, format.ErrCorrupt)
	require.IsType(t, new(raw.Error), err)
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }
