package safetensors

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/formattest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// readAll reads all readable parts of a file and returns the tensors. It must not panic.
func readAll(t testing.TB, b []byte) (tensors map[string]tensor.Any, metadata map[string]string) {
	r, err := openBytes(b)
	if err != nil {
		return nil, nil
	}
	defer r.Close()
	if _, err := r.Graph(); err != nil {
		require.ErrorIs(t, err, format.ErrCorrupt)
	}
	return formattest.ReadAll(t, r), r.Metadata()
}

func seeds(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("testdata/*.safetensors")
	require.NoError(t, err)
	files := make(map[string][]byte)
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = b
	}
	return files
}

// FuzzFile reads arbitrary files. It writes the readable tensors, and reads them again.
func FuzzFile(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { rewrite(t, b) })
}

// FuzzHeader is FuzzFile for files with a valid header length.
func FuzzHeader(f *testing.F) {
	for _, b := range seeds(f) {
		n := binary.LittleEndian.Uint64(b)
		f.Add(string(b[lengthSize:lengthSize+n]), len(b)-lengthSize-int(n))
	}
	f.Fuzz(func(t *testing.T, header string, data int) {
		if data >= 0 && data < 1<<16 {
			rewrite(t, file(header, data))
		}
	})
}

func rewrite(t testing.TB, b []byte) {
	tensors, metadata := readAll(t, b)
	disk := errfs.New()
	w := Create(disk, "f", Options{Metadata: metadata})
	for key, v := range tensors {
		require.NoError(t, w.Add(0, key, format.SourceOf(v)))
	}
	require.NoError(t, w.Commit(t.Context()))
	again, _ := readAll(t, disk.Files()["f"])
	require.Len(t, again, len(tensors))
	for key, v := range tensors {
		require.True(t, tensor.Equal(v, again[key]), key)
	}
}

// FuzzIndex reads arbitrary indexes next to two files.
func FuzzIndex(f *testing.F) {
	b, err := os.ReadFile("testdata/sharded/" + indexName)
	require.NoError(f, err)
	f.Add(string(b))
	f.Add(`{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}`)
	f.Fuzz(func(t *testing.T, index string) {
		r, err := OpenFS(fstest.MapFS{"1.safetensors": holding("a"), "2.safetensors": holding("b"), indexName: {Data: []byte(index)}}, indexName)
		if err == nil {
			formattest.ReadAll(t, r)
			require.NoError(t, r.Close())
		}
	})
}

var (
	number = regexp.MustCompile(`\d+`)
	member = regexp.MustCompile(`"[^"]*":(\{[^{}]*\}|\[[^][]*\]|"[^"]*")`)
)

// mutants yields files with one change in the header and a corrected header length.
func mutants(b []byte, yield func(what string, b []byte)) {
	n := binary.LittleEndian.Uint64(b)
	header, data := string(b[lengthSize:lengthSize+n]), b[lengthSize+n:]
	change := func(at []int, to string) {
		changed := header[:at[0]] + to + header[at[1]:]
		yield(to+" at "+header[max(at[0]-20, 0):at[1]], append(file(changed, 0), data...))
	}
	for _, at := range number.FindAllStringIndex(header, -1) {
		for _, to := range []string{"", "0", "1", "7", "-1", "1e3", "2147483648", "4611686018427387904", "9223372036854775807", "18446744073709551615", "99999999999999999999"} {
			change(at, to)
		}
	}
	for _, at := range member.FindAllStringIndex(header, -1) {
		whole := header[at[0]:at[1]]
		change(at, whole+","+whole)
		change(at, strings.ToUpper(whole))
		change(at, `"x":null`)
	}
	for cut := range len(b) {
		yield("cut off", b[:cut])
	}
}

func TestMutants(t *testing.T) {
	total, read := 0, 0
	for name, b := range seeds(t) {
		mutants(b, func(what string, b []byte) {
			total++
			var tensors map[string]tensor.Any
			formattest.RequireAllocates(t, 200*len(b)+1<<20, func() { tensors, _ = readAll(t, b) }, "%s: %s", name, what)
			if tensors != nil {
				read++
			}
		})
	}
	require.Greater(t, total, 3000)
	require.Less(t, read, total/10, "most of these changes cause errors")
}

// A reader allocates memory in proportion to the size of the file.
func TestMemory(t *testing.T) {
	var many bytes.Buffer
	many.WriteString(`{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`)
	for i := range 100_000 {
		many.WriteString(`,"a.` + strconv.Itoa(i) + `":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`)
	}
	many.WriteString("}")
	tests := map[string]string{
		"many tensors":  many.String(),
		"many axes":     `{"w":{"dtype":"U8","shape":[` + strings.Repeat("1,", 1<<20) + `1],"data_offsets":[0,1]}}`,
		"deep":          `{"w":{"x":` + strings.Repeat(`[`, 1<<20),
		"a long string": `{"` + strings.Repeat(`\u0041`, 1<<18) + `":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`,
		"much metadata": `{"__metadata__":{"` + strings.Repeat("a", 1<<20) + `":""}}`,
	}
	for name, header := range tests {
		t.Run(name, func(t *testing.T) {
			b := file(header, 1)
			formattest.RequireAllocates(t, 32*len(b)+1<<20, func() { readAll(t, b) })
		})
	}
}
