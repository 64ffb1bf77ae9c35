package errfs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
)

// Without injected faults, this filesystem behaves like the machine's: the same random operations give the
// same results and the same files.
func TestBehavesAsTheMachinesFilesystem(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(rt, err)
		disk := errfs.New()
		systems := []fsx.FS{rooted{fsx.OS{}, dir}, rooted{disk, ""}}
		open := [2][]fsx.File{}
		name := rapid.SampledFrom([]string{"a", "b", "d", "d/a", "d/e", "d/e/b"})

		both := func(do func(i int, fsys fsx.FS) (any, error)) {
			want, wantErr := do(0, systems[0])
			got, gotErr := do(1, systems[1])
			require.Equal(rt, class(wantErr), class(gotErr), "the machine: %v; errfs: %v", wantErr, gotErr)
			require.Equal(rt, want, got)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"create": func(rt *rapid.T) {
				n := name.Draw(rt, "name")
				both(func(i int, fsys fsx.FS) (any, error) {
					f, err := fsys.Create(n)
					if err == nil {
						open[i] = append(open[i], f)
					}
					return nil, err
				})
			},
			"write": func(rt *rapid.T) {
				if len(open[0]) == 0 {
					rt.Skip("no open file")
				}
				n := rapid.IntRange(0, len(open[0])-1).Draw(rt, "file")
				data := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(rt, "data")
				off := rapid.Int64Range(-1, 12).Draw(rt, "offset")
				both(func(i int, _ fsx.FS) (any, error) {
					if off < 0 {
						return open[i][n].Write(data)
					}
					return open[i][n].WriteAt(data, off)
				})
			},
			"truncate": func(rt *rapid.T) {
				if len(open[0]) == 0 {
					rt.Skip("no open file")
				}
				n := rapid.IntRange(0, len(open[0])-1).Draw(rt, "file")
				size := rapid.Int64Range(0, 12).Draw(rt, "size")
				both(func(i int, _ fsx.FS) (any, error) { return nil, open[i][n].Truncate(size) })
			},
			"sync": func(rt *rapid.T) {
				n := name.Draw(rt, "name")
				both(func(_ int, fsys fsx.FS) (any, error) {
					info, err := fsys.Stat(n)
					if err == nil && info.IsDir() {
						err = fsys.SyncDir(n)
					}
					return nil, err
				})
			},
			"mkdir": func(rt *rapid.T) {
				n := name.Draw(rt, "name")
				both(func(_ int, fsys fsx.FS) (any, error) { return nil, fsys.MkdirAll(n) })
			},
			"remove": func(rt *rapid.T) {
				n := name.Draw(rt, "name")
				both(func(_ int, fsys fsx.FS) (any, error) { return nil, fsys.Remove(n) })
			},
			"rename": func(rt *rapid.T) {
				from, to := name.Draw(rt, "from"), name.Draw(rt, "to")
				if info, err := systems[0].Stat(from); err == nil && info.IsDir() {
					rt.Skip("errfs does not move directories")
				}
				both(func(_ int, fsys fsx.FS) (any, error) { return nil, fsys.Rename(from, to) })
			},
			"link": func(rt *rapid.T) {
				from, to := name.Draw(rt, "from"), name.Draw(rt, "to")
				both(func(_ int, fsys fsx.FS) (any, error) { return nil, fsys.Link(from, to) })
			},
			"": func(rt *rapid.T) {
				n := name.Draw(rt, "name")
				both(func(_ int, fsys fsx.FS) (any, error) {
					r, err := fsys.Open(n)
					if err != nil {
						return nil, err
					}
					defer r.Close()
					return io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
				})
				both(func(_ int, fsys fsx.FS) (any, error) {
					var names []string
					entries, err := fsys.ReadDir(n)
					for _, e := range entries {
						names = append(names, e.Name())
					}
					return names, err
				})
			},
		})
		for i := range open {
			for _, f := range open[i] {
				require.NoError(rt, f.Close())
			}
		}
		require.Zero(rt, disk.OpenFiles())
	})
}

// class returns the part of an error on which programs can rely.
func class(err error) string {
	switch {
	case err == nil:
		return "none"
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "not there" // if a path has two problems, systems report different ones
	case errors.Is(err, fs.ErrExist) && !isDirError(err):
		return "exist"
	}
	return "other"
}

// isDirError reports whether err is about a directory that is not empty or not expected. Systems have
// different errors for these.
func isDirError(err error) bool {
	var link *os.LinkError
	var path *fs.PathError
	return errors.As(err, &link) && link.Op == "rename" || errors.As(err, &path) && (path.Op == "rename" || path.Op == "remove")
}

// rooted adds a directory in front of names.
type rooted struct {
	fsx.FS
	root string
}

func (r rooted) at(name string) string { return filepath.Join(r.root, name) }

func (r rooted) Open(name string) (fsx.Reader, error)       { return r.FS.Open(r.at(name)) }
func (r rooted) Stat(name string) (fs.FileInfo, error)      { return r.FS.Stat(r.at(name)) }
func (r rooted) ReadDir(name string) ([]fs.DirEntry, error) { return r.FS.ReadDir(r.at(name)) }
func (r rooted) Create(name string) (fsx.File, error)       { return r.FS.Create(r.at(name)) }
func (r rooted) Rename(from, to string) error               { return r.FS.Rename(r.at(from), r.at(to)) }
func (r rooted) Link(from, to string) error                 { return r.FS.Link(r.at(from), r.at(to)) }
func (r rooted) Remove(name string) error                   { return r.FS.Remove(r.at(name)) }
func (r rooted) MkdirAll(dir string) error                  { return r.FS.MkdirAll(r.at(dir)) }
func (r rooted) SyncDir(dir string) error                   { return r.FS.SyncDir(r.at(dir)) }
