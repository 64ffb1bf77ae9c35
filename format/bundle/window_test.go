package bundle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/sstable"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// saveShards saves a vector per data file. All values are v.
func saveShards(t testing.TB, fsys fsx.FS, prefix string, shards int, v int32) {
	t.Helper()
	w := Create(fsys, prefix, Options{Shards: shards})
	for i := range shards {
		require.NoError(t, w.Add(i, fmt.Sprintf("v%03d", i), format.SourceOf(of([]int32{v, v, v}, 3))))
	}
	require.NoError(t, w.Commit(t.Context()))
}

// Every way of reading gives the values of the save that the Reader opened, or an error that says to open the checkpoint again.
func TestAReaderSeesOneSave(t *testing.T) {
	part := tensor.Slice{ext(1, 1)}
	reads := map[string]func(t *testing.T, r *Reader, key string) (int32, error){
		"whole": func(t *testing.T, r *Reader, key string) (int32, error) {
			dst := tensor.New[int32](3)
			err := r.Read(t.Context(), key, dst)
			return dst.At(2), err
		},
		"slice": func(t *testing.T, r *Reader, key string) (int32, error) {
			dst := tensor.New[int32](1)
			err := r.ReadSlice(t.Context(), key, part, dst)
			return dst.At(0), err
		},
		"mapped": func(t *testing.T, r *Reader, key string) (int32, error) {
			got, ok, err := r.Map(key)
			if err == nil && !ok { // big-endian machines do not map files
				got = tensor.New[int32](3)
				err = r.Read(t.Context(), key, got)
				return got.Values().([]int32)[2], err
			}
			if err != nil {
				return 0, err
			}
			return got.Values().([]int32)[1], nil
		},
	}
	for name, read := range reads {
		for _, shards := range []int{1, 2, openEarly, openEarly + 1, openFiles + 3} {
			t.Run(fmt.Sprint(name, " of ", shards), func(t *testing.T) {
				prefix := filepath.Join(t.TempDir(), "c")
				saveShards(t, fsx.OS{}, prefix, shards, 1)
				r, err := Open(fsx.OS{}, prefix)
				require.NoError(t, err)
				defer r.Close()
				got, err := read(t, r, "v000")
				require.NoError(t, err)
				require.EqualValues(t, 1, got)
				for save := range int32(2) { // the second save reuses the names of the first
					saveShards(t, fsx.OS{}, prefix, shards, 2+save)
					for i := range shards {
						got, err := read(t, r, fmt.Sprintf("v%03d", i))
						if shards <= openEarly || i == 0 && shards <= openFiles {
							require.NoError(t, err)
						}
						if err != nil {
							require.ErrorIs(t, err, format.ErrStale)
							require.ErrorContains(t, err, "open the checkpoint again")
							continue
						}
						require.EqualValues(t, 1, got)
					}
				}
				require.NoError(t, os.Remove(IndexFile(prefix)))
				if _, err := read(t, r, fmt.Sprintf("v%03d", shards-1)); shards > openEarly {
					require.ErrorIs(t, err, format.ErrStale, "the checkpoint was removed")
				}
			})
		}
	}
}

// Any fs.FS may change during a read.
func TestAnFSThatChanges(t *testing.T) {
	dir := t.TempDir()
	saveShards(t, fsx.OS{}, filepath.Join(dir, "c"), 2, 1)
	r, err := Open(fsx.FromFS(os.DirFS(dir)), "c")
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.ReadSlice(t.Context(), "v000", tensor.Slice{ext(1, 1)}, tensor.New[int32](1)))
	saveShards(t, fsx.OS{}, filepath.Join(dir, "c"), 2, 2)
	require.NoError(t, r.ReadSlice(t.Context(), "v000", tensor.Slice{ext(1, 1)}, tensor.New[int32](1)))
	require.ErrorIs(t, r.ReadSlice(t.Context(), "v001", tensor.Slice{ext(1, 1)}, tensor.New[int32](1)), format.ErrStale)
}

