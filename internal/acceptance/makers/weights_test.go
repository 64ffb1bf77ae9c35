package makers

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

type flatBlock struct {
	Kernel tensor.Tensor[float32]
	Scale  *tensor.Tensor[float64]
	Mask   []bool `ckpt:"mask"`
}

type flatModel struct {
	Blocks []flatBlock
	Heads  map[string]*flatBlock
	Dense  layers.Dense
	Step   int64 `ckpt:"step"`
}

func numbers(t *testing.T, shape ...int) *tensor.Tensor[float32] {
	x := tensor.New[float32](shape...)
	for i := range x.Data() {
		x.Data()[i] = float32(i) / 7
	}
	return x
}

func newFlatModel(t *testing.T) *flatModel {
	scale := tensor.New[float64]()
	scale.Set(0.1)
	block := flatBlock{Kernel: *numbers(t, 2, 3), Scale: scale, Mask: []bool{true, false}}
	other := flatBlock{Kernel: *numbers(t, 4), Scale: tensor.New[float64](1), Mask: []bool{true}}
	m := &flatModel{Blocks: []flatBlock{block, other}, Heads: map[string]*flatBlock{"a": {Kernel: *numbers(t, 1), Scale: tensor.New[float64](2), Mask: []bool{}}}, Step: 7}
	m.Blocks[1].Scale.Set(3, 0)
	m.Dense.Kernel, m.Dense.Bias = *numbers(t, 3, 2), *numbers(t, 2)
	return m
}

// TestSaveWeightsByEnding saves a model in each format and loads it into an empty one.
func TestSaveWeightsByEnding(t *testing.T) {
	for name, c := range map[string]struct {
		format, key string
		opts        []ckpt.SaveWeightsOption
	}{
		"model.safetensors":  {"safetensors", "blocks.0.kernel", nil},
		"shards.safetensors": {"safetensors", "blocks.0.kernel", []ckpt.SaveWeightsOption{ckpt.MaxShardSize(30)}},
		"model.npz":          {"npz", "blocks.0.kernel", nil},
		"model.weights.h5":   {"keras", "blocks/flat_block_1/vars/0", nil},
		"said.h5":            {"keras", "heads/flat_block/vars/1", []ckpt.SaveWeightsOption{ckpt.As("hdf5")}},
		"model":              {"tensorflow", "blocks/0/kernel/.ATTRIBUTES/VARIABLE_VALUE", nil},
		"said.bin":           {"safetensors", "heads.a.scale", []ckpt.SaveWeightsOption{ckpt.As("safetensors")}},
		"said.npz":           {"tensorflow", "step/.ATTRIBUTES/VARIABLE_VALUE", []ckpt.SaveWeightsOption{ckpt.As("tensorflow")}},
	} {
		t.Run(name, func(t *testing.T) {
			model, path := newFlatModel(t), filepath.Join(t.TempDir(), "below", name)
			var last ckpt.Progress
			opts := append(c.opts, ckpt.WithProgress(func(p ckpt.Progress) { last = p }), ckpt.FileMode(0o600))
			require.NoError(t, ckpt.SaveWeights(t.Context(), path, model, opts...))
			require.NotZero(t, last.Total)
			require.Equal(t, last.Total, last.Done)
			require.NoError(t, filepath.WalkDir(filepath.Dir(path), func(name string, d fs.DirEntry, err error) error {
				require.NoError(t, err)
				info, err := d.Info()
				require.NoError(t, err)
				require.True(t, d.IsDir() || info.Mode().Perm() == 0o600 || d.Name() == "checkpoint", "%s: %v", name, info.Mode())
				return nil
			}))
			whole := path
			if name == "shards.safetensors" {
				whole += ".index.json"
			}
			r, err := ckpt.Open(whole)
			require.NoError(t, err)
			defer r.Close()
			require.Equal(t, c.format, r.Format())
			require.True(t, r.Has(c.key), "%v", r.Variables())

			var loaded flatModel
			require.NoError(t, ckpt.LoadWeights(t.Context(), whole, &loaded, ckpt.Strict()))
			require.Equal(t, model.Step, loaded.Step)
			require.Len(t, loaded.Blocks, 2)
			for i := range model.Blocks {
				requireBlock(t, &model.Blocks[i], &loaded.Blocks[i])
			}
			requireBlock(t, model.Heads["a"], loaded.Heads["a"])
			require.Equal(t, model.Dense.Kernel.Data(), loaded.Dense.Kernel.Data())
			require.Equal(t, model.Dense.Bias.Data(), loaded.Dense.Bias.Data())
		})
	}
}

