package faults

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// TestSaveFaults makes every operation of each verb that saves fail in every way. A fresh program then finds the previous
// checkpoint or the new one, complete and latest. After an error it finds the previous one. A following save leaves no other files.
func TestSaveFaults(t *testing.T) {
	program := func(v float32) ckpt.Group {
		return ckpt.Group{"a": ckpttest.Scalar(v), "b": ckpttest.Vector(v, v, v), "s": tensor.Scalar(fmt.Sprint("number ", v)), "l": []ckpttest.Variable{ckpttest.Scalar(v), ckpttest.Scalar(v)}}
	}
	before := errfs.New()
	old := ckpttest.New(t, ckpt.Group{"other": ckpttest.Scalar(0)}, ckpttest.On(before))
	for range 2 {
		ckpttest.Must(old.Save(ctx, "ckpt"))
	}
	// saved returns a Checkpoint that continues after n saves.
	saved := func(root any, disk *errfs.FS, n int) *ckpt.Checkpoint {
		c := ckpttest.New(t, root, ckpttest.On(disk))
		if n > 0 {
			ckpttest.Must(c.Restore(ctx, fmt.Sprint("ckpt-", n), ckpttest.On(before))).ExpectPartial()
		}
		return c
	}
	// Each returns the error of a save of 2 after a save of 1.
	verbs := map[string]func(disk *errfs.FS, v float32) error{
		"Save": func(disk *errfs.FS, v float32) error {
			c := saved(program(v), disk, int(v)-1)
			_, err := c.Save(ctx, "train/ckpt", ckpt.MaxShardSize(8))
			return err
		},
		"asynchronous Save": func(disk *errfs.FS, v float32) error {
			c := saved(program(v), disk, int(v)-1)
			if _, err := c.Save(ctx, "train/ckpt", ckpt.Async()); err != nil {
				return err
			}
			return c.Close()
		},
		"SaveWeights": func(disk *errfs.FS, v float32) error {
			root := struct {
				L []ckpttest.Variable
				S *tensor.Tensor[string] `ckpt:"s"`
			}{[]ckpttest.Variable{ckpttest.Scalar(v), ckpttest.Vector(v, v)}, tensor.Scalar(fmt.Sprint("number ", v))}
			return ckpt.SaveWeights(ctx, fmt.Sprint("train/ckpt-", v), &root, ckpttest.On(disk))
		},
	}
	for name, save := range verbs {
		t.Run(name, func(t *testing.T) {
			check := func(disk *errfs.FS, told error, what string) {
				latest, err := ckpt.Latest("train", ckpttest.On(disk))
				require.NoError(t, err, what)
				require.Contains(t, []string{"train/ckpt-1", "train/ckpt-2"}, latest, what)
				if told == nil {
					require.Equal(t, "train/ckpt-2", latest, what)
				}
				requireSound(t, disk, latest, what)
				requireSound(t, disk, "train/ckpt-1", what) // the new checkpoint is next to it
				for _, v := range []float32{2, 3} {
					require.NoError(t, save(disk, v), what)
				}
				require.Equal(t, "train/ckpt-3", ckpttest.Must(ckpt.Latest("train", ckpttest.On(disk))), what)
				requireSound(t, disk, "train/ckpt-3", what)
				for _, file := range disk.Names() {
					require.NotContains(t, file, ".tmp", what)
					require.NotContains(t, file, ".old", what)
				}
				require.Zero(t, disk.OpenFiles(), what)
			}
			first := errfs.New()
			require.NoError(t, save(first, 1))
			tried := ckpttest.EveryFault(t, func() (*errfs.FS, func() error) {
				disk := first.Reboot(errfs.KeepAll)
				return disk, func() error { return save(disk, 2) }
			}, check)
			require.Greater(t, tried, thorough.Pick(180, 50))
		})
	}
	t.Run("a disk that stays full", func(t *testing.T) {
		first := errfs.New()
		require.NoError(t, verbs["Save"](first, 1))
		for n := 1; ; n++ {
			disk := first.Reboot(errfs.KeepAll)
			before := disk.Names()
			disk.Inject(errfs.Only(errfs.From(n, errfs.Short), errfs.Create, errfs.Write, errfs.Truncate, errfs.Mkdir, errfs.Link))
			err := verbs["Save"](disk, 2)
			if err == nil {
				require.Greater(t, n, 10)
				return
			}
			require.Equal(t, "train/ckpt-1", ckpttest.Must(ckpt.Latest("train", ckpttest.On(disk))))
			if len(disk.Names()) != len(before) { // the checkpoint exists, but its name is not recorded
				requireSound(t, disk, "train/ckpt-2", "")
			}
		}
	})
}

// requireSound verifies every checksum of a checkpoint, and that all its values come from one save.
func requireSound(t *testing.T, disk *errfs.FS, path, what string) {
	t.Helper()
	r, err := ckpt.Open(path, ckpttest.On(disk))
	require.NoError(t, err, what)
	defer r.Close()
	want := fmt.Sprint("number ", path[len("train/ckpt-"):])
	found := 0
	for _, v := range r.Variables() {
		if v.Key == objectgraph.GraphKey {
			continue
		}
		value, err := r.Tensor(v.Key)
		require.NoError(t, err, what)
		switch value := value.(type) {
		case *tensor.Tensor[float32]:
			require.Equal(t, path[len("train/ckpt-"):], fmt.Sprint(value.Data()[0]), what)
			found++
		case *tensor.Tensor[string]:
			require.Equal(t, want, value.Data()[0], what)
			found++
		}
	}
	require.Greater(t, found, 2, what)
}
