package ckpttest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/storefs"
	"github.com/gockpt/ckpt/tensor"
)

// On makes any call use another filesystem.
func On(disk fsx.FS) ckpt.AnyOption { return ckpt.In(storefs.Files(disk)) }

// DiskOf returns a disk with files.
func DiskOf(t testing.TB, files map[string][]byte) *errfs.FS {
	t.Helper()
	disk := errfs.New()
	for name, b := range files {
		require.NoError(t, disk.WriteFile(name, b))
	}
	return disk
}

// Workers is the number of workers that write the sections of one checkpoint.
const Workers = 3

// WriteSection is the program of one worker. It writes a variable that no other worker has, and two rows of a
// table that all workers share.
func WriteSection(t testing.TB, disk *errfs.FS, prefix string, worker int) error {
	t.Helper()
	w := float32(worker)
	rows := Must(tensor.FromSlice([]float32{4 * w, 4*w + 1, 4*w + 2, 4*w + 3}, 2, 2))
	c := New(t, ckpt.Group{"table": rows, fmt.Sprint("own", worker): Scalar(w)}, On(disk))
	return c.WriteSection(t.Context(), prefix, worker, Workers, ckpt.Parts(func(path string, _ tensor.Shape) (tensor.Shape, tensor.Slice) {
		if path != "table" {
			return nil, nil
		}
		return tensor.Shape{2 * Workers, 2}, tensor.Slice{{Start: 2 * worker, Length: 2}, tensor.Full}
	}))
}
