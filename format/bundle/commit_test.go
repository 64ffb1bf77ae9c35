package bundle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// aCheckpoint adds tensors of every kind. Their values depend on seed.
func aCheckpoint(t testing.TB, fsys fsx.FS, prefix string, seed int32) *Writer {
	t.Helper()
	w := Create(fsys, prefix, Options{Shards: 2, Workers: 2, Alignment: 8})
	big := tensor.New[int32](chunkSize/4 + 10) // two chunks
	for i := range big.Data() {
		big.Data()[i] = seed
	}
	addAll(t, w, []addition{
		{key: "small", values: scalar(seed)},
		{key: "big", values: big},
		{key: "text", values: of([]string{fmt.Sprint(seed), strings.Repeat("x", bufferSize)}, 2)},
		{shard: 1, key: "part", full: tensor.Shape{2}, part: tensor.Slice{ext(0, 1)}, values: of([]int32{seed}, 1)},
		{shard: 1, key: "part", full: tensor.Shape{2}, part: tensor.Slice{ext(1, 1)}, values: of([]int32{seed}, 1)},
	})
	return w
}

// seedOf verifies the checkpoint at prefix and returns its seed.
func seedOf(fsys fsx.FS, prefix string) (seed int32, err error) {
	r, err := Open(fsys, prefix)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if err := r.Verify(context.Background(), func(p Problem) { err = errors.Join(err, p.Err) }); err != nil {
		return 0, err
	}
	if err != nil {
		return 0, err
	}
	dst, part := tensor.New[int32](), tensor.New[int32](2)
	err = errors.Join(r.Read(context.Background(), "small", dst), r.Read(context.Background(), "part", part))
	if err == nil && dst.At() != part.At(1) {
		err = fmt.Errorf("values of different checkpoints: %d, %d", dst.At(), part.At(1))
	}
	return dst.At(), err
}

// A commit allocates the space for all data before it writes any. So it fails at once if the disk is too full.
func TestAFullDiskIsKnownBeforeTheFirstByte(t *testing.T) {
	disk := errfs.New()
	disk.Inject(errfs.Only(errfs.From(1, errfs.NoSpace), errfs.Allocate))
	err := aCheckpoint(t, disk, "dir/c", 1).Commit(t.Context())
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, DataFile("dir/c", 0, 2))
	for _, op := range disk.Log() {
		require.NotEqual(t, errfs.Write, op.Kind, op)
	}
	require.Empty(t, disk.Names())
}

// Every operation of a commit fails once, in every way. Commit returns the error. The previous checkpoint is still there, and no
// other files.
func TestEveryFailedOperation(t *testing.T) {
	fsys := errfs.New()
	require.NoError(t, aCheckpoint(t, fsys, "dir/c", 1).Commit(t.Context()))
	before := fsys.Files()
	undisturbed := fsys.Reboot(errfs.KeepAll)
	require.NoError(t, aCheckpoint(t, undisturbed, "dir/c", 2).Commit(t.Context()))
	require.Greater(t, undisturbed.Ops(), 20)
	for name, fault := range map[string]errfs.Fault{"failed": errfs.IO, "no space": errfs.NoSpace, "short": errfs.Short} {
		for n := range errfs.Operations(undisturbed.Log()) {
			fsys := fsys.Reboot(errfs.KeepAll)
			fsys.Inject(errfs.At(n, fault))
			err := aCheckpoint(t, fsys, "dir/c", 2).Commit(t.Context())
			fsys.Inject(nil)
			if fsys.Ops() < n {
				require.NoError(t, err)
				break
			}
			require.Zero(t, fsys.OpenFiles(), "%s at %d", name, n)
			seed, readErr := seedOf(fsys, "dir/c")
			require.NoError(t, readErr, "%s at %d", name, n)
			if err == nil { // the failed operation did not matter, such as the removal of a leftover file
				require.EqualValues(t, 2, seed, "%s at %d", name, n)
				continue
			}
			require.ErrorIs(t, err, fault.Err, "%s at %d", name, n)
			require.EqualValues(t, 1, seed, "%s at %d", name, n)
			require.Equal(t, before, fsys.Files(), "%s at %d", name, n)
		}
	}
}

