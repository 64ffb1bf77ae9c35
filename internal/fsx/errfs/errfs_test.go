package errfs_test

import (
	"errors"
	"io"
	"io/fs"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
)

// must performs steps on a disk without faults.
func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func create(t *testing.T, disk *errfs.FS, name, data string) fsx.File {
	t.Helper()
	f, err := disk.Create(name)
	require.NoError(t, err)
	_, err = f.Write([]byte(data))
	require.NoError(t, err)
	return f
}

func contents(disk *errfs.FS) map[string]string {
	m := map[string]string{}
	for name, data := range disk.Files() {
		m[name] = string(data)
	}
	return m
}

func TestWhatACrashLeaves(t *testing.T) {
	type files = map[string]string
	for _, tt := range []struct {
		name    string
		steps   func(t *testing.T, disk *errfs.FS)
		loseAll files
		keepAll files
		reason  string
	}{{
		name:    "nothing synced",
		steps:   func(t *testing.T, d *errfs.FS) { create(t, d, "new", "bytes") },
		loseAll: files{"old": "OLD"},
		keepAll: files{"old": "OLD", "new": "bytes"},
		reason:  "neither the bytes nor the name were synced",
	}, {
		name:    "file synced, directory not",
		steps:   func(t *testing.T, d *errfs.FS) { must(t, create(t, d, "new", "bytes").Sync()) },
		loseAll: files{"old": "OLD"},
		keepAll: files{"old": "OLD", "new": "bytes"},
		reason:  "a sync of the directory makes a file's name durable",
	}, {
		name: "directory synced, file not",
		steps: func(t *testing.T, d *errfs.FS) {
			create(t, d, "new", "bytes")
			must(t, d.SyncDir("."))
		},
		loseAll: files{"old": "OLD", "new": ""},
		keepAll: files{"old": "OLD", "new": "bytes"},
		reason:  "this is the known empty file after a save without fsync",
	}, {
		name: "both synced, then more writes",
		steps: func(t *testing.T, d *errfs.FS) {
			f := create(t, d, "new", "bytes")
			must(t, f.Sync(), d.SyncDir("."))
			_, err := f.WriteAt([]byte("BYT"), 0)
			must(t, err)
		},
		loseAll: files{"old": "OLD", "new": "bytes"},
		keepAll: files{"old": "OLD", "new": "BYTes"},
		reason:  "a sync covers the writes before it",
	}, {
		name: "replaced by rename without sync of the directory",
		steps: func(t *testing.T, d *errfs.FS) {
			must(t, create(t, d, "new", "bytes").Sync(), d.Rename("new", "old"))
		},
		loseAll: files{"old": "OLD"},
		keepAll: files{"old": "bytes"},
		reason:  "a rename happens completely or not at all",
	}, {
		name: "replaced by rename, never synced as a file",
		steps: func(t *testing.T, d *errfs.FS) {
			create(t, d, "new", "bytes")
			must(t, d.Rename("new", "old"), d.SyncDir("/"))
		},
		loseAll: files{"old": ""},
		keepAll: files{"old": "bytes"},
		reason:  "the name is durable, the bytes are not",
	}, {
		name:    "removed without sync",
		steps:   func(t *testing.T, d *errfs.FS) { must(t, d.Remove("old")) },
		loseAll: files{"old": "OLD"},
		keepAll: files{},
		reason:  "a removed name may reappear",
	}, {
		name: "a new directory that is not synced in its parent",
		steps: func(t *testing.T, d *errfs.FS) {
			must(t, d.MkdirAll("a/b"), create(t, d, "a/b/new", "bytes").Sync(), d.SyncDir("a/b"), d.SyncDir("a"))
		},
		loseAll: files{"old": "OLD"},
		keepAll: files{"old": "OLD", "a/b/new": "bytes"},
		reason:  "everything below a lost name is lost",
	}, {
		name: "a second name",
		steps: func(t *testing.T, d *errfs.FS) {
			must(t, d.Link("old", "kept"), d.SyncDir("."), d.Remove("old"))
		},
		loseAll: files{"old": "OLD", "kept": "OLD"},
		keepAll: files{"kept": "OLD"},
		reason:  "links are names of the same file",
	}, {
		name: "truncated and extended again",
		steps: func(t *testing.T, d *errfs.FS) {
			f := create(t, d, "new", "bytes")
			must(t, d.SyncDir("."), f.Truncate(2), f.Truncate(4))
		},
		loseAll: files{"old": "OLD", "new": ""},
		keepAll: files{"old": "OLD", "new": "by\x00\x00"},
		reason:  "truncated bytes are lost",
	}} {
		t.Run(tt.name, func(t *testing.T) {
			disk := errfs.New()
			must(t, disk.WriteFile("old", []byte("OLD")))
			tt.steps(t, disk)
			require.Equal(t, tt.loseAll, contents(disk.Reboot(errfs.LoseAll)), tt.reason)
			require.Equal(t, tt.keepAll, contents(disk.Reboot(errfs.KeepAll)), tt.reason)
			again := disk.Reboot(errfs.KeepAll)
			require.Equal(t, tt.keepAll, contents(again.Reboot(errfs.LoseAll)), "the state after a boot is durable")
		})
	}
}

