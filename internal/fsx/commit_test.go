package fsx_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
)

// These are the files of a checkpoint with two shards and an index, in the order in which a writer creates
// them.
var (
	shard0 = "run/ckpt-1.data-00000-of-00002"
	shard1 = "run/ckpt-1.data-00001-of-00002"
	index  = "run/ckpt-1.index"
	finals = []string{shard0, shard1, index}
)

// commit writes all finals through a Commit. Their contents name the generation.
func commit(ctx context.Context, fsys fsx.FS, generation string) error {
	c := fsx.Begin(fsys)
	defer c.Abort()
	for _, name := range finals {
		f, err := c.Create(name)
		if err != nil {
			return err
		}
		if _, err := f.WriteAt([]byte(" of "+filepath.Base(name)), int64(len(generation))); err != nil {
			return err
		}
		if _, err := f.Write([]byte(generation)); err != nil {
			return err
		}
	}
	return c.Run(ctx)
}

func generation(g string) map[string]string {
	m := map[string]string{}
	for _, name := range finals {
		m[name] = g + " of " + filepath.Base(name)
	}
	return m
}

func contents(disk *errfs.FS) map[string]string {
	m := map[string]string{}
	for name, data := range disk.Files() {
		m[name] = string(data)
	}
	return m
}

func TestCommit(t *testing.T) {
	ctx := context.Background()
	t.Run("before Run no file has its final name, and after Run all have", func(t *testing.T) {
		disk := errfs.New()
		c := fsx.Begin(disk)
		for _, name := range finals {
			_, err := c.Create(name)
			require.NoError(t, err)
		}
		for _, name := range disk.Names() {
			require.Regexp(t, `^run/ckpt-1\.(index|data-0000[01]-of-00002)\.tmp[0-9a-f]{32}$`, name)
		}
		require.NoError(t, c.Run(ctx))
		require.Equal(t, slices.Sorted(slices.Values(finals)), disk.Names())
		require.Zero(t, disk.OpenFiles())
	})
	t.Run("W-05 the directory is created, and its name is durable", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, fsx.WriteFile(ctx, disk, "a/b/c/f", []byte("x")))
		require.Equal(t, map[string]string{"a/b/c/f": "x"}, contents(disk.Reboot(errfs.LoseAll)))
	})
	t.Run("after Run has returned, the files survive a crash", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, commit(ctx, disk, "new"))
		require.Equal(t, generation("new"), contents(disk.Reboot(errfs.LoseAll)))
	})
	t.Run("W-27 data is durably in place before the index is moved", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, commit(ctx, disk, "new"))
		var order []string
		for _, op := range disk.Log() {
			switch op.Kind {
			case errfs.Sync, errfs.Rename, errfs.SyncDir:
				name, _, _ := strings.Cut(filepath.Base(op.Name), ".tmp")
				order = append(order, fmt.Sprintf("%s %s", op.Kind, name))
			}
		}
		require.Equal(t, []string{
			"syncdir .", // it created run/
			"sync ckpt-1.data-00000-of-00002", "sync ckpt-1.data-00001-of-00002", "sync ckpt-1.index",
			"rename ckpt-1.data-00000-of-00002", "rename ckpt-1.data-00001-of-00002",
			"syncdir run",
			"rename ckpt-1.index",
			"syncdir run",
		}, order)
	})
	t.Run("K-19 one file is replaced through a temporary name of 32 hexadecimal digits", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, disk.WriteFile("checkpoint", []byte("old")))
		require.NoError(t, fsx.WriteFile(ctx, disk, "checkpoint", []byte("new")))
		require.Equal(t, map[string]string{"checkpoint": "new"}, contents(disk))
		i := slices.IndexFunc(disk.Log(), func(op errfs.Op) bool { return op.Kind == errfs.Rename })
		require.Regexp(t, `^checkpoint\.tmp[0-9a-f]{32}$`, disk.Log()[i].Name)
	})
	t.Run("closing a file early syncs it, and Run does not open it again", func(t *testing.T) {
		disk := errfs.New()
		c := fsx.Begin(disk)
		for _, name := range finals {
			f, err := c.Create(name)
			require.NoError(t, err)
			_, err = f.Write([]byte(name))
			require.NoError(t, err)
			require.NoError(t, f.Close())
			require.NoError(t, f.Close(), "twice, like Run")
			require.Zero(t, disk.OpenFiles(), "many shards do not have to be open at once")
		}
		require.NoError(t, c.Run(ctx))
		require.Equal(t, index, contents(disk.Reboot(errfs.LoseAll))[index])
	})
	t.Run("several goroutines may create and write files at once", func(t *testing.T) {
		disk := errfs.New()
		c := fsx.Begin(disk)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				f, err := c.Create(fmt.Sprintf("d%d/f", i))
				if err == nil {
					_, err = f.WriteAt([]byte("x"), 0)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.NoError(t, c.Run(ctx))
		require.Len(t, disk.Names(), 8)
	})
	t.Run("Abort leaves no files, even if it is deferred after Run", func(t *testing.T) {
		disk := errfs.New()
		c := fsx.Begin(disk)
		_, err := c.Create("f")
		require.NoError(t, err)
		c.Abort()
		require.Empty(t, disk.Names())
		require.Zero(t, disk.OpenFiles())
		require.Error(t, c.Run(ctx), "an aborted commit has nothing to run")
		_, err = c.Create("g")
		require.Error(t, err)

		require.NoError(t, commit(ctx, disk, "new"))
		require.Equal(t, generation("new"), contents(disk))
	})
	t.Run("a destination is created once", func(t *testing.T) {
		c := fsx.Begin(errfs.New())
		defer c.Abort()
		_, err := c.Create("f")
		require.NoError(t, err)
		_, err = c.Create("f")
		require.ErrorIs(t, err, fs.ErrExist)
	})
	t.Run("an empty commit does nothing", func(t *testing.T) {
		disk := errfs.New()
		require.NoError(t, fsx.Begin(disk).Run(ctx))
		require.Zero(t, disk.Ops())
	})
	t.Run("if its context ends, it stops and keeps the old files", func(t *testing.T) {
		for _, kind := range []errfs.Kind{errfs.Create, errfs.Write, errfs.Sync, errfs.Close} {
			disk := errfs.New()
			require.NoError(t, commit(ctx, disk, "old"))
			ending, cancel := context.WithCancel(ctx)
			disk.Inject(func(op errfs.Op) errfs.Fault {
				if op.Kind == kind {
					cancel()
				}
				return errfs.Fault{}
			})
			require.ErrorIs(t, commit(ending, disk, "new"), context.Canceled, kind)
			require.Equal(t, generation("old"), contents(disk), kind)
		}
	})
	t.Run("once files are moved the context no longer matters", func(t *testing.T) {
		disk := errfs.New()
		ending, cancel := context.WithCancel(ctx)
		disk.Inject(func(op errfs.Op) errfs.Fault {
			if op.Kind == errfs.Rename {
				cancel()
			}
			return errfs.Fault{}
		})
		require.NoError(t, commit(ending, disk, "new"))
	})
	t.Run("errors name the destination, not only the temporary file", func(t *testing.T) {
		disk := errfs.New()
		disk.Inject(errfs.Only(errfs.From(1, errfs.NoSpace), errfs.Sync))
		err := fsx.WriteFile(ctx, disk, "dir/checkpoint", nil)
		require.ErrorIs(t, err, syscall.ENOSPC)
		var ce *fsx.CommitError
		require.True(t, errors.As(err, &ce))
		require.Equal(t, "dir/checkpoint", ce.Path)
		require.Contains(t, err.Error(), "commit dir/checkpoint: sync: ")
	})
}

