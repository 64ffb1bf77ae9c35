package tensorflow

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/state"
	"github.com/gockpt/ckpt/internal/ckpttest"
)

func TestManagerContinuesWhatTensorFlowWrote(t *testing.T) {
	for _, test := range []struct {
		id, name string
		opts     []ckpt.ManagerOption
		base     string
		interval float64
		steps    int64
		number   bool
	}{
		{"R-01", "manager-keeps-last", []ckpt.ManagerOption{ckpt.KeepLast(2)}, "ckpt", 10, 5, false},
		{"R-05", "manager-keeps-hours", []ckpt.ManagerOption{ckpt.KeepLast(1), ckpt.KeepEvery(time.Hour)}, "ckpt", 600.25, 9, false},
	} {
		// TensorFlow read its clock once for the manager and five times per save. Each read advanced the clock by interval.
		t.Run(test.id+" K-02 the same saves at the same times give the same files as "+test.name, func(t *testing.T) {
			ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
				dir, step := t.TempDir(), int64(0)
				at(1.5e9 + test.interval)
				m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"step": &step}), dir, test.opts...)
				for step < test.steps {
					step++
					at(1.5e9 + test.interval*float64(5*step))
					ckpttest.Save(t, m)
				}
				requireSameDir(t, filepath.Join("testdata", "golden", test.name, "train"), dir)
			})
		})
	}
	t.Run("R-16 K-02 the same with an interval and with steps as numbers", func(t *testing.T) {
		ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
			dir, step := t.TempDir(), int64(0)
			at(1.5e9 + 10)
			m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"step": &step}), dir, ckpt.SaveInterval(3, func() int64 { return step }), ckpt.CheckpointName("model"))
			for ; step < 7; step++ {
				at(1.5e9 + 10 + 40*float64(step/3+1) + 10*float64(step/3))
				ckpttest.Save(t, m, ckpt.Number(step))
			}
			requireSameDir(t, filepath.Join("testdata", "golden", "manager-keeps-all", "train"), dir)
		})
	})
	t.Run("R-03 R-24 a Manager continues a directory of TensorFlow", func(t *testing.T) {
		ckpttest.InTime(t, func(t *testing.T, at func(float64)) {
			dir, step := t.TempDir(), int64(0)
			require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/golden/manager-keeps-last/train")))
			at(1.6e9)
			m := ckpttest.Manage(t, ckpttest.New(t, ckpt.Group{"step": &step}), dir, ckpt.KeepLast(2))
			require.Equal(t, []string{"ckpt-4", "ckpt-5"}, ckpttest.Bases(m.Checkpoints()))
			path, err := m.RestoreOrInitialize(ctx)
			require.NoError(t, err)
			require.Equal(t, filepath.Join(dir, "ckpt-5"), path)
			require.EqualValues(t, 5, step)
			ckpttest.Save(t, m)
			require.Equal(t, []string{"ckpt-5", "ckpt-6"}, ckpttest.OnDisk(t, dir))
			require.Equal(t, &state.State{Latest: "ckpt-6", All: []string{"ckpt-5", "ckpt-6"}, Timestamps: []float64{1500000250, 1.6e9}, LastPreserved: 1500000009}, ckpttest.StateOf(t, dir))
		})
	})
}

// requireSameDir compares the files of two directories, byte for byte.
func requireSameDir(t *testing.T, want, got string) {
	t.Helper()
	contents := func(dir string) map[string]string {
		files := make(map[string]string)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			require.NoError(t, err)
			files[e.Name()] = string(data)
		}
		return files
	}
	require.Equal(t, contents(want), contents(got))
}