func requireBlock(t *testing.T, want, got *flatBlock) {
	t.Helper()
	require.Equal(t, want.Kernel.Data(), got.Kernel.Data())
	require.Equal(t, want.Kernel.Shape(), got.Kernel.Shape())
	require.Equal(t, want.Scale.Data(), got.Scale.Data())
	require.Equal(t, want.Mask, got.Mask)
}

type opaque struct{ n byte }

func (o *opaque) MarshalBinary() ([]byte, error) { return []byte{o.n}, nil }
func (o *opaque) UnmarshalBinary(b []byte) error { o.n = b[0]; return nil }

// TestSaveWeightsUnsupported saves values that a format cannot hold. The error names the path, and the existing file stays.
func TestSaveWeightsUnsupported(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		model any
		said  string
		opts  []ckpt.SaveWeightsOption
	}{
		"a string":         {"m.safetensors", &struct{ Name tensor.Tensor[string] }{*tensor.Scalar("x")}, `"name"`, nil},
		"a string in npz":  {"m.npz", &struct{ Name tensor.Tensor[string] }{*tensor.Scalar("x")}, `"name"`, nil},
		"a string in HDF5": {"m.weights.h5", &struct{ Name tensor.Tensor[string] }{*tensor.Scalar("x")}, `"name"`, nil},
		"bfloat16 in npz": {"m.npz", &struct {
			W tensor.Tensor[tensor.BFloat16]
		}{*tensor.New[tensor.BFloat16](2)}, `"w"`, nil},
		"opaque state": {"m.safetensors", &struct {
			State *opaque `ckpt:"state"`
		}{&opaque{1}}, "state: only TensorFlow's format", nil},
		"a dot in a name":   {"m.npz", map[string]*tensor.Tensor[float32]{"a.b": numbers(t, 1)}, `"a.b"`, nil},
		"shards of npz":     {"m.npz", &struct{ W tensor.Tensor[float32] }{*numbers(t, 2)}, "is a single file", []ckpt.SaveWeightsOption{ckpt.MaxShardSize(4)}},
		"alignment":         {"m.safetensors", &struct{ W tensor.Tensor[float32] }{*numbers(t, 2)}, "Align", []ckpt.SaveWeightsOption{ckpt.Align(64)}},
		"an unknown format": {"m", &struct{ W tensor.Tensor[float32] }{*numbers(t, 2)}, `"onnx"`, []ckpt.SaveWeightsOption{ckpt.As("onnx")}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.file)
			require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
			err := ckpt.SaveWeights(t.Context(), path, c.model, c.opts...)
			require.ErrorContains(t, err, c.said)
			require.ErrorIs(t, err, errors.ErrUnsupported)
			require.ErrorContains(t, err, path)
			left, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, "before", string(left))
			files, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			require.Len(t, files, 1)
		})
	}
}

// TestSaveWeightsCancelled cancels the context before the save. No file is left.
func TestSaveWeightsCancelled(t *testing.T) {
	for _, name := range []string{"m.safetensors", "m.npz", "m.weights.h5"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		path := filepath.Join(t.TempDir(), name)
		require.ErrorIs(t, ckpt.SaveWeights(ctx, path, newFlatModel(t)), context.Canceled, name)
		files, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Empty(t, files, name)
	}
}