// A crash may keep any part of the pending changes. Random crashes must find all of these outcomes.
func TestLotteryFindsEveryOutcome(t *testing.T) {
	outcomes := func(steps func(disk *errfs.FS)) map[string]bool {
		seen := map[string]bool{}
		for seed := range uint64(400) {
			disk := errfs.New()
			must(t, disk.MkdirAll("d"), disk.WriteFile("a", []byte("A")), disk.SyncDir("."))
			steps(disk)
			s := ""
			after := disk.Reboot(errfs.Lottery(seed))
			for _, name := range after.Names() {
				s += name + "=" + string(after.Files()[name]) + ";"
			}
			seen[s] = true
		}
		return seen
	}
	t.Run("two pending changes of a directory, in either order", func(t *testing.T) {
		require.Equal(t, map[string]bool{"a=A;": true, "a=A;b=;": true, "c=A;": true, "b=;c=A;": true},
			outcomes(func(d *errfs.FS) { create(t, d, "b", ""); must(t, d.Rename("a", "c")) }))
	})
	t.Run("the two halves of a rename between directories", func(t *testing.T) {
		require.Equal(t, map[string]bool{"a=A;": true, "a=A;d/a=A;": true, "d/a=A;": true, "": true},
			outcomes(func(d *errfs.FS) { must(t, d.Rename("a", "d/a")) }))
	})
	t.Run("a torn write", func(t *testing.T) {
		seen := outcomes(func(d *errfs.FS) {
			f, err := d.Create("b")
			must(t, err, d.SyncDir("."))
			_, err = f.Write([]byte("1234"))
			must(t, err)
		})
		require.Equal(t, map[string]bool{"a=A;b=;": true, "a=A;b=1;": true, "a=A;b=12;": true, "a=A;b=123;": true, "a=A;b=1234;": true}, seen)
	})
	t.Run("the same seed gives the same disk", func(t *testing.T) {
		disk := errfs.New()
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			create(t, disk, name, "0123456789")
		}
		require.Equal(t, disk.Reboot(errfs.Lottery(7)).Files(), disk.Reboot(errfs.Lottery(7)).Files())
	})
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault errfs.Fault
		want  string // contents of the file after the second of three writes failed
		n     int    // number of bytes that the second write returned
		err   error
	}{
		{"a failed write stores nothing", errfs.IO, "onethree", 0, syscall.EIO},
		{"a full disk", errfs.NoSpace, "onethree", 0, syscall.ENOSPC},
		{"a short write stores half of the bytes", errfs.Short, "onetwthree", 2, syscall.ENOSPC},
		{"a write with a lost answer", errfs.Torn, "onetwo-three", 4, syscall.EIO},
	} {
		t.Run(tt.name, func(t *testing.T) {
			disk := errfs.New()
			disk.Inject(errfs.At(3, tt.fault))
			f := create(t, disk, "f", "one")
			n, err := f.Write([]byte("two-"))
			require.ErrorIs(t, err, tt.err)
			require.Equal(t, tt.n, n)
			_, err = f.Write([]byte("three"))
			require.NoError(t, err)
			require.Equal(t, map[string]string{"f": tt.want}, contents(disk))
		})
	}
	t.Run("after a crash every operation fails", func(t *testing.T) {
		disk := errfs.New()
		f := create(t, disk, "f", "one")
		must(t, disk.WriteFile("g", nil))
		r, err := disk.Open("g")
		must(t, err)
		disk.Inject(errfs.At(disk.Ops()+1, errfs.Crash))
		require.ErrorIs(t, f.Sync(), errfs.ErrCrashed)
		_, err = f.Write([]byte("x"))
		require.ErrorIs(t, err, errfs.ErrCrashed)
		_, err = r.ReadAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, errfs.ErrCrashed)
		require.ErrorIs(t, disk.Remove("g"), errfs.ErrCrashed)
		require.ErrorIs(t, f.Close(), errfs.ErrCrashed)
		require.NoError(t, r.Close(), "closing a file that was opened for reading does not count as an operation")
		require.Zero(t, disk.OpenFiles())
		require.Equal(t, map[string]string{"g": ""}, contents(disk.Reboot(errfs.LoseAll)))
	})
	t.Run("files can be removed from a full disk", func(t *testing.T) {
		disk := errfs.New()
		disk.Inject(errfs.Only(errfs.From(1, errfs.NoSpace), errfs.Write))
		f, err := disk.Create("f")
		must(t, err)
		for range 3 {
			_, err = f.Write([]byte("x"))
			require.ErrorIs(t, err, syscall.ENOSPC)
		}
		must(t, f.Close(), disk.Remove("f"))
		require.Empty(t, disk.Names())
	})
	t.Run("the log lists the counted operations", func(t *testing.T) {
		disk := errfs.New()
		must(t, create(t, disk, "a.tmp", "xyz").Close(), disk.Rename("a.tmp", "a"))
		var log []string
		for _, op := range disk.Log() {
			log = append(log, op.String())
		}
		require.Equal(t, []string{"1: create a.tmp", "2: write a.tmp", "3: close a.tmp", "4: rename a.tmp a"}, log)
	})
}

