package faults

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/sections"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// saveSectionsOn writes the section of every worker and merges them. Like a launcher, it treats a worker that
// comes too late as done.
func saveSectionsOn(t *testing.T, disk *errfs.FS, prefix string) error {
	t.Helper()
	for worker := range ckpttest.Workers {
		if err := ckpttest.WriteSection(t, disk, prefix, worker); err != nil && !errors.Is(err, ckpt.ErrStale) {
			return err
		}
	}
	_, err := ckpt.Merge(ctx, prefix, ckpttest.On(disk))
	return err
}

// requireSections compares the checkpoint at prefix with the values that the workers wrote.
func requireSections(t *testing.T, disk *errfs.FS, prefix, what string) {
	t.Helper()
	table, own := ckpttest.Vector(make([]float32, 12)...), []ckpttest.Variable{ckpttest.Scalar(-1), ckpttest.Scalar(-1), ckpttest.Scalar(-1)}
	table = ckpttest.Must(tensor.FromSlice(table.Data(), 6, 2))
	s, err := ckpttest.New(t, ckpt.Group{"table": table, "own0": own[0], "own1": own[1], "own2": own[2]}, ckpttest.On(disk)).Read(ctx, prefix)
	require.NoError(t, err, what)
	require.NoError(t, s.AssertConsumed(), what)
	require.Equal(t, []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, table.Data(), what)
	require.Equal(t, []float32{0, 1, 2}, []float32{ckpttest.Value(own[0]), ckpttest.Value(own[1]), ckpttest.Value(own[2])}, what)
}

// TestSectionFaults makes every operation of three workers and their merge fail in every way. Afterwards there is the previous
// checkpoint or the complete new one. Running everything again, as a launcher does, results in the new one, and a following save
// leaves no other files.
func TestSectionFaults(t *testing.T) {
	before := errfs.New()
	ckpttest.Must(ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(7)}, ckpttest.On(before)).Save(ctx, "train/ckpt"))
	check := func(disk *errfs.FS, err error, what string) {
		merged := err == nil
		latest, err := ckpt.Latest("train", ckpttest.On(disk))
		require.NoError(t, err, what)
		switch latest {
		case "train/ckpt-1":
			require.False(t, merged, what)
			v := ckpttest.Scalar(0)
			_, err := ckpttest.New(t, ckpt.Group{"v": v}, ckpttest.On(disk)).Read(ctx, latest)
			require.NoError(t, err, what)
			require.EqualValues(t, 7, ckpttest.Value(v), what)
		default:
			require.Equal(t, "train/ckpt-2", latest, what)
			requireSections(t, disk, latest, what)
		}
		require.NoError(t, saveSectionsOn(t, disk, "train/ckpt-2"), what)
		require.Equal(t, "train/ckpt-2", ckpttest.Must(ckpt.Latest("train", ckpttest.On(disk))), what)
		requireSections(t, disk, "train/ckpt-2", what)
		_, err = ckpttest.New(t, ckpt.Group{"v": ckpttest.Scalar(8)}, ckpttest.On(disk)).Save(ctx, "train/next")
		require.NoError(t, err, what)
		require.Equal(t, []string{
			"train/checkpoint", "train/ckpt-1.data-00000-of-00001", "train/ckpt-1.index",
			"train/ckpt-2.data-00000-of-00004", "train/ckpt-2.data-00001-of-00004", "train/ckpt-2.data-00002-of-00004", "train/ckpt-2.data-00003-of-00004", "train/ckpt-2.index",
			"train/next-1.data-00000-of-00001", "train/next-1.index",
		}, disk.Names(), what)
		left, err := prefix.IsDir(disk, sections.Dir("train/ckpt-2"))
		require.NoError(t, err, what)
		require.False(t, left, what)
		require.Zero(t, disk.OpenFiles(), what)
	}
	tried := ckpttest.EveryFault(t, func() (*errfs.FS, func() error) {
		disk := before.Reboot(errfs.KeepAll)
		return disk, func() error { return saveSectionsOn(t, disk, "train/ckpt-2") }
	}, check)
	require.Greater(t, tried, thorough.Pick(1000, 100))
}

func TestSectionsThatComeTooLate(t *testing.T) {
	t.Run("a worker that begins before the commit and ends after it is stale and leaves no files", func(t *testing.T) {
		for n := 1; ; n++ { // the others finish and merge before operation n of this worker
			disk := errfs.New()
			zombie := false
			disk.Inject(func(op errfs.Op) errfs.Fault {
				if op.N == n && !zombie {
					zombie = true
					require.NoError(t, saveSectionsOn(t, disk, "train/ckpt-2"))
				}
				return errfs.Fault{}
			})
			err := ckpttest.WriteSection(t, disk, "train/ckpt-2", 1)
			if !zombie {
				require.NoError(t, err)
				require.Greater(t, n, 20)
				return
			}
			if err != nil {
				require.ErrorIs(t, err, ckpt.ErrStale, "operation %d", n)
			}
			requireSections(t, disk, "train/ckpt-2", "")
			_, err = ckpt.Merge(ctx, "train/ckpt-2", ckpttest.On(disk))
			require.NoError(t, err, "operation %d", n)
			require.Equal(t, []string{
				"train/checkpoint",
				"train/ckpt-2.data-00000-of-00004", "train/ckpt-2.data-00001-of-00004", "train/ckpt-2.data-00002-of-00004", "train/ckpt-2.data-00003-of-00004", "train/ckpt-2.index",
			}, disk.Names(), "operation %d", n)
		}
	})
	t.Run("another program's data file with the name of a section's file is not used, whatever its size", func(t *testing.T) {
		disk := errfs.New()
		for worker := range ckpttest.Workers {
			require.NoError(t, ckpttest.WriteSection(t, disk, "ckpt", worker))
		}
		var size int
		for name, data := range disk.Files() {
			if filepath.Ext(name) == ".data-00001-of-00004" {
				size = len(data)
			}
		}
		require.Positive(t, size)
		require.NoError(t, disk.WriteFile("ckpt.data-00001-of-00004", make([]byte, size)))
		_, err := ckpt.Merge(ctx, "ckpt", ckpttest.On(disk))
		require.ErrorContains(t, err, "ckpt.data-00001-of-00004 already exists with different contents; remove it")
		require.NotContains(t, disk.Names(), "ckpt.index")
		require.NoError(t, disk.Remove("ckpt.data-00001-of-00004"))
		_, err = ckpt.Merge(ctx, "ckpt", ckpttest.On(disk))
		require.NoError(t, err)
		requireSections(t, disk, "ckpt", "")
	})
}