// The power fails before every operation of a commit. Data that was not durable is lost, kept or torn.
func TestEveryCrash(t *testing.T) {
	fsys := errfs.New()
	require.NoError(t, aCheckpoint(t, fsys, "dir/c", 1).Commit(t.Context()))
	before := fsys.Files()
	undisturbed := fsys.Reboot(errfs.KeepAll)
	require.NoError(t, aCheckpoint(t, undisturbed, "dir/c", 2).Commit(t.Context()))
	t.Run("W-25 a fresh prefix: the checkpoint is complete, or its index does not exist", func(t *testing.T) {
		for n := range undisturbed.Ops() + 1 {
			for seed := range thorough.Pick[uint64](4, 1) {
				fsys, seed := errfs.New(), seed+4*uint64(n)
				fsys.Inject(errfs.From(n+1, errfs.Crash))
				err := aCheckpoint(t, fsys, "dir/c", 2).Commit(t.Context())
				after := fsys.Reboot(errfs.Lottery(seed))
				if _, statErr := after.Stat("dir/c.index"); statErr != nil {
					require.Error(t, err)
					continue
				}
				got, readErr := seedOf(after, "dir/c")
				require.NoError(t, readErr, "crash at %d, fate %d", n, seed)
				require.EqualValues(t, 2, got)
			}
		}
	})
	t.Run("W-26 W-27 an earlier checkpoint at the prefix: the old or the new one exists, and the next save leaves no other files", func(t *testing.T) {
		for n := range undisturbed.Ops() + 1 {
			for seed := range thorough.Pick[uint64](4, 1) {
				fsys, seed := fsys.Reboot(errfs.KeepAll), seed+4*uint64(n)
				fsys.Inject(errfs.From(n+1, errfs.Crash))
				err := aCheckpoint(t, fsys, "dir/c", 2).Commit(t.Context())
				after := fsys.Reboot(errfs.Lottery(seed))
				got, readErr := seedOf(after, "dir/c")
				require.NoError(t, readErr, "crash at %d, fate %d", n, seed)
				require.Contains(t, []int32{1, 2}, got, "crash at %d, fate %d", n, seed)
				if err == nil {
					require.EqualValues(t, 2, got)
				}
				require.NoError(t, aCheckpoint(t, after, "dir/c", 1).Commit(t.Context()))
				require.Equal(t, before, after.Files(), "crash at %d, fate %d", n, seed)
			}
		}
	})
}

// Saves with any number of data files are interrupted one after another, like programs that crash again and again. At any time,
// the checkpoint of the last finished save or a later one can be read. A save that finishes leaves only its own files.
func TestCrashAfterCrash(t *testing.T) {
	for seed := range thorough.Pick[uint64](60, 10) {
		random := rand.New(rand.NewPCG(seed, 1))
		disk, done := errfs.New(), int32(0)
		for save := int32(1); save <= 12; save++ {
			if random.IntN(4) > 0 {
				disk.Inject(errfs.From(disk.Ops()+1+random.IntN(60), errfs.Crash))
			}
			shards := 1 + random.IntN(3)
			w := Create(disk, "dir/c", Options{Shards: shards, Workers: 1})
			require.NoError(t, w.Add(0, "small", format.SourceOf(scalar(save))))
			require.NoError(t, w.Add(shards-1, "part", format.SourceOf(of([]int32{save, save}, 2))))
			err := w.Commit(t.Context())
			if err == nil {
				done = save
			}
			disk = disk.Reboot(errfs.Lottery(seed<<8 + uint64(save)))
			if _, statErr := disk.Stat("dir/c.index"); errors.Is(statErr, fs.ErrNotExist) {
				require.Zero(t, done, "seed %d, save %d", seed, save)
				continue
			}
			got, readErr := seedOf(disk, "dir/c")
			require.NoError(t, readErr, "seed %d, save %d", seed, save)
			require.GreaterOrEqual(t, got, done, "seed %d, save %d", seed, save)
			done = got
		}
		require.NoError(t, aCheckpoint(t, disk, "dir/c", 1).Commit(t.Context()))
		require.Equal(t, []string{"dir/c.data-00000-of-00002", "dir/c.data-00001-of-00002", "dir/c.index"}, disk.Names(), "seed %d", seed)
	}
}

// On a filesystem without hard links, a save that replaces another keeps the names under which it was written.
func TestOverwriteWithoutHardLinks(t *testing.T) {
	disk := errfs.New()
	disk.Inject(errfs.Only(errfs.From(1, errfs.Fault{Err: errors.ErrUnsupported}), errfs.Link))
	for save := range int32(4) {
		require.NoError(t, aCheckpoint(t, disk, "dir/c", save).Commit(t.Context()))
		got, err := seedOf(disk, "dir/c")
		require.NoError(t, err)
		require.Equal(t, save, got)
		count := 2 + int(save)%2
		require.Equal(t, []string{DataFile("dir/c", 0, count), DataFile("dir/c", 1, count), "dir/c.index"}, disk.Names())
	}
}

// An index that cannot be read may refer to any data file. So a save does not touch data files before the new index is in place.
func TestSaveOverADamagedIndex(t *testing.T) {
	disk := errfs.New()
	require.NoError(t, aCheckpoint(t, disk, "dir/c", 1).Commit(t.Context()))
	want := disk.Files()
	require.NoError(t, disk.WriteFile("dir/c.index", []byte("no table")))
	disk.Inject(func(op errfs.Op) errfs.Fault {
		if op.Kind == errfs.Rename && op.To == "dir/c.index" {
			return errfs.IO
		}
		return errfs.Fault{}
	})
	require.Error(t, aCheckpoint(t, disk, "dir/c", 2).Commit(t.Context()))
	got := disk.Files()
	require.Equal(t, want[DataFile("dir/c", 0, 2)], got[DataFile("dir/c", 0, 2)])
	disk.Inject(nil)
	require.NoError(t, aCheckpoint(t, disk, "dir/c", 1).Commit(t.Context()))
	require.Equal(t, want, disk.Files())
}