// Every operation of a commit fails once, in every possible way. Either the commit returns nil and all new
// files are there, or it returns an error and all old files are there. No other files are left.
func TestCommitWithOneFault(t *testing.T) {
	for _, before := range []string{"", "old"} {
		for name, fault := range map[string]errfs.Fault{"io": errfs.IO, "short": errfs.Short, "answer lost": errfs.Torn} {
			t.Run(fmt.Sprintf("over %q, %s", before, name), func(t *testing.T) {
				failed := 0
				for n := 1; ; n++ {
					disk := errfs.New()
					if before != "" {
						require.NoError(t, commit(t.Context(), disk, before))
					}
					start := disk.Ops()
					disk.Inject(errfs.At(start+n, fault))
					err := commit(t.Context(), disk, "new")
					if disk.Ops() < start+n {
						require.NoError(t, err)
						require.Greater(t, failed, 15, "most operations are required")
						break
					}
					op := disk.Log()[start+n-1]
					got, want := contents(disk), generation("new")
					if err != nil {
						failed++
						want = map[string]string{}
						if before != "" {
							want = generation(before)
						}
					}
					maps.DeleteFunc(got, func(name, _ string) bool { // if its removal fails, a file is left for the next commit
						return op.Kind == errfs.Remove && name == op.Name
					})
					require.Equal(t, want, got, "%v; %v", op, err)
					require.Zero(t, disk.OpenFiles(), op)
				}
			})
		}
	}
}

