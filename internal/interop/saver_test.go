//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// TestSaver compares ckpt.Saver with TensorFlow 1's Saver.
func TestSaver(t *testing.T) {
	ctx := t.Context()
	three := func() *ckpt.Partitioned {
		return ckpt.Partition(0, tensor.New[float32](3, 2), tensor.New[float32](2, 2), tensor.New[float32](2, 2))
	}
	vars := func(weights any) ckpt.Vars {
		return ckpt.Vars{"model/weights": weights, "model/bias": tensor.New[float32](2), "global_step": tensor.Scalar(int64(0))}
	}
	saver := func(t *testing.T, root any, opts ...ckpt.SaverOption) *ckpt.Saver {
		s, err := ckpt.NewSaver(root, opts...)
		require.NoError(t, err)
		return s
	}
	want := map[string][]float32{"model/weights": counting(14), "model/bias": {0.5, -0.5}, "global_step": {9}}
	for _, version := range []string{"V1", "V2"} {
		t.Run("N-19 from TensorFlow's checkpoint, "+version+", in three parts, and back into any number", func(t *testing.T) {
			dir := t.TempDir()
			theirs := filepath.Join(dir, "theirs")
			ask[string](t, "saver_writes", arguments{"prefix": theirs, "version": version})
			cuts := map[string]any{
				"whole": tensor.New[float32](7, 2), "rows": three(), "columns": ckpt.Partition(1, tensor.New[float32](7, 1), tensor.New[float32](7, 1)),
			}
			for name, weights := range cuts {
				s := saver(t, vars(weights))
				require.NoError(t, s.Restore(ctx, theirs))
				ours, err := s.Save(ctx, filepath.Join(dir, name))
				require.NoError(t, err)
				for _, parts := range []int{1, 2, 7} {
					require.Equal(t, want, ask[map[string][]float32](t, "saver_restores", arguments{"prefix": ours, "parts": parts}), name)
				}
				if version == "V2" && name == "rows" {
					for _, end := range []string{".index", ".data-00000-of-00001"} {
						want, err := os.ReadFile(theirs + end)
						require.NoError(t, err)
						got, err := os.ReadFile(ours + end)
						require.NoError(t, err)
						require.Equal(t, want, got, end)
					}
				}
			}
		})
	}
	t.Run("N-18 in several data files", func(t *testing.T) {
		root := vars(three())
		root["global_step"].(*tensor.Tensor[int64]).Data()[0] = 9
		prefix, err := saver(t, root, ckpt.MaxShardSize(16)).Save(ctx, filepath.Join(t.TempDir(), "s"))
		require.NoError(t, err)
		got := ask[map[string][]float32](t, "saver_restores", arguments{"prefix": prefix, "parts": 3})
		require.Equal(t, map[string][]float32{"model/weights": make([]float32, 14), "model/bias": {0, 0}, "global_step": {9}}, got)
	})
	t.Run("N-07 both Savers find the names of TensorFlow's Saver in an object graph", func(t *testing.T) {
		var m byName
		m.Layer.Table, m.Layer.Bias, m.Step = *tensor.New[float32](7, 2), *tensor.New[float32](2), 9
		copy(m.Layer.Table.Data(), counting(14))
		c, err := ckpt.New(&m)
		require.NoError(t, err)
		path, err := c.Write(ctx, filepath.Join(t.TempDir(), "objects"))
		require.NoError(t, err)
		theirs := ask[map[string][]float32](t, "saver_reads", arguments{"prefix": path})
		whole := tensor.New[float32](7, 2)
		require.NoError(t, saver(t, ckpt.Vars{"model/weights": whole}).Restore(ctx, path))
		require.Equal(t, theirs["model/weights"], whole.Data())
	})
	t.Run("N-21 scopes and names are assigned like by init_from_checkpoint", func(t *testing.T) {
		values := func(a, b float32) *tensor.Tensor[float32] {
			v := tensor.New[float32](2)
			copy(v.Data(), []float32{a, b})
			return v
		}
		path, err := saver(t, ckpt.Vars{"old/a": values(1, 2), "old/b": values(3, 4), "a": values(5, 6), "b": values(7, 8), "x/own/a": values(9, 10),
			"x/own/b": values(11, 12), "x/top": values(13, 14)}).Save(ctx, filepath.Join(t.TempDir(), "s"))
		require.NoError(t, err)
		for _, assignments := range []map[string]any{
			{"old/": "own/"}, {"/": "own/"}, {"x/": "/"}, {"old/a": "top"}, {"old/": "own/", "b": "top"},
		} {
			var m struct {
				Own struct{ A, B tensor.Tensor[float32] }
				Top tensor.Tensor[float32]
			}
			m.Own.A, m.Own.B, m.Top = *values(0, 0), *values(0, 0), *values(0, 0)
			require.NoError(t, ckpt.AssignFromCheckpoint(ctx, path, &m, assignments))
			got := map[string][]float32{"own/a": m.Own.A.Data(), "own/b": m.Own.B.Data(), "top": m.Top.Data()}
			require.Equal(t, ask[map[string][]float32](t, "saver_inits", arguments{"prefix": path, "assignments": assignments}), got, "%v", assignments)
		}
	})
	t.Run("N-15 N-20 TensorFlow's Saver continues in the directory of ckpt's Saver", func(t *testing.T) {
		dir := t.TempDir()
		s := saver(t, ckpt.Vars{"v": tensor.New[float32](2)}, ckpt.KeepLast(2))
		paths := make([]string, 3)
		for i := range paths {
			var err error
			paths[i], err = s.Save(ctx, filepath.Join(dir, "m"), ckpt.GlobalStep(int64(i)))
			require.NoError(t, err)
		}
		got := ask[struct {
			Latest      string
			Found, Left []string
		}](t, "saver_continues", arguments{"directory": dir})
		require.Equal(t, paths[2], got.Latest)
		require.Equal(t, paths[1:], got.Found)
		require.Equal(t, []string{paths[2], filepath.Join(dir, "m-9")}, got.Left)
		require.NoFileExists(t, paths[1]+".index")
		latest, err := ckpt.Latest(dir)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(dir, "m-9"), latest)
	})
}
