package torch_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/torch"
)

// open opens a file in memory.
func open(data []byte) (*torch.Reader, error) {
	return torch.OpenFS(fstest.MapFS{"m.pt": {Data: data}}, "m.pt")
}

// archive returns an archive like those of torch.save. It has data as its pickle, storages "0", "1", …, and
// further members by name.
func archive(t testing.TB, data string, storages []string, more map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add := func(name, data string) {
		f, err := w.CreateHeader(&zip.FileHeader{Name: "m/" + name, Method: zip.Store})
		require.NoError(t, err)
		_, err = f.Write([]byte(data))
		require.NoError(t, err)
	}
	add("data.pkl", data)
	for i, s := range storages {
		add(fmt.Sprint("data/", i), s)
	}
	for name, data := range more {
		add(name, data)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// These are the pieces of a pickle.

func str(s string) string {
	return "X" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
}

func bytesOf(b []byte) string {
	return "B" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))) + string(b)
}

func num(v int64) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(v)))
}

func tuple(items ...string) string { return "(" + strings.Join(items, "") + "t" }

func global(name string) string {
	i := strings.LastIndex(name, ".")
	return "c" + name[:i] + "\n" + name[i+1:] + "\n"
}

func call(name string, args ...string) string { return global(name) + tuple(args...) + "R" }

func nums(values ...int64) string {
	var items []string
	for _, v := range values {
		items = append(items, num(v))
	}
	return tuple(items...)
}

// storage returns a persistent id of numel numbers of a type.
func storage(kind, key string, numel int64) string {
	return tuple(str("storage"), global("torch."+kind), str(key), str("cpu"), num(numel)) + "Q"
}

// tensorOf returns a tensor in a storage.
func tensorOf(storage string, offset int64, shape, strides string) string {
	return call("torch._utils._rebuild_tensor_v2", storage, num(offset), shape, strides, "\x89", "}")
}

// scalar is a tensor with one float32 in storage "0".
var scalar = tensorOf(storage("FloatStorage", "0", 1), 0, ")", ")")

// dict returns a dict from names to values.
func dict(items ...string) string {
	b := "}("
	for i, s := range items {
		if i%2 == 0 {
			s = str(s)
		}
		b += s
	}
	return b + "u"
}

func pickled(value string) string { return "\x80\x02" + value + "." }

// legacy returns a file in the format that preceded archives: the object, and storages with elements of 4
// bytes.
func legacy(object string, keys []string, storages ...string) []byte {
	b := pickled("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickled("M\xe9\x03") + pickled(dict("little_endian", "\x88")) + pickled(object)
	list := "]("
	for _, k := range keys {
		list += str(k)
	}
	b += pickled(list + "e")
	for _, s := range storages {
		b += string(binary.LittleEndian.AppendUint64(nil, uint64(len(s)/4))) + s
	}
	return []byte(b)
}

// pickleOf returns the pickle of a golden archive, and a function that makes the archive with another pickle.
func pickleOf(t testing.TB, data []byte) (old string, with func(string) []byte) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	var storages []string
	more := map[string]string{}
	for _, f := range r.File {
		rc, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(rc)
		if f.CRC32 != 0 {
			require.NoError(t, err)
		}
		switch _, name, _ := strings.Cut(f.Name, "/"); {
		case name == "data.pkl":
			old = string(content)
		case strings.HasPrefix(name, "data/"):
			require.Equal(t, fmt.Sprint("data/", len(storages)), name)
			storages = append(storages, string(content))
		default:
			more[name] = string(content)
		}
	}
	return old, func(data string) []byte { return archive(t, data, storages, more) }
}