// From some operation on, every operation fails. The error names the changes that could not be undone.
func TestCommitNamesWhatItCouldNotTakeBack(t *testing.T) {
	seen := map[int]bool{}
	for n := 1; ; n++ {
		disk := errfs.New()
		require.NoError(t, commit(t.Context(), disk, "old"))
		start := disk.Ops()
		disk.Inject(errfs.From(start+n, errfs.IO))
		err := commit(t.Context(), disk, "new")
		if disk.Ops() < start+n {
			break
		}
		got := contents(disk)
		if err == nil {
			require.Subset(t, got, generation("new"))
			continue
		}
		var left []string
		for _, name := range finals {
			if got[name] != generation("old")[name] {
				left = append(left, name)
			}
		}
		ce := &fsx.CommitError{}
		_ = errors.As(err, &ce) // the caller sees a failed Write, before any file was moved
		require.Equal(t, left, ce.Left, err)
		for _, name := range left {
			require.Contains(t, err.Error(), name)
		}
		seen[len(left)] = true
	}
	require.Equal(t, map[int]bool{0: true, 1: true, 2: true, 3: true}, seen, "every stage was reached")
}

func TestCommitWithoutHardLinks(t *testing.T) {
	for _, unsupported := range []error{errors.ErrUnsupported, syscall.EPERM} {
		noLinks := errfs.Only(errfs.From(1, errfs.Fault{Err: unsupported}), errfs.Link)
		t.Run(fmt.Sprintf("%v: the commit succeeds without it", unsupported), func(t *testing.T) {
			disk := errfs.New()
			require.NoError(t, commit(t.Context(), disk, "old"))
			disk.Inject(noLinks)
			require.NoError(t, commit(t.Context(), disk, "new"))
			require.Equal(t, generation("new"), contents(disk))
		})
		t.Run(fmt.Sprintf("%v: the error names the replaced files", unsupported), func(t *testing.T) {
			disk := errfs.New()
			require.NoError(t, commit(t.Context(), disk, "old"))
			disk.Inject(func(op errfs.Op) errfs.Fault {
				if op.Kind == errfs.Rename && op.To == index {
					return errfs.IO
				}
				return noLinks(op)
			})
			err := commit(t.Context(), disk, "new")
			var ce *fsx.CommitError
			require.True(t, errors.As(err, &ce))
			require.Equal(t, []string{shard0, shard1}, ce.Left)
			require.Equal(t, generation("old")[index], contents(disk)[index])
		})
	}
}

// The power fails at every operation of a commit. Data that was not durable is kept, lost or torn at random.
func TestCommitWithACrash(t *testing.T) {
	run := func(t *testing.T, before string, check func(t *testing.T, after map[string]string, op errfs.Op, err error)) {
		for n := 1; ; n++ {
			fates := []errfs.Fate{errfs.LoseAll, errfs.KeepAll}
			for seed := range uint64(12) {
				fates = append(fates, errfs.Lottery(seed))
			}
			reached := false
			for _, fate := range fates {
				disk := errfs.New()
				if before != "" {
					require.NoError(t, commit(t.Context(), disk, before))
					disk = disk.Reboot(errfs.LoseAll)
				}
				disk.Inject(errfs.At(n, errfs.Crash))
				err := commit(t.Context(), disk, "new")
				var op errfs.Op
				if reached = disk.Ops() >= n; reached {
					op = disk.Log()[n-1]
				}
				after := disk.Reboot(fate)
				check(t, contents(after), op, err)

				require.NoError(t, commit(t.Context(), after, "next"), op)
				require.Equal(t, generation("next"), contents(after), "the next commit removes leftovers")
			}
			if !reached {
				return
			}
		}
	}
	t.Run("W-25 a fresh destination does not have an index, or has all files", func(t *testing.T) {
		run(t, "", func(t *testing.T, after map[string]string, op errfs.Op, err error) {
			if err == nil {
				require.Subset(t, after, generation("new"), op)
			}
			if got, ok := after[index]; ok {
				require.Equal(t, generation("new")[index], got, op)
				require.Subset(t, after, generation("new"), "the data of an index exists: %v", op)
			}
		})
	})
	t.Run("W-26 an overwritten destination has complete files, and a new index only with new data", func(t *testing.T) {
		run(t, "old", func(t *testing.T, after map[string]string, op errfs.Op, err error) {
			if err == nil || after[index] == generation("new")[index] {
				require.Subset(t, after, generation("new"), op)
			}
			for _, name := range finals {
				require.Contains(t, []string{generation("old")[name], generation("new")[name]}, after[name], op)
			}
		})
	})
}

