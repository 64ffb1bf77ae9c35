package shard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/tensor"
)

var ctx = context.Background()

var full = map[string]tensor.Shape{"model.table": {13, 6}, "model.kernel": {6, 10}, "model.bias": {10}}

type model struct {
	Table  tensor.Tensor[float32] `ckpt:"table"`
	Kernel tensor.Tensor[float64] `ckpt:"kernel"`
	Bias   tensor.Tensor[float32] `ckpt:"bias"`
}

// cut describes what one of n workers holds of the model: rows of the table, columns of the kernel, and the
// whole bias.
func cut(n int) func(path string) shard.Cut {
	return func(path string) shard.Cut {
		switch path {
		case "model.table":
			return must(shard.Rows(n))
		case "model.kernel":
			return must(shard.Columns(n))
		}
		c := must(shard.Mesh{{"worker", n}}.Cut())
		return c
	}
}

// value returns the value of an element. It differs between tensors and between positions.
func value(path string, element int) float64 { return float64(len(path)*1000 + element) }

// hold returns a worker's part of the model, with or without values.
func hold(w shard.Worker, values bool) *model {
	m := new(model)
	fill := func(path string, build func(shape ...int), set func(i int, v float64)) {
		region := must(w.Cut(path).Region(w.Number, full[path]))
		_, shape, err := region.Resolve(full[path])
		if err != nil {
			panic(err)
		}
		build(shape...)
		for i, e := range elements(full[path], region) {
			if values {
				set(i, value(path, e))
			}
		}
	}
	fill("model.table", func(s ...int) { m.Table = *tensor.New[float32](s...) }, func(i int, v float64) { m.Table.Data()[i] = float32(v) })
	fill("model.kernel", func(s ...int) { m.Kernel = *tensor.New[float64](s...) }, func(i int, v float64) { m.Kernel.Data()[i] = v })
	fill("model.bias", func(s ...int) { m.Bias = *tensor.New[float32](s...) }, func(i int, v float64) { m.Bias.Data()[i] = float32(v) })
	return m
}

func worker(number, of int) shard.Worker {
	return shard.Worker{Number: number, Cut: cut(of), Full: func(path string, _ tensor.Shape) tensor.Shape { return full[path] }}
}

// write writes the model's checkpoint with n workers.
func write(t *testing.T, prefix string, n int) {
	for number := range n {
		w := worker(number, n)
		c, err := ckpt.New(ckpt.Group{"model": hold(w, true)})
		require.NoError(t, err)
		require.NoError(t, c.WriteSection(ctx, prefix, number, n, ckpt.Parts(w.Part), ckpt.Own(w.Saves)))
	}
	_, err := ckpt.Merge(ctx, prefix)
	require.NoError(t, err)
}

// N workers write a checkpoint. M others read it, each its own part. A single program reads all of it.
func TestAnyNumberOfWorkersToAnyOther(t *testing.T) {
	numbers := thorough.Pick([]int{1, 2, 3, 4, 5, 6, 7, 8}, []int{1, 2, 3, 8})
	for _, n := range numbers {
		prefix := filepath.Join(t.TempDir(), "ckpt")
		write(t, prefix, n)
		for _, m := range numbers {
			t.Run(fmt.Sprintf("%d to %d", n, m), func(t *testing.T) {
				for number := range m {
					w := worker(number, m)
					got := hold(w, false)
					c, err := ckpt.New(ckpt.Group{"model": got})
					require.NoError(t, err)
					s, err := c.Read(ctx, prefix, ckpt.Parts(w.Part))
					require.NoError(t, err)
					require.NoError(t, s.AssertConsumed())
					require.Equal(t, hold(w, true), got)
				}
			})
		}
	}
}

// Workers read flat ranges of values that others wrote by rows and columns.
func TestReadFlat(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "ckpt")
	write(t, prefix, 3)
	r, err := ckpt.Open(prefix)
	require.NoError(t, err)
	defer r.Close()
	for _, path := range []string{"model.table", "model.kernel", "model.bias"} {
		key := strings.ReplaceAll(path, ".", "/") + "/.ATTRIBUTES/VARIABLE_VALUE"
		e, err := r.Lookup(key)
		require.NoError(t, err)
		for m := 1; m <= 8; m++ {
			for number := range m {
				start, end := shard.FlatRange(e.Shape.Len(), number, m)
				p, err := shard.Flat(e.Shape, start, end)
				require.NoError(t, err)
				dst, err := tensor.NewAny(e.DType, end-start)
				require.NoError(t, err)
				require.NoError(t, shard.Read(ctx, r, key, p, dst))
				wide := tensor.New[float64](end - start)
				require.NoError(t, tensor.Cast(wide, dst))
				for i, v := range wide.Data() {
					require.Equal(t, value(path, start+i), v)
				}
			}
		}
	}
	t.Run("destinations that do not fit", func(t *testing.T) {
		const key = "model/table/.ATTRIBUTES/VARIABLE_VALUE"
		p := must(shard.Flat(tensor.Shape{13, 6}, 2, 5))
		require.ErrorContains(t, shard.Read(ctx, r, key, p, tensor.New[float32](4)), "the part has 3 elements of float32, but the destination is")
		require.ErrorContains(t, shard.Read(ctx, r, key, p, tensor.New[float64](3)), "the part has 3 elements of float32, but the destination is")
		require.ErrorContains(t, shard.Read(ctx, r, key, must(shard.Flat(tensor.Shape{6, 13}, 2, 5)), tensor.New[float32](3)), "the checkpoint has shape [13 6], but the part is of a tensor of shape [6 13]")
		require.ErrorIs(t, shard.Read(ctx, r, "model/tables", p, tensor.New[float32](3)), ckpt.ErrNotFound)
	})
}

