package ckpt_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// mixedModel has tensors with sizes that would leave the next tensor unaligned.
func mixedModel() ckpt.Group {
	return ckpt.Group{
		"a": tensor.Scalar[int8](1),
		"b": tensor.Scalar(2.5),
		"c": tensor.Scalar("three"),
		"d": ckpttest.Vector(4, 5, 6),
		"e": tensor.Scalar(complex(7, 8)),
		"f": tensor.Scalar(true),
	}
}

var mixedKeys = []string{"a", "b", "c", "d", "e", "f"}

func TestMapped(t *testing.T) {
	for _, c := range []struct {
		name  string
		align []ckpt.Option
	}{{"packed as in TensorFlow's files", nil}, {"aligned", []ckpt.Option{ckpt.Align(64)}}} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ckpt")
			checkpoint, err := ckpt.New(mixedModel(), c.align...)
			require.NoError(t, err)
			_, err = checkpoint.Write(ctx, path)
			require.NoError(t, err)
			plain, err := ckpt.Open(path)
			require.NoError(t, err)
			defer plain.Close()
			mapped, err := ckpt.Open(path, ckpt.Mapped())
			require.NoError(t, err)
			defer mapped.Close()
			for _, name := range mixedKeys {
				key := name + "/.ATTRIBUTES/VARIABLE_VALUE"
				want, err := plain.Tensor(key)
				require.NoError(t, err)
				got, err := mapped.Tensor(key)
				require.NoError(t, err)
				require.True(t, tensor.Equal(want, got), "%s: %v, want %v", name, got, want)
				require.NoError(t, mapped.VerifyTensor(ctx, key))
			}
		})
	}
}

func TestMappedTensorsAreTheProgramsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	checkpoint, err := ckpt.New(mixedModel(), ckpt.Align(64))
	require.NoError(t, err)
	_, err = checkpoint.Write(ctx, path)
	require.NoError(t, err)
	r, err := ckpt.Open(path, ckpt.Mapped())
	require.NoError(t, err)
	defer r.Close()
	before, err := os.ReadFile(path + ".data-00000-of-00001")
	require.NoError(t, err)
	got, err := r.Tensor("d/.ATTRIBUTES/VARIABLE_VALUE")
	require.NoError(t, err)
	d, _ := tensor.As[float32](got)
	d.Data()[0] = -1
	after, err := os.ReadFile(path + ".data-00000-of-00001")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestMappedComparesChecksumsOnDemand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	checkpoint, err := ckpt.New(ckpt.Group{"d": ckpttest.Vector(4, 5, 6)})
	require.NoError(t, err)
	_, err = checkpoint.Write(ctx, path)
	require.NoError(t, err)
	data := path + ".data-00000-of-00001"
	b, err := os.ReadFile(data)
	require.NoError(t, err)
	b[0] ^= 1
	require.NoError(t, os.WriteFile(data, b, 0o666))
	const key = "d/.ATTRIBUTES/VARIABLE_VALUE"

	r, err := ckpt.Open(path, ckpt.Mapped())
	require.NoError(t, err)
	defer r.Close()
	if f, err := (fsx.OS{}).Open(data); err == nil {
		_, unmap, err := fsx.Map(f)
		require.NoError(t, f.Close())
		if err != nil {
			t.Skip("this system does not map files: values are verified while they are read")
		}
		require.NoError(t, unmap())
	}
	_, err = r.Tensor(key)
	require.NoError(t, err, "no values were read yet")
	require.ErrorIs(t, r.VerifyTensor(ctx, key), ckpt.ErrCorrupt)
	var found []string
	require.NoError(t, r.Verify(context.Background(), func(p ckpt.Problem) { found = append(found, p.Key) }))
	require.Equal(t, []string{key}, found)
}

func TestMappedReadsFromAnyFS(t *testing.T) {
	dir := t.TempDir()
	checkpoint, err := ckpt.New(mixedModel())
	require.NoError(t, err)
	_, err = checkpoint.Write(ctx, filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	r, err := ckpt.Open("ckpt", ckpt.WithFS(os.DirFS(dir)), ckpt.Mapped())
	require.NoError(t, err)
	defer r.Close()
	got, err := r.Tensor("b/.ATTRIBUTES/VARIABLE_VALUE")
	require.NoError(t, err)
	require.True(t, tensor.Equal(tensor.Scalar(2.5), got))
}

func TestAlign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ckpt")
	checkpoint, err := ckpt.New(mixedModel())
	require.NoError(t, err)
	_, err = checkpoint.Write(ctx, path, ckpt.Align(64))
	require.NoError(t, err)
	b, err := os.ReadFile(path + ".data-00000-of-00001")
	require.NoError(t, err)
	require.Zero(t, len(b)%64)
	require.Equal(t, "\x01"+strings.Repeat("\x00", 63), string(b[:64]), "a, and zeros before b")
	_, err = checkpoint.Read(ctx, path)
	require.NoError(t, err)

	for _, n := range []int{-1, 3, 8192} {
		_, err := checkpoint.Write(ctx, path, ckpt.Align(n))
		require.ErrorContains(t, err, "want a power of two, at most 4096")
	}
}