func TestErrorsAreThoseOfFilesystems(t *testing.T) {
	disk := errfs.New()
	must(t, disk.WriteFile("d/f", []byte("abc")))
	open := func(name string) error { _, err := disk.Open(name); return err }
	createNew := func(name string) error { _, err := disk.Create(name); return err }
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"open a missing file", open("x"), fs.ErrNotExist},
		{"open a directory", open("d"), syscall.EISDIR},
		{"open below a file", open("d/f/x"), syscall.ENOTDIR},
		{"create an existing file", createNew("d/f"), fs.ErrExist},
		{"create in a missing directory", createNew("x/f"), fs.ErrNotExist},
		{"create the root", createNew("/"), fs.ErrInvalid},
		{"rename a missing file", disk.Rename("x", "y"), fs.ErrNotExist},
		{"rename over a directory", disk.Rename("d/f", "d"), syscall.EISDIR},
		{"link to an existing name", disk.Link("d/f", "d/f"), fs.ErrExist},
		{"link a missing file", disk.Link("x", "y"), fs.ErrNotExist},
		{"remove a full directory", disk.Remove("d"), syscall.ENOTEMPTY},
		{"remove a missing file", disk.Remove("x"), fs.ErrNotExist},
		{"make a directory below a file", disk.MkdirAll("d/f/g"), syscall.ENOTDIR},
		{"sync a file as a directory", disk.SyncDir("d/f"), syscall.ENOTDIR},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorIs(t, tt.err, tt.want)
			var path *fs.PathError
			require.True(t, errors.As(tt.err, &path), "the error names the file")
		})
	}
	t.Run("reading past the end is io.EOF, closing twice fs.ErrClosed", func(t *testing.T) {
		r, err := disk.Open("/d/./f")
		must(t, err)
		b := make([]byte, 4)
		n, err := r.ReadAt(b, 1)
		require.Equal(t, 2, n)
		require.Equal(t, io.EOF, err)
		require.NoError(t, r.Close())
		require.ErrorIs(t, r.Close(), fs.ErrClosed)
		_, err = r.ReadAt(b, 0)
		require.ErrorIs(t, err, fs.ErrClosed)
	})
}
