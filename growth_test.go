package ckpt_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

// TestLongLivedPrograms checks that a program that runs for a long time does not keep more and more memory.
func TestLongLivedPrograms(t *testing.T) {
	const rounds = 40
	half := ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "later", ckpttest.Scalar(2)))
	t.Run("Checkpoints of one program are replaced in its Modules", func(t *testing.T) {
		g := ckpttest.NodeOf("w", ckpttest.Scalar(0))
		for range rounds {
			ckpttest.Read(t, ckpttest.New(t, g), half).ExpectPartial()
		}
		require.Len(t, g.Owners(), 1)
		later := ckpttest.Scalar(0)
		require.NoError(t, g.Track("later", later))
		require.EqualValues(t, 2, ckpttest.Value(later))
		require.Empty(t, g.Owners())
	})
	t.Run("a Checkpoint that waits for other objects stays", func(t *testing.T) {
		g := ckpttest.NodeOf("w", ckpttest.Scalar(0))
		ckpttest.Read(t, ckpttest.New(t, g), ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "other", ckpttest.Scalar(3)))).ExpectPartial()
		ckpttest.Read(t, ckpttest.New(t, g), half).ExpectPartial()
		ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"deep": g}), ckpttest.Written(t, ckpt.Group{"deep": ckpttest.NodeOf("x", ckpttest.Scalar(4))})).ExpectPartial()
		require.Len(t, g.Owners(), 3)
		for name, want := range map[string]float32{"other": 3, "later": 2, "x": 4} {
			v := ckpttest.Scalar(0)
			require.NoError(t, g.Track(name, v))
			require.Equal(t, want, ckpttest.Value(v), name)
		}
		require.Empty(t, g.Owners())
	})
	t.Run("a Checkpoint that is closed or has found everything is forgotten", func(t *testing.T) {
		g := ckpttest.NodeOf("w", ckpttest.Scalar(0))
		c := ckpttest.New(t, g)
		ckpttest.Read(t, c, half).ExpectPartial()
		require.NoError(t, c.Close())
		require.Empty(t, g.Owners())
		c = ckpttest.New(t, g)
		s := ckpttest.Read(t, c, half)
		require.NoError(t, s.AssertExistingObjectsMatched())
		require.Len(t, g.Owners(), 1)
		require.NoError(t, g.Track("later", ckpttest.Scalar(0)))
		require.NoError(t, s.AssertConsumed())
		require.Empty(t, g.Owners())
		require.Zero(t, c.Modules())
	})
	t.Run("an unreachable Module is not kept", func(t *testing.T) {
		type model struct {
			W    ckpttest.Variable
			Part *ckpttest.Node `ckpt:"part"`
		}
		m := &model{ckpttest.Scalar(0), ckpttest.NodeOf()}
		c := ckpttest.New(t, m)
		s := ckpttest.Read(t, c, ckpttest.Written(t, ckpttest.NodeOf("w", ckpttest.Scalar(1), "part", ckpttest.NodeOf("a", ckpttest.Scalar(2)), "more", ckpttest.Scalar(3)))).ExpectPartial()
		var gone []weak.Pointer[ckpttest.Node]
		for range rounds {
			m.Part = ckpttest.NodeOf()
			gone = append(gone, weak.Make(m.Part))
			require.NoError(t, s.Update(ctx))
		}
		m.Part = ckpttest.NodeOf()
		require.NoError(t, s.Update(ctx))
		for range 3 {
			runtime.GC()
		}
		require.False(t, slices.ContainsFunc(gone, func(p weak.Pointer[ckpttest.Node]) bool { return p.Value() != nil }))
		m.Part = ckpttest.NodeOf()
		require.NoError(t, s.Update(ctx))
		require.Less(t, c.Modules(), rounds)
	})
	t.Run("entries of maps are added and removed", func(t *testing.T) {
		type entry struct{ W tensor.Tensor[float32] }
		m := &struct {
			M map[string]entry
			L []any
		}{M: map[string]entry{}}
		c := ckpttest.New(t, m)
		for i := range rounds {
			clear(m.M)
			m.M[fmt.Sprint(i)] = entry{*ckpttest.Vector(1)}
			m.L = []any{entry{*ckpttest.Vector(1)}}
			ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "w")))
		}
		require.Equal(t, 2, c.StandIns())
	})
	t.Run("objects that a program replaces are forgotten", func(t *testing.T) {
		m := &struct{ L []ckpttest.Variable }{}
		for name, path := range map[string]string{
			"graph": ckpttest.Written(t, &struct{ L []ckpttest.Variable }{[]ckpttest.Variable{ckpttest.Scalar(1), ckpttest.Scalar(2)}}),
			"names": ckpttest.Must(ckpttest.Saver(t, &struct{ L []ckpttest.Variable }{[]ckpttest.Variable{ckpttest.Scalar(1), ckpttest.Scalar(2)}}).Save(ctx, filepath.Join(t.TempDir(), "n"))),
		} {
			t.Run(name, func(t *testing.T) {
				c := ckpttest.New(t, m)
				var first weak.Pointer[tensor.Tensor[float32]]
				for i := range 2000 {
					m.L = []ckpttest.Variable{ckpttest.Scalar(0), ckpttest.Scalar(0)}
					if i == 0 {
						first = weak.Make(m.L[0])
					}
					ckpttest.Read(t, c, path).ExpectPartial()
				}
				m.L = []ckpttest.Variable{ckpttest.Scalar(0), ckpttest.Scalar(0)}
				ckpttest.Must(c.View())
				for range 3 {
					runtime.GC()
				}
				require.Nil(t, first.Value())
				require.LessOrEqual(t, c.Restorations(), 1)
			})
		}
	})
}

// An asked variable counts how often the library reads its values.
type asked struct {
	times int
	value tensor.Tensor[float32]
}

func (c *asked) CheckpointTensor() (tensor.Any, error) { c.times++; return &c.value, nil }

func (c *asked) SetCheckpointTensor(t tensor.Any) error {
	return tensor.Assign(&c.value, t)
}

func TestVariablesAreAskedOnce(t *testing.T) {
	for name, size := range map[string]int{"small": 8, "large": 3 << 20} {
		t.Run(name, func(t *testing.T) {
			v := &asked{value: *tensor.New[float32](size)}
			c := ckpttest.New(t, ckpt.Group{"v": v})
			most := 1
			if name == "large" {
				most = 2 // otherwise all of a large model would be in memory twice
			}
			for what, call := range map[string]func() error{
				"Write": func() error { _, err := c.Write(ctx, filepath.Join(t.TempDir(), "w")); return err },
				"Async": func() error { _, err := c.Write(ctx, filepath.Join(t.TempDir(), "w"), ckpt.Async()); return err },
			} {
				v.times = 0
				require.NoError(t, call())
				require.LessOrEqual(t, v.times, most, what)
			}
			path := ckpttest.Must(c.Write(ctx, filepath.Join(t.TempDir(), "w")))
			v.times = 0
			s := ckpttest.Read(t, c, path)
			require.Equal(t, 1, v.times, "only for the shape")
			require.NoError(t, s.AssertConsumed())
			require.NoError(t, s.AssertExistingObjectsMatched())
			require.NoError(t, s.Update(ctx))
			require.NotEmpty(t, s.Report().Restored)
			require.Equal(t, 1, v.times)
		})
	}
}