func TestLeftovers(t *testing.T) {
	hex := "0123456789abcdef0123456789abcdef"
	files := map[string]bool{ // whether a commit of run/a.index removes the file
		"run/a.index.tmp" + hex:        true,
		"run/a.index.old" + hex:        true,
		"run/a.index.tmp" + hex[1:]:    false, // 31 digits
		"run/a.index.tmp" + hex + "0":  false,
		"run/a.index.tmpG" + hex[1:]:   false,
		"run/a.index.bak" + hex:        false,
		"run/a.data-0-of-1.tmp" + hex:  false, // belongs to another destination
		"run/ba.index.tmp" + hex:       false,
		"run/.tmp" + hex:               false, // does not belong to a destination
		"run/sub/a.index.tmp" + hex:    false,
		"run/checkpoint":               false,
		"other/a.index.tmp" + hex:      false,
		"run/a.index.tmp" + hex + "/x": false, // is a directory
	}
	fill := func(t *testing.T) *errfs.FS {
		disk := errfs.New()
		for name := range files {
			if name == "run/a.index.tmp"+hex {
				continue
			}
			require.NoError(t, disk.WriteFile(name, nil))
		}
		require.NoError(t, disk.WriteFile("run/a.index.tmp"+strings.Repeat("f", 32), nil))
		return disk
	}
	t.Run("a commit removes leftovers of its destinations", func(t *testing.T) {
		disk := fill(t)
		require.NoError(t, fsx.WriteFile(t.Context(), disk, "run/a.index", []byte("x")))
		for _, name := range disk.Names() {
			require.True(t, name == "run/a.index" || !files[name], name)
		}
		require.Len(t, disk.Names(), len(files)-2+1)
	})
	t.Run("Sweep removes the caller's leftovers", func(t *testing.T) {
		disk := fill(t)
		removed, err := fsx.Sweep(disk, "run", func(final string) bool { return strings.HasPrefix(final, "a.") })
		require.NoError(t, err)
		require.Equal(t, []string{"run/a.data-0-of-1.tmp" + hex, "run/a.index.old" + hex, "run/a.index.tmp" + strings.Repeat("f", 32)}, removed)
		require.NotSubset(t, disk.Names(), removed)
	})
	t.Run("Sweep goes on after an error and reports it", func(t *testing.T) {
		disk := fill(t)
		failed := false
		disk.Inject(func(op errfs.Op) errfs.Fault {
			if op.Kind == errfs.Remove && !failed {
				failed = true
				return errfs.IO
			}
			return errfs.Fault{}
		})
		removed, err := fsx.Sweep(disk, "run", func(string) bool { return true })
		require.ErrorIs(t, err, syscall.EIO)
		require.Len(t, removed, 3)
	})
	t.Run("Sweep of a missing directory returns an error", func(t *testing.T) {
		_, err := fsx.Sweep(errfs.New(), "nowhere", func(string) bool { return true })
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
}

func TestCommitOnTheMachinesFilesystem(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, g := range []string{"old", "new"} {
		require.NoError(t, commit(t.Context(), fsx.OS{}, g))
	}
	for name, want := range generation("new") {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	entries, err := os.ReadDir("run")
	require.NoError(t, err)
	require.Len(t, entries, len(finals))
	t.Run("W-28 a destination with a name that starts with a dot, alone in its directory", func(t *testing.T) {
		require.NoError(t, fsx.WriteFile(t.Context(), fsx.OS{}, filepath.Join("d", ".index"), []byte("x")))
		require.FileExists(t, "d/.index")
	})
	t.Run("a destination in the current directory", func(t *testing.T) {
		require.NoError(t, fsx.WriteFile(t.Context(), fsx.OS{}, "checkpoint", []byte("x")))
		require.FileExists(t, "checkpoint")
	})
	t.Run("a directory instead of a file", func(t *testing.T) {
		require.NoError(t, os.MkdirAll("run2/ckpt-1.index/x", 0o777))
		err := fsx.WriteFile(t.Context(), fsx.OS{}, "run2/ckpt-1.index", []byte("x"))
		require.Error(t, err)
		entries, err := os.ReadDir("run2")
		require.NoError(t, err)
		require.Len(t, entries, 1)
	})
	t.Run("a file where a directory should be", func(t *testing.T) {
		require.Error(t, fsx.WriteFile(t.Context(), fsx.OS{}, "checkpoint/x/y", []byte("x")))
	})
}
