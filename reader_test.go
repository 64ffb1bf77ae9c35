package ckpt_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestReader(t *testing.T) {
	numbered := ckpttest.Golden(t, "saved-numbered")
	t.Run("Q-01 everything is listed in the order of keys with its shape, the object graph included", func(t *testing.T) {
		var lines []string
		for _, v := range ckpttest.Open(t, numbered.Path()).Variables() {
			lines = append(lines, fmt.Sprintf("%s %v%v %d", v.Key, v.DType, v.Shape, v.Bytes))
		}
		require.Equal(t, []string{"_CHECKPOINTABLE_OBJECT_GRAPH string[] 246", "save_counter/.ATTRIBUTES/VARIABLE_VALUE int64[] 8",
			"step/.ATTRIBUTES/VARIABLE_VALUE int64[] 8", "w/.ATTRIBUTES/VARIABLE_VALUE float32[2] 8"}, lines)
	})
	t.Run("Q-01 Q-05 a directory stands for its latest checkpoint", func(t *testing.T) {
		r := ckpttest.Open(t, filepath.Dir(numbered.Path()))
		require.Equal(t, numbered.Path(), r.Prefix())
		require.Equal(t, tensor.Scalar(int64(30)), ckpttest.Must(r.Tensor("step/.ATTRIBUTES/VARIABLE_VALUE")))
	})
	t.Run("Q-05 a directory without a checkpoint is not found", func(t *testing.T) {
		dir := t.TempDir()
		_, err := ckpt.Open(dir)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, dir)
		require.ErrorContains(t, err, "Couldn't find 'checkpoint' file or checkpoints in given directory")
	})
	t.Run("Q-02 Q-04 a partitioned tensor is listed as a whole, and assembled by reads", func(t *testing.T) {
		r := ckpttest.Open(t, ckpttest.Golden(t, "saver-v2").Path())
		var keys []string
		for _, v := range r.Variables() {
			keys = append(keys, v.Key)
		}
		require.Contains(t, keys, "model/weights")
		for _, key := range keys {
			require.NotContains(t, key, "\x00", "parts are not listed as variables")
		}
		e := ckpttest.Must(r.Lookup("model/weights"))
		require.Equal(t, tensor.Shape{7, 2}, e.Shape)
		require.Len(t, e.Slices, 3)
		w := ckpttest.Must(r.Tensor("model/weights"))
		require.Equal(t, tensor.Shape{7, 2}, w.Shape())
		require.InDelta(t, 13-5*0.1, w.Values().([]float32)[13], 1e-3, "the last part is at the end: five steps of Adam from 13")
	})
	t.Run("Q-04 parts with a gap are an error only for their key", func(t *testing.T) {
		r := ckpttest.Open(t, ckpttest.Golden(t, "damaged-entry-slices-leave-a-gap").Path())
		for _, key := range ckpttest.Golden(t, "damaged-entry-slices-leave-a-gap").Want.Bad {
			_, err := r.Tensor(key)
			require.ErrorIs(t, err, ckpt.ErrIncomplete)
			require.ErrorContains(t, err, key)
		}
	})
	t.Run("Q-03 a tensor's name may end in :0", func(t *testing.T) {
		r := ckpttest.Open(t, ckpttest.Golden(t, "saver-v2").Path())
		require.Equal(t, ckpttest.Must(r.Tensor("model/bias")), ckpttest.Must(r.Tensor("model/bias:0")))
		odd := ckpttest.Open(t, ckpttest.Written(t, &ckpttest.Several{Names: []string{"a", "a:0"}, Got: map[string]tensor.Any{"a": ckpttest.Scalar(1), "a:0": ckpttest.Scalar(2)}}))
		require.Equal(t, ckpttest.Scalar(2), ckpttest.Must(odd.Tensor("/.ATTRIBUTES/a:0")), "a stored key with this exact text is found")
		_, err := odd.Tensor("/.ATTRIBUTES/b:0")
		require.ErrorIs(t, err, ckpt.ErrNotFound)
	})
	t.Run("Q-06 a key that is not stored is not found", func(t *testing.T) {
		r := ckpttest.Open(t, numbered.Path())
		_, err := r.Tensor("nothing")
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorContains(t, err, `key "nothing"`)
		require.ErrorContains(t, err, numbered.Path())
		_, err = r.Slice(ctx, "nothing", nil)
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.ErrorIs(t, r.ReadInto(ctx, "nothing", ckpttest.Scalar(0)), ckpt.ErrNotFound)
		err = r.WriteStored(ctx, "nothing", new(bytes.Buffer))
		require.ErrorIs(t, err, ckpt.ErrNotFound)
		require.Regexp(t, "^ckpt: .*nothing", err.Error())
	})
	t.Run("Q-07 Has reports stored and partitioned keys, but not the header's", func(t *testing.T) {
		r := ckpttest.Open(t, ckpttest.Golden(t, "saver-v2").Path())
		require.True(t, r.Has("model/bias"))
		require.True(t, r.Has("model/weights"))
		require.False(t, r.Has(""))
		require.False(t, r.Has("model"))
		require.False(t, r.Has("model/bias:0"))
	})
	t.Run("Q-08 every listed key has a dtype and a shape, and can be looked up", func(t *testing.T) {
		for _, name := range []string{"saver-v2", "saved-shards", "values-shapes", "values-variant", "saver-v1"} {
			r := ckpttest.Open(t, ckpttest.Golden(t, name).Path())
			for e, err := range r.All() {
				require.NoError(t, err)
				require.Equal(t, e, ckpttest.Must(r.Lookup(e.Key)), name)
				require.True(t, e.DType.Valid(), name)
				require.NotNil(t, e.Shape, name)
			}
		}
	})
	t.Run("Q-11 a read of a region reads only the region, of a whole or a partitioned tensor", func(t *testing.T) {
		r := ckpttest.Open(t, ckpttest.Golden(t, "saved-slices").Path())
		for _, key := range []string{"whole", "tiled"} {
			region := ckpttest.Must(tensor.ParseSlice("2,3:3,2")) // overlaps all four tiles
			require.Equal(t, ckpttest.Must(tensor.FromSlice([]int32{23, 24, 33, 34, 43, 44}, 3, 2)), ckpttest.Must(r.Slice(ctx, key, region)), key)
			require.Equal(t, ckpttest.Must(r.Tensor(key)), ckpttest.Must(r.Slice(ctx, key, ckpttest.Must(tensor.ParseSlice("-:-")))), key)
		}
		_, err := r.Slice(ctx, "whole", ckpttest.Must(tensor.ParseSlice("5,3:-")))
		require.ErrorContains(t, err, `key "whole"`)
		_, err = r.Slice(ctx, "whole", ckpttest.Must(tensor.ParseSlice("-")))
		require.Error(t, err, "another rank")
	})
	t.Run("Q-11 a region can be read despite damage elsewhere", func(t *testing.T) {
		prefix := filepath.Join(t.TempDir(), "ckpt")
		ckpttest.Must(ckpttest.New(t, ckpt.Group{"v": ckpttest.Vector(make([]float32, 100)...)}).Write(ctx, prefix, ckpt.MaxShardSize(80)))
		damaged := prefix + ".data-00003-of-00005"
		data := ckpttest.Must(os.ReadFile(damaged))
		data[0] ^= 1
		require.NoError(t, os.WriteFile(damaged, data, 0o666))
		r := ckpttest.Open(t, prefix)
		require.Equal(t, ckpttest.Vector(0, 0), ckpttest.Must(r.Slice(ctx, "v/.ATTRIBUTES/VARIABLE_VALUE", tensor.Slice{{Start: 10, Length: 2}})))
		_, err := r.Tensor("v/.ATTRIBUTES/VARIABLE_VALUE")
		require.ErrorIs(t, err, ckpt.ErrCorrupt)
		require.ErrorContains(t, err, ".data-00003-of-00005")
	})
}