func TestReshard(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "ckpt")
	write(t, in, 3)
	whole := hold(worker(0, 1), true)
	for _, tt := range []struct {
		name  string
		opts  []ckpt.ReshardOption
		files int
	}{
		{"into one file", nil, 1},
		{"of one worker", []ckpt.ReshardOption{ckpt.ShardBy(shard.Files(1, cut(1)))}, 1},
		{"of five workers", []ckpt.ReshardOption{ckpt.ShardBy(shard.Files(5, cut(5)))}, 5},
		{"of more workers than rows", []ckpt.ReshardOption{ckpt.ShardBy(shard.Files(20, cut(20))), ckpt.Unverified()}, 15},
		{"by size", []ckpt.ReshardOption{ckpt.MaxShardSize(200)}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "new")
			require.NoError(t, ckpt.Reshard(ctx, in, out, tt.opts...))
			files, err := filepath.Glob(out + ".data-*")
			require.NoError(t, err)
			require.Len(t, files, tt.files)
			var got struct{ Model model }
			require.NoError(t, ckpt.LoadWeights(ctx, out, &got, ckpt.Strict()))
			require.Equal(t, whole, &got.Model)
			if tt.name == "into one file" { // as a program without workers writes it
				c, err := ckpt.New(ckpt.Group{"model": whole})
				require.NoError(t, err)
				_, err = c.Write(ctx, out+"2")
				require.NoError(t, err)
				for _, file := range []string{".index", ".data-00000-of-00001"} {
					require.True(t, bytes.Equal(must(os.ReadFile(out+"2"+file)), must(os.ReadFile(out+file))), file)
				}
			}
		})
	}
	t.Run("damage is found", func(t *testing.T) {
		data := in + ".data-00001-of-00004"
		good := must(os.ReadFile(data))
		defer func() { require.NoError(t, os.WriteFile(data, good, 0o600)) }()
		bad := append([]byte{}, good...)
		bad[3]++
		require.NoError(t, os.WriteFile(data, bad, 0o600))
		out := filepath.Join(dir, "never")
		require.ErrorIs(t, ckpt.Reshard(ctx, in, out, ckpt.ShardBy(shard.Files(5, cut(5)))), ckpt.ErrCorrupt)
		require.ErrorIs(t, ckpt.Reshard(ctx, in, out), ckpt.ErrCorrupt)
		left, err := filepath.Glob(out + "*")
		require.NoError(t, err)
		require.Empty(t, left)
	})
	t.Run("refused", func(t *testing.T) {
		require.ErrorContains(t, ckpt.Reshard(ctx, in, in), "would overwrite the input")
		require.ErrorIs(t, ckpt.Reshard(ctx, in+"x", in), ckpt.ErrNotFound)
		bias := func(string) shard.Cut { return must(shard.Columns(2)) }
		require.ErrorContains(t, ckpt.Reshard(ctx, in, in+"x", ckpt.ShardBy(shard.Files(2, bias))), `"model/bias/.ATTRIBUTES/VARIABLE_VALUE"`)
		other := filepath.Join(dir, "x.safetensors")
		require.NoError(t, ckpt.SaveWeights(ctx, other, whole))
		require.ErrorIs(t, ckpt.Reshard(ctx, other, in+"x"), errors.ErrUnsupported)
	})
}

// A save fails if a variable lacks the axis that is to be cut.
func TestAWorkerOfAVariableThatCannotBeCut(t *testing.T) {
	w := shard.Worker{Cut: func(string) shard.Cut { return must(shard.Columns(2)) }}
	c, err := ckpt.New(ckpt.Group{"bias": tensor.New[float32](4)})
	require.NoError(t, err)
	err = c.WriteSection(ctx, filepath.Join(t.TempDir(), "ckpt"), 0, 2, ckpt.Parts(w.Part), ckpt.Own(w.Saves))
	require.ErrorContains(t, err, "bias")
}

func ExampleWorker() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	prefix := filepath.Join(dir, "ckpt-100")

	rows := func(workers int) func(string) shard.Cut {
		return func(string) shard.Cut { c, _ := shard.Rows(workers); return c }
	}
	// Two workers have two rows each of a table. In a real program they are two processes.
	for rank := range 2 {
		table, _ := tensor.FromSlice([]float32{float32(10 * rank), float32(10*rank + 1)}, 2, 1)
		c, _ := ckpt.New(ckpt.Group{"table": table})
		w := shard.Worker{Number: rank, Cut: rows(2)}
		if err := c.WriteSection(ctx, prefix, rank, 2, ckpt.Parts(w.Part), ckpt.Own(w.Saves)); err != nil {
			fmt.Println(err)
		}
	}
	if _, err := ckpt.Merge(ctx, prefix); err != nil {
		fmt.Println(err)
	}

	// Four workers continue with a row each.
	for rank := range 4 {
		table := tensor.New[float32](1, 1)
		c, _ := ckpt.New(ckpt.Group{"table": table})
		w := shard.Worker{Number: rank, Cut: rows(4)}
		if _, err := c.Read(ctx, prefix, ckpt.Parts(w.Part)); err != nil {
			fmt.Println(err)
		}
		fmt.Println(rank, table.Data())
	}
	// Output:
	// 0 [0]
	// 1 [1]
	// 2 [10]
	// 3 [11]
}
