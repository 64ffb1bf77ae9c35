package ckpt

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// TestLongLivedPrograms looks at what a program keeps that goes on for ever.
func TestLongLivedPrograms(t *testing.T) {
	const rounds = 40
	half := written(t, groupOf("w", scalar(1), "later", scalar(2)))
	t.Run("Checkpoints of one program are replaced in its Modules", func(t *testing.T) {
		g := groupOf("w", scalar(0))
		for range rounds {
			mustRead(t, mustNew(t, g), half).ExpectPartial()
		}
		require.Len(t, g.owners, 1)
		later := scalar(0)
		require.NoError(t, g.Track("later", later))
		require.EqualValues(t, 2, value0(later))
		require.Empty(t, g.owners)
	})
	t.Run("one that has something else to wait for stays", func(t *testing.T) {
		g := groupOf("w", scalar(0))
		mustRead(t, mustNew(t, g), written(t, groupOf("w", scalar(1), "other", scalar(3)))).ExpectPartial()
		mustRead(t, mustNew(t, g), half).ExpectPartial()
		mustRead(t, mustNew(t, Group{"deep": g}), written(t, Group{"deep": groupOf("x", scalar(4))})).ExpectPartial()
		require.Len(t, g.owners, 3)
		for name, want := range map[string]float32{"other": 3, "later": 2, "x": 4} {
			v := scalar(0)
			require.NoError(t, g.Track(name, v))
			require.Equal(t, want, value0(v), name)
		}
		require.Empty(t, g.owners)
	})
	t.Run("a Checkpoint that is closed, or found all, is forgotten", func(t *testing.T) {
		g := groupOf("w", scalar(0))
		c := mustNew(t, g)
		mustRead(t, c, half).ExpectPartial()
		require.NoError(t, c.Close())
		require.Empty(t, g.owners)
		c = mustNew(t, g)
		s := mustRead(t, c, half)
		require.NoError(t, s.AssertExistingObjectsMatched())
		require.Len(t, g.owners, 1)
		require.NoError(t, g.Track("later", scalar(0)))
		require.NoError(t, s.AssertConsumed())
		require.Empty(t, g.owners)
		require.Empty(t, c.modules)
	})
	t.Run("a Module that is gone is not kept", func(t *testing.T) {
		type model struct {
			W    variable
			Part *group `ckpt:"part"`
		}
		m := &model{scalar(0), groupOf()}
		c := mustNew(t, m)
		s := mustRead(t, c, written(t, groupOf("w", scalar(1), "part", groupOf("a", scalar(2)), "more", scalar(3)))).ExpectPartial()
		var gone []weak.Pointer[group]
		for range rounds {
			m.Part = groupOf()
			gone = append(gone, weak.Make(m.Part))
			require.NoError(t, s.Update(ctx))
		}
		m.Part = groupOf()
		require.NoError(t, s.Update(ctx))
		for range 3 {
			runtime.GC()
		}
		require.False(t, slices.ContainsFunc(gone, func(p weak.Pointer[group]) bool { return p.Value() != nil }))
		m.Part = groupOf()
		require.NoError(t, s.Update(ctx))
		require.Less(t, len(c.modules), rounds)
	})
	t.Run("entries of maps come and go", func(t *testing.T) {
		type entry struct{ W tensor.Tensor[float32] }
		m := &struct {
			M map[string]entry
			L []any
		}{M: map[string]entry{}}
		c := mustNew(t, m)
		for i := range rounds {
			clear(m.M)
			m.M[fmt.Sprint(i)] = entry{*f32(1)}
			m.L = []any{entry{*f32(1)}}
			must(c.Write(ctx, filepath.Join(t.TempDir(), "w")))
		}
		require.Equal(t, 2, c.standIns.Len())
	})
	t.Run("objects that a program replaces are forgotten", func(t *testing.T) {
		m := &struct{ L []variable }{}
		for name, path := range map[string]string{
			"graph": written(t, &struct{ L []variable }{[]variable{scalar(1), scalar(2)}}),
			"names": must(mustSaver(t, &struct{ L []variable }{[]variable{scalar(1), scalar(2)}}).Save(ctx, filepath.Join(t.TempDir(), "n"))),
		} {
			t.Run(name, func(t *testing.T) {
				c := mustNew(t, m)
				var first weak.Pointer[tensor.Tensor[float32]]
				for i := range 2000 {
					m.L = []variable{scalar(0), scalar(0)}
					if i == 0 {
						first = weak.Make(m.L[0])
					}
					mustRead(t, c, path).ExpectPartial()
				}
				m.L = []variable{scalar(0), scalar(0)}
				must(c.View())
				for range 3 {
					runtime.GC()
				}
				require.Nil(t, first.Value())
				require.LessOrEqual(t, len(c.restorations), 1)
			})
		}
	})
}

// An asked variable counts how often it is asked for its values.
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
			c := mustNew(t, Group{"v": v})
			most := 1
			if name == "large" {
				most = 2 // not to have all of a large model in memory twice
			}
			for what, call := range map[string]func() error{
				"Write": func() error { _, err := c.Write(ctx, filepath.Join(t.TempDir(), "w")); return err },
				"Async": func() error { _, err := c.Write(ctx, filepath.Join(t.TempDir(), "w"), Async()); return err },
			} {
				v.times = 0
				require.NoError(t, call())
				require.LessOrEqual(t, v.times, most, what)
			}
			path := must(c.Write(ctx, filepath.Join(t.TempDir(), "w")))
			v.times = 0
			s := mustRead(t, c, path)
			require.Equal(t, 1, v.times, "for the shape")
			require.NoError(t, s.AssertConsumed())
			require.NoError(t, s.AssertExistingObjectsMatched())
			require.NoError(t, s.Update(ctx))
			require.NotEmpty(t, s.Report().Restored)
			require.Equal(t, 1, v.times)
		})
	}
}
