package fsx_test

import (
	"archive/zip"
	"bytes"
	"embed"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
)

//go:embed testdata
var embedded embed.FS

const greeting = "hello, checkpoint\n" // the contents of testdata/dir/greeting

// Every way to read a file gives the same bytes at the same offsets.
func TestReading(t *testing.T) {
	disk := errfs.New()
	require.NoError(t, disk.WriteFile("testdata/dir/greeting", []byte(greeting)))
	var zipped bytes.Buffer
	w := zip.NewWriter(&zipped)
	f, err := w.Create("testdata/dir/greeting")
	require.NoError(t, err)
	_, err = f.Write([]byte(greeting))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	archive, err := zip.NewReader(bytes.NewReader(zipped.Bytes()), int64(zipped.Len()))
	require.NoError(t, err)

	for name, fsys := range map[string]fsx.ReadFS{
		"the machine's filesystem": fsx.OS{},
		"in memory":                disk,
		"embed.FS, with files that are io.ReaderAt": fsx.FromFS(embedded),
		"os.DirFS":                    fsx.FromFS(os.DirFS(".")),
		"files that seek":             fsx.FromFS(only{os.DirFS("."), true}),
		"files that can only be read": fsx.FromFS(only{os.DirFS("."), false}),
		"a zip archive":               fsx.FromFS(archive),
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"testdata/dir/greeting", "./testdata//dir/../dir/greeting", filepath.Join("testdata", "dir", "greeting")} {
				r, err := fsys.Open(path)
				require.NoError(t, err)
				require.EqualValues(t, len(greeting), r.Size())
				b := make([]byte, 5)
				for _, tt := range []struct {
					off  int64
					want string
					err  error
				}{{7, "check", nil}, {0, "hello", nil}, {13, "oint\n", nil}, {14, "int\n", io.EOF}, {18, "", io.EOF}, {99, "", io.EOF}} {
					n, err := r.ReadAt(b, tt.off)
					if n < len(b) {
						require.Equal(t, tt.err, err, "at %d", tt.off)
					}
					require.Equal(t, tt.want, string(b[:n]), "at %d", tt.off)
				}
				_, err = r.ReadAt(b, -1)
				require.Error(t, err)

				var wg sync.WaitGroup
				for i := range 8 {
					wg.Go(func() {
						b := make([]byte, 1)
						if _, err := r.ReadAt(b, int64(i)); err != nil || b[0] != greeting[i] {
							t.Errorf("at %d: %q, %v", i, b, err)
						}
					})
				}
				wg.Wait()
				require.NoError(t, r.Close())
			}
			data, err := fsx.ReadFile(fsys, "testdata/dir/greeting", 100)
			require.NoError(t, err)
			require.Equal(t, greeting, string(data))
			_, err = fsx.ReadFile(fsys, "testdata/dir/greeting", 3)
			require.ErrorContains(t, err, "got 18 bytes, expected at most 3")

			_, err = fsys.Open("testdata/dir/nothing")
			require.ErrorIs(t, err, fs.ErrNotExist)
			_, err = fsys.Stat("testdata/nothing")
			require.ErrorIs(t, err, fs.ErrNotExist)
			_, err = fsys.ReadDir("testdata/nothing")
			require.ErrorIs(t, err, fs.ErrNotExist)
			_, err = fsys.Open("testdata/dir")
			require.Error(t, err, "a directory cannot be read")
			require.Contains(t, err.Error(), "testdata")

			info, err := fsys.Stat("testdata/dir/greeting")
			require.NoError(t, err)
			require.EqualValues(t, len(greeting), info.Size())
			entries, err := fsys.ReadDir("testdata/dir")
			require.NoError(t, err)
			require.Len(t, entries, 1)
			require.Equal(t, "greeting", entries[0].Name())
		})
	}
}

// only hides all methods of files, except those for reading and perhaps seeking.
type only struct {
	fs.FS
	seek bool
}

func (o only) Open(name string) (fs.File, error) {
	f, err := o.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if o.seek {
		return struct {
			fs.File
			io.Seeker
		}{f, f.(io.Seeker)}, nil
	}
	return struct{ fs.File }{f}, nil
}

func (o only) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.FS, name) }

