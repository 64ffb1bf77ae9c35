package zipfile_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/zipfile"
)

// A member is a member that archive writes.
type member struct {
	name   string
	method uint16
	data   string
}

func archive(t testing.TB, members ...member) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method})
		require.NoError(t, err)
		_, err = f.Write([]byte(m.data))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func open(data []byte) (*zipfile.Archive, error) { return zipfile.Open(raw.Memory("a.zip", data)) }

// Verify finds a changed byte in a stored and in a compressed member. It reports members without a checksum.
func TestVerify(t *testing.T) {
	data := archive(t, member{"stored", zip.Store, "12345"}, member{"packed", zip.Deflate, strings.Repeat("xyz", 1000)}, member{"empty", zip.Store, ""})
	verify := func(change func([]byte)) (bool, error) {
		changed := bytes.Clone(data)
		change(changed)
		a, err := open(changed)
		require.NoError(t, err)
		return a.Verify(t.Context())
	}
	all, err := verify(func([]byte) {})
	require.NoError(t, err)
	require.True(t, all)
	_, err = verify(func(b []byte) { b[bytes.Index(b, []byte("12345"))]++ })
	require.ErrorIs(t, err, format.ErrCorrupt)
	require.ErrorContains(t, err, "a.zip: stored: its checksum is")
	_, err = verify(func(b []byte) { b[bytes.Index(b, []byte("packed"))+8]++ })
	require.ErrorIs(t, err, format.ErrCorrupt)
	all, err = verify(func(b []byte) {
		directory := bytes.Index(b, []byte("PK\x01\x02"))
		copy(b[directory+16:], make([]byte, 4))
	})
	require.NoError(t, err)
	require.False(t, all)
}

func TestMembers(t *testing.T) {
	data := archive(t, member{"p/stored", zip.Store, "12345"}, member{"p/packed", zip.Deflate, strings.Repeat("x", 1000)}, member{"p/", zip.Store, ""})
	a, err := open(data)
	require.NoError(t, err)
	require.Equal(t, []string{"p/stored", "p/packed", "p/"}, slices.Collect(a.Names()))
	require.Equal(t, 3, a.Len())
	require.True(t, a.Has("p/stored"))
	require.False(t, a.Has("stored"))

	b, err := a.Blob("p/stored")
	require.NoError(t, err)
	require.Equal(t, "a.zip: p/stored", b.Name())
	got, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size()))
	require.NoError(t, err)
	require.Equal(t, "12345", string(got))
	got, err = a.ReadFile("p/stored", 5)
	require.NoError(t, err)
	require.Equal(t, "12345", string(got))

	b, err = a.Blob("p/packed")
	require.NoError(t, err)
	require.Equal(t, int64(1000), b.Size())
	got, err = a.ReadFile("p/packed", 1000)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("x", 1000), string(got))

	_, err = a.ReadFile("p/stored", 4)
	require.EqualError(t, err, "a.zip: p/stored: it has 5 bytes, expected at most 4")
	_, err = a.Blob("q")
	require.EqualError(t, err, `a.zip: the archive has no member "q"`)
	require.ErrorIs(t, err, format.ErrNotFound)
}

// edit returns data with a changed field in the headers of its directory. offset is the field's offset in
// each header.
func edit(data []byte, nth, offset int, to []byte) []byte {
	data = bytes.Clone(data)
	at := -1
	for range nth + 1 {
		at += 1 + bytes.Index(data[at+1:], []byte("PK\x01\x02"))
	}
	copy(data[at+offset:], to)
	return data
}

func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func TestFaults(t *testing.T) {
	two := archive(t, member{"one", zip.Store, "12345"}, member{"two", zip.Store, "67890"})
	packed := archive(t, member{"one", zip.Deflate, strings.Repeat("abc", 100)})
	read := func(name string) func(*zipfile.Archive) error {
		return func(a *zipfile.Archive) error { _, err := a.ReadFile(name, 1<<20); return err }
	}
	for _, c := range []struct {
		name string
		data []byte
		use  func(*zipfile.Archive) error // nil: opening fails
		want string
	}{
		{"not an archive", []byte("PK\x03\x04 and no more"), nil, "a.zip: it is not an intact ZIP archive: it was cut off, or is damaged"},
		{"a truncated archive", two[:len(two)-30], nil, "a.zip: it is not an intact ZIP archive: it was cut off, or is damaged"},
		{"one name twice", archive(t, member{"one", zip.Store, "1"}, member{"one", zip.Store, "2"}), nil, `a.zip: two members of the archive have the name "one"`},
		{"overlap", edit(two, 1, 42, u32(0)), nil, `a.zip: two: it overlaps the member "one"`},
		{"beyond the end", edit(edit(two, 1, 20, u32(1<<20)), 1, 24, u32(1<<20)), nil, "exceed the file"},
		{"stored and packed", edit(two, 0, 24, u32(6)), nil, "a.zip: one: it is stored without compression, but has 6 bytes in 5"},
		{"bomb", archive(t, member{"zeros", zip.Deflate, strings.Repeat("\x00", 17<<20)}), nil, "its members unpack to more than 128 times the"},
		{"a larger announced size", edit(packed, 0, 24, u32(301)), read("one"), "it is not an intact ZIP archive"},
		{"a smaller announced size", edit(packed, 0, 24, u32(299)), read("one"), "it is not an intact ZIP archive"},
		{"checksum of a stored member", edit(two, 0, 16, u32(1)), read("one"), "a.zip: one: its checksum is cbf53a1c, the archive says 00000001"},
		{"a name that could control a terminal", edit(archive(t, member{"a\x1b[2J\n", zip.Store, "1"}), 0, 16, u32(1)), read("a\x1b[2J\n"), `a.zip: "a\x1b[2J\n": its checksum is`},
		{"encrypted", edit(two, 0, 8, []byte{1, 0}), read("one"), "a.zip: one: it is encrypted"},
		{"another compression", edit(packed, 0, 10, []byte{93, 0}), read("one"), "a.zip: one: it is compressed by method 93, only stored and deflate are supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := open(c.data)
			if c.use != nil {
				require.NoError(t, err)
				err = c.use(a)
			}
			require.ErrorContains(t, err, c.want)
			require.True(t, errors.Is(err, format.ErrCorrupt) != errors.Is(err, errors.ErrUnsupported))
		})
	}
	t.Run("a checksum of zero means no checksum", func(t *testing.T) {
		a, err := open(edit(two, 0, 16, u32(0)))
		require.NoError(t, err)
		require.NoError(t, read("one")(a))
	})
}

// FuzzOpen reads archives with arbitrary contents.
func FuzzOpen(f *testing.F) {
	f.Add(archive(f, member{"one", zip.Store, "12345"}, member{"two", zip.Deflate, "67890"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := open(data)
		if err != nil {
			if !errors.Is(err, format.ErrCorrupt) {
				t.Fatalf("%v has an unexpected kind", err)
			}
			return
		}
		for name := range a.Names() {
			_, _ = a.ReadFile(name, 1<<20)
			_, _ = a.Blob(name)
		}
	})
}
