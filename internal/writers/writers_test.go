package writers

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

func TestByEnding(t *testing.T) {
	for path, want := range map[string]string{
		"run/ckpt": TensorFlow, "model.safetensors": Safetensors, "model.npz": NPZ, "model.weights.h5": HDF5, "model.keras": Keras,
		"model.h5": TensorFlow, "model.npz.index": TensorFlow,
	} {
		require.Equal(t, want, ByEnding(path), path)
	}
	require.Equal(t, "/", Separator(HDF5))
	require.Equal(t, ".", Separator(NPZ))
}

// variable returns a tensor of four floats, all equal to v.
func variable(v float32) format.Source {
	return format.Source{DType: tensor.DTFloat32, Shape: tensor.Shape{4}, Load: func() (tensor.Any, error) {
		return tensor.FromSlice([]float32{v, v, v, v}, 4)
	}}
}

func TestCreate(t *testing.T) {
	for name, path := range map[string]string{TensorFlow: "d/ckpt", Safetensors: "d/model.safetensors", NPZ: "d/model.npz", HDF5: "d/model.weights.h5"} {
		t.Run(name, func(t *testing.T) {
			disk := errfs.New()
			require.NoError(t, disk.MkdirAll("d"))
			before := disk.Ops()
			var told []string
			w, err := Create(disk, name, path, Options{Progress: func(done, total int64) {
				if text := fmt.Sprint(done, " of ", total); len(told) == 0 || told[len(told)-1] != text {
					told = append(told, text)
				}
			}})
			require.NoError(t, err)
			require.NoError(t, w.Add(0, "a", variable(1)))
			require.NoError(t, w.Add(0, "b", variable(2)))
			require.Equal(t, before, disk.Ops(), "nothing is touched before Commit")
			require.NoError(t, w.Commit(t.Context()))
			require.NotEmpty(t, disk.Files())
			require.Equal(t, "32 of 32", told[len(told)-1], "the last call reports all bytes")
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		format string
		shards int64
		says   string
	}{
		"an archive":           {Keras, 0, "use keras.Save"},
		"an unknown format":    {"onnx", 0, `cannot write the format "onnx": expected tensorflow, safetensors, npz, hdf5 or keras`},
		"shards of NumPy":      {NPZ, 10, "shards of at most 10 bytes: a checkpoint in the format npz is a single file"},
		"shards of Keras":      {HDF5, 10, "is a single file"},
		"shards without bytes": {Safetensors, -1, "shards of at most -1 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Create(errfs.New(), test.format, "d/model", Options{MaxShardSize: test.shards})
			require.ErrorIs(t, err, errors.ErrUnsupported)
			require.ErrorContains(t, err, "d/model: ")
			require.ErrorContains(t, err, test.says)
		})
	}
}

// A failed commit does not report that all bytes were written.
func TestProgressOfAFailure(t *testing.T) {
	disk := errfs.New()
	var last int64
	w, err := Create(disk, HDF5, "d/model.weights.h5", Options{Progress: func(done, _ int64) { last = done }})
	require.NoError(t, err)
	broken := variable(1)
	broken.Load = func() (tensor.Any, error) { return nil, fs.ErrInvalid }
	require.NoError(t, w.Add(0, "a", variable(1)))
	require.NoError(t, w.Add(0, "b", broken))
	require.ErrorIs(t, w.Commit(t.Context()), fs.ErrInvalid)
	require.Less(t, last, int64(32))
}

func TestNewArchive(t *testing.T) {
	_, err := NewArchive(struct{}{})
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorContains(t, err, "a struct {} does not have one")
}