func TestReadInto(t *testing.T) {
	r := ckpttest.Open(t, ckpttest.Written(t, ckpt.Group{"v": ckpttest.Vector(1, 2)}))
	const key = "v/.ATTRIBUTES/VARIABLE_VALUE"
	dst := ckpttest.Vector(0, 0)
	memory := dst.Data()
	require.NoError(t, r.ReadInto(ctx, key, dst))
	require.Equal(t, []float32{1, 2}, memory, "the values are read into the existing memory")
	for _, dst := range []tensor.Any{ckpttest.Scalar(0), ckpttest.Vector(0), tensor.New[float64](2), new(tensor.Tensor[float32])} {
		err := r.ReadInto(ctx, key, dst)
		require.ErrorIs(t, err, ckpt.ErrMismatch)
		require.ErrorContains(t, err, "float32[2] in the checkpoint")
	}
}

func TestWriteStored(t *testing.T) {
	r := ckpttest.Open(t, ckpttest.Written(t, ckpt.Group{"v": tensor.Scalar(int32(0x01020304))}))
	var b bytes.Buffer
	require.NoError(t, r.WriteStored(ctx, "v/.ATTRIBUTES/VARIABLE_VALUE", &b))
	require.Equal(t, []byte{4, 3, 2, 1}, b.Bytes(), "little-endian on every machine")
}

// TestReaderIsShared reads from many goroutines at once.
func TestReaderIsShared(t *testing.T) {
	r := ckpttest.Open(t, ckpttest.Golden(t, "saved-wide").Path())
	variables := r.Variables()
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := g; i < len(variables); i += 64 {
				if _, err := r.Tensor(variables[i].Key); err != nil {
					t.Error(err)
				}
				r.Has(variables[i].Key)
			}
		})
	}
	all.Wait()
}

func TestReaderOfNothing(t *testing.T) {
	for name, path := range map[string]string{"no path": "", "no file": filepath.Join(t.TempDir(), "ckpt"), "no directory": filepath.Join(t.TempDir(), "a", "b")} {
		_, err := ckpt.Open(path)
		require.ErrorIs(t, err, ckpt.ErrNotFound, name)
	}
}

// TestMetadata reads the metadata that other makers' files have in addition to tensors.
func TestMetadata(t *testing.T) {
	gguf := ckpttest.Open(t, filepath.Join("format", "gguf", "testdata", "plain.gguf")).Metadata()
	for key, want := range map[string]string{"test.string": "text é", "test.flags": "[true,false]", "test.int64": "-1099511627776", "test.float64": "0.1"} {
		require.Equal(t, want, gguf[key], key)
	}
	require.Equal(t, map[string]string{"format": "pt"}, ckpttest.Open(t, filepath.Join("format", "safetensors", "testdata", "dtypes.safetensors")).Metadata())
	require.Nil(t, ckpttest.Open(t, ckpttest.Golden(t, "saved-numbered").Path()).Metadata())
}