// While a program saves all the time, every read gives the values of one save, and no read fails.
func TestReadsBesideSaves(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "c")
	saveShards(t, fsx.OS{}, prefix, 3, 0)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for v := int32(1); ; v++ {
			select {
			case <-stop:
				return
			default:
				saveShards(t, fsx.OS{}, prefix, 3, v)
			}
		}
	})
	for range 300 {
		r, err := Open(fsx.OS{}, prefix)
		require.NoError(t, err)
		var seen []int32
		for _, i := range rand.Perm(3) {
			dst := tensor.New[int32](1)
			require.NoError(t, r.ReadSlice(t.Context(), fmt.Sprintf("v%03d", i), tensor.Slice{ext(0, 1)}, dst))
			seen = append(seen, dst.At(0))
		}
		require.Len(t, slices.Compact(seen), 1)
		require.NoError(t, r.Close())
	}
	close(stop)
	wg.Wait()
}

// A save and a read keep only a few data files open at once, however many there are, in any order, with any number of goroutines.
func TestManyDataFiles(t *testing.T) {
	const shards = 5 * openFiles
	disk := errfs.New()
	var mu sync.Mutex // each window has its own goroutine
	most := 0
	watch := func(errfs.Op) errfs.Fault {
		mu.Lock()
		defer mu.Unlock()
		most = max(most, disk.OpenFiles())
		return errfs.Fault{}
	}
	disk.Inject(watch)
	saveShards(t, disk, "c", shards, 7)
	require.LessOrEqual(t, most, openFiles+2, "open at once during a save")
	disk.Inject(nil)
	r, err := Open(disk, "c")
	require.NoError(t, err)
	for range 2 {
		for _, i := range rand.Perm(shards) {
			f, ok, err := r.Find(fmt.Sprintf("v%03d", i))
			require.True(t, ok)
			require.NoError(t, errors.Join(err, f.Check()))
			require.LessOrEqual(t, disk.OpenFiles(), openFiles+1)
			dst := tensor.New[int32](3)
			require.NoError(t, f.Read(t.Context(), dst))
			require.EqualValues(t, 7, dst.At(2))
		}
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, i := range rand.Perm(shards) {
				if err := r.Read(t.Context(), fmt.Sprintf("v%03d", i), tensor.New[int32](3)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, disk.OpenFiles(), openFiles+1)
	require.NoError(t, r.Close())
	require.Zero(t, disk.OpenFiles())
}

// If a file looks large and has no contents, a read rejects a string tensor in it before it allocates memory.
func TestStringsOfASparseFile(t *testing.T) {
	const size = 1 << 28
	prefix := filepath.Join(t.TempDir(), "c")
	var f forgery
	f.put("text", tensor.DTString, tensor.Shape{}, binary.AppendUvarint(nil, size-8), func(rec *record) { rec.size = size })
	sum := lengthSum{}
	sum.add(size - 9)
	f.data = binary.LittleEndian.AppendUint32(f.data, sstable.Mask(sum.sum()))
	require.Len(t, f.data, 8)
	require.NoError(t, os.WriteFile(IndexFile(prefix), f.index(t), 0o666))
	require.NoError(t, os.WriteFile(DataFile(prefix, 0, 1), f.data, 0o666))
	require.NoError(t, os.Truncate(DataFile(prefix, 0, 1), size))
	r, err := Open(fsx.OS{}, prefix)
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, r.Check("text"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.ErrorIs(t, r.Read(t.Context(), "text", tensor.New[string]()), format.ErrCorrupt)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}

// TestPointer reads a checkpoint from a Git repository without its large files. The index is there, but the data is not.
func TestPointer(t *testing.T) {
	fsys := errfs.New()
	commit(t, fsys, "c", addition{key: "k", values: scalar(int32(1))})
	name := DataFile("c", 0, 1)
	require.NoError(t, fsys.Remove(name))
	require.NoError(t, fsys.WriteFile(name, []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n")))
	r := openAt(t, fsys, "c")
	err := readAll(t, r, "k")
	require.ErrorIs(t, err, format.ErrFormat)
	require.NotErrorIs(t, err, format.ErrCorrupt)
	require.ErrorContains(t, err, "git lfs pull")
	require.ErrorContains(t, err, name)
}