func TestFromFSRefuses(t *testing.T) {
	fsys := fstest.MapFS{"f": {Data: []byte("x")}}
	for _, name := range []string{"/f", "../f", "d/../../f"} {
		_, err := fsx.FromFS(fsys).Open(name)
		require.ErrorIs(t, err, fs.ErrInvalid, name)
	}
	t.Run("if a file is shorter than announced, all its bytes are read", func(t *testing.T) {
		r, err := fsx.FromFS(lying{size: 1 << 50}).Open("f")
		require.NoError(t, err)
		require.EqualValues(t, 3, r.Size())
	})
	t.Run("if a file is longer than announced, the announced bytes are read", func(t *testing.T) {
		r, err := fsx.FromFS(lying{size: 2}).Open("f")
		require.NoError(t, err)
		require.EqualValues(t, 2, r.Size())
	})
	t.Run("a negative size", func(t *testing.T) {
		_, err := fsx.FromFS(lying{size: -1}).Open("f")
		require.ErrorContains(t, err, "-1")
	})
	t.Run("an error while reading", func(t *testing.T) {
		broken := errors.New("broken")
		_, err := fsx.FromFS(lying{size: 9, err: broken}).Open("f")
		require.ErrorIs(t, err, broken)
	})
}

// lying is a filesystem with one three-byte file that reports another size.
type lying struct {
	size int64
	err  error
}

type lyingFile struct {
	io.Reader
	lying
}

func (l lying) Open(string) (fs.File, error) {
	if l.err != nil {
		return lyingFile{iotest.ErrReader(l.err), l}, nil
	}
	return lyingFile{bytes.NewReader([]byte("abc")), l}, nil
}

func (f lyingFile) Stat() (fs.FileInfo, error) { return lyingInfo{size: f.size}, nil }
func (f lyingFile) Close() error               { return nil }

type lyingInfo struct {
	fs.FileInfo
	size int64
}

func (i lyingInfo) Size() int64 { return i.size }
func (i lyingInfo) IsDir() bool { return false }

func TestOS(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Run("Create creates only new files", func(t *testing.T) {
		f, err := fsx.OS{}.Create("f")
		require.NoError(t, err)
		_, err = f.WriteAt([]byte("b"), 1)
		require.NoError(t, err)
		require.NoError(t, f.Truncate(3))
		require.NoError(t, f.Sync())
		require.NoError(t, f.Close())
		data, err := os.ReadFile("f")
		require.NoError(t, err)
		require.Equal(t, "\x00b\x00", string(data))
		_, err = fsx.OS{}.Create("f")
		require.ErrorIs(t, err, fs.ErrExist)
	})
	t.Run("Link creates only new names", func(t *testing.T) {
		require.NoError(t, fsx.OS{}.Link("f", "g"))
		require.ErrorIs(t, fsx.OS{}.Link("f", "g"), fs.ErrExist)
		require.ErrorIs(t, fsx.OS{}.Link("nothing", "h"), fs.ErrNotExist)
		require.NoError(t, fsx.OS{}.Rename("g", "f"))
		require.NoError(t, fsx.OS{}.Remove("f"))
	})
	t.Run("directories are created and synced", func(t *testing.T) {
		require.NoError(t, fsx.MkdirAll(fsx.OS{}, filepath.Join("a", "b")))
		require.NoError(t, fsx.MkdirAll(fsx.OS{}, filepath.Join("a", "b")))
		require.NoError(t, fsx.MkdirAll(fsx.OS{}, "."))
		require.NoError(t, fsx.MkdirAll(fsx.OS{}, ""))
		require.NoError(t, fsx.OS{}.SyncDir("a"))
		require.DirExists(t, "a/b")
	})
	t.Run("a directory is not a file", func(t *testing.T) {
		_, err := fsx.OS{}.Open("a")
		require.ErrorIs(t, err, syscall.EISDIR)
	})
	t.Run("a device is not a file", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("Windows does not have device files")
		}
		_, err := fsx.OS{}.Open(os.DevNull)
		require.ErrorContains(t, err, "not a regular file")
	})
}

// Allocated space reads as zeros, and never truncates what was written. On systems without allocation, the
// call does nothing.
func TestAllocate(t *testing.T) {
	dir := t.TempDir()
	for name, fsys := range map[string]fsx.FS{"the machine's filesystem": fsx.OS{}, "in memory": errfs.New()} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "f")
			require.NoError(t, fsys.MkdirAll(dir))
			f, err := fsys.Create(file)
			require.NoError(t, err)
			require.NoError(t, f.Allocate(0))
			require.NoError(t, f.Allocate(6))
			_, err = f.WriteAt([]byte("ab"), 1)
			require.NoError(t, err)
			f.StartSync()
			require.NoError(t, f.Allocate(3))
			require.NoError(t, f.Truncate(6)) // on systems on which allocating does nothing
			require.NoError(t, f.Sync())
			require.NoError(t, f.Close())
			b, err := fsx.ReadFile(fsys, file, 10)
			require.NoError(t, err)
			require.Equal(t, "\x00ab\x00\x00\x00", string(b))
		})
	}
}

// Allocating a file that is too large for any filesystem fails, if the system reports it.
func TestAllocateTooMuch(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this test needs Linux")
	}
	f, err := fsx.OS{}.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	defer f.Close()
	err = f.Allocate(math.MaxInt64)
	require.Error(t, err)
	require.ErrorContains(t, err, "allocate")
}
