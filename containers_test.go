package ckpt

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

type variable = *tensor.Tensor[float32]

func TestContainers(t *testing.T) {
	t.Run("C-01 slices and arrays are nodes whose edges are 0, 1, …", func(t *testing.T) {
		type model struct {
			List  []variable
			Array [2]block
		}
		path := written(t, &model{[]variable{scalar(1), scalar(2)}, [2]block{{*scalar(3)}, {*scalar(4)}}})
		require.Equal(t, []string{"0 list:1 array:2 root:0", "1 0:3 1:4", "2 0:5 1:6"}, graphOf(t, path)[:3])
		require.Equal(t, []string{"array/0/w/.ATTRIBUTES/VARIABLE_VALUE", "array/1/w/.ATTRIBUTES/VARIABLE_VALUE",
			"list/0/.ATTRIBUTES/VARIABLE_VALUE", "list/1/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, path))
	})
	t.Run("C-02 plain values in a list keep their index and have no edge", func(t *testing.T) {
		path := written(t, groupOf("l", []any{1, scalar(1), "s", nil}))
		require.Equal(t, "1 1:2", graphOf(t, path)[1])
	})
	t.Run("C-03 lists in lists are nodes", func(t *testing.T) {
		path := written(t, groupOf("l", []any{scalar(1), []any{scalar(2), []variable{scalar(3)}}}))
		require.Equal(t, []string{"l/0/.ATTRIBUTES/VARIABLE_VALUE", "l/1/0/.ATTRIBUTES/VARIABLE_VALUE", "l/1/1/0/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, path))
	})
	t.Run("C-04 a list of plain values that is asked for is a node without children", func(t *testing.T) {
		type model struct {
			Asked []any `ckpt:"asked"`
			Not   []any
			V     variable
		}
		path := written(t, &model{[]any{1, "s"}, []any{2}, scalar(1)})
		require.Equal(t, []string{"0 asked:1 v:2 root:0", "1 without values"}, graphOf(t, path)[:2])
	})
	t.Run("C-05 an empty list or map is a node without children; nil is nothing, and so is an array of plain values", func(t *testing.T) {
		type model struct {
			List    []variable
			Map     map[string]variable
			NilList []variable
			NilMap  map[string]variable
			Plain   [2]int
			None    [0]variable
		}
		path := written(t, &model{List: []variable{}, Map: map[string]variable{}}, AllowEmpty())
		require.Equal(t, []string{"0 list:1 map:2 none:3 root:0 without values", "1 without values", "2 without values", "3 without values"}, graphOf(t, path))
	})
	t.Run("C-06 C-07 empty containers on either side are no mismatch", func(t *testing.T) {
		s := mustRead(t, mustNew(t, groupOf("b", []variable{}, "dep", []any{[]any{}}, "v", scalar(0))), written(t, groupOf("a", []variable{}, "v", scalar(1))))
		require.NoError(t, s.Assert(Consumed, ExistingObjectsMatched, NontrivialMatch))

		type later struct {
			V     variable
			Hyper map[string]any `ckpt:"hyper"`
			Names []any          `ckpt:"names"`
		}
		s = mustRead(t, mustNew(t, &later{scalar(0), map[string]any{"rate": 0.1}, []any{"a"}}), written(t, &struct{ V variable }{scalar(1)}))
		require.NoError(t, s.Assert(Consumed, ExistingObjectsMatched))
	})
	t.Run("C-10 containers match by the names of their edges, whatever kind they are", func(t *testing.T) {
		type pair struct {
			Zero variable `ckpt:"0"`
			One  variable `ckpt:"1"`
		}
		kinds := map[string]func(a, b variable) any{
			"list":  func(a, b variable) any { return []variable{a, b} },
			"array": func(a, b variable) any { return &[2]variable{a, b} },
			"map":   func(a, b variable) any { return map[string]variable{"0": a, "1": b} },
			"pair":  func(a, b variable) any { return &pair{a, b} },
			"group": func(a, b variable) any { return groupOf("0", a, "1", b) },
		}
		for from, save := range kinds {
			path := written(t, Group{"x": save(scalar(1), scalar(2))})
			for to, load := range kinds {
				a, b := scalar(0), scalar(0)
				require.NoError(t, mustRead(t, mustNew(t, Group{"x": load(a, b)}), path).AssertConsumed(), "%s from %s", to, from)
				require.Equal(t, []float32{1, 2}, []float32{value0(a), value0(b)}, "%s from %s", to, from)
			}
		}
	})
	t.Run("C-19 what a list repeats is one node that several edges reach", func(t *testing.T) {
		a, b := scalar(1), scalar(2)
		path := written(t, groupOf("l", []variable{a, b, a, b}))
		require.Equal(t, "1 0:2 1:3 2:2 3:3", graphOf(t, path)[1])
		got := []variable{scalar(0), scalar(0)}
		got = append(got, got...)
		require.NoError(t, mustRead(t, mustNew(t, groupOf("l", got)), path).AssertConsumed())
		require.Equal(t, []float32{1, 2}, []float32{value0(got[2]), value0(got[3])})
	})
	t.Run("C-19 one slice or map in two places is one node", func(t *testing.T) {
		list, table := []variable{scalar(1)}, map[string]variable{"k": scalar(2)}
		type model struct {
			A, B []variable
			C, D map[string]variable
		}
		path := written(t, &model{list, list, table, table})
		require.Equal(t, []string{"0 a:1 b:1 c:2 d:2 root:0", "1 0:3", "2 k:4"}, graphOf(t, path)[:3])
		require.Equal(t, "0 a:1 b:1", graphOf(t, written(t, Group{"a": table, "b": table}))[0])
	})
	t.Run("C-20 the keys of a map of trackables are strings; of plain values they may be anything", func(t *testing.T) {
		var tagErr *TagError
		_, err := New(&struct{ M map[int]variable }{})
		require.ErrorAs(t, err, &tagErr)
		require.ErrorContains(t, err, "the keys of map[int]*tensor.Tensor[float32] are not strings")
		_, err = New(&struct{ M map[int]any }{map[int]any{1: scalar(1)}})
		require.ErrorIs(t, err, ErrNotTrackable)
		require.ErrorContains(t, err, "m (M): the keys of map[int]interface {} are not strings")

		type name string
		type model struct {
			Rates map[int]float64
			Mixed map[int]any
			Named map[name]variable
		}
		path := written(t, &model{map[int]float64{1: 0.5}, map[int]any{1: 2}, map[name]variable{"k": scalar(1)}})
		require.Equal(t, []string{"named/k/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, path))
	})
	t.Run("C-21 C-22 a map is saved as it is: a replaced value at its place, a deleted key not at all", func(t *testing.T) {
		type model struct{ D map[string]variable }
		m := &model{map[string]variable{"a": scalar(1), "b": scalar(2), "c": scalar(3)}}
		c, dir := mustNew(t, m), t.TempDir()
		must(c.Write(ctx, filepath.Join(dir, "1")))
		m.D["a"] = scalar(9)
		delete(m.D, "b")
		path := must(c.Write(ctx, filepath.Join(dir, "2")))
		require.Equal(t, "1 a:2 c:3", graphOf(t, path)[1])
		require.Equal(t, scalar(9), must(opened(t, path).Tensor("d/a/.ATTRIBUTES/VARIABLE_VALUE")))
	})
	t.Run("C-27 a list that holds its owner ends", func(t *testing.T) {
		type model struct {
			All []any
			V   variable
		}
		m := &model{V: scalar(1)}
		m.All = []any{m, &m.All}
		require.Equal(t, []string{"0 all:1 v:2 root:0", "1 0:0 1:1"}, graphOf(t, written(t, m))[:2])
	})
	for _, how := range []string{"at once", "in the background"} {
		t.Run("C-28 lists and maps in a Group come back, saved "+how, func(t *testing.T) {
			program := func(a, b, c, d float32) Group {
				return Group{"l": []variable{scalar(a), scalar(b)}, "m": map[string]variable{"x": scalar(c), "y": scalar(d)}}
			}
			var opts []Option
			if how == "in the background" {
				opts = append(opts, Async())
			}
			c := mustNew(t, program(1, 2, 3, 4), opts...)
			path := must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
			require.NoError(t, c.Sync(ctx))
			got := program(0, 0, 0, 0)
			s, err := mustNew(t, got).Restore(ctx, path)
			require.NoError(t, err)
			require.NoError(t, s.AssertConsumed())
			require.Equal(t, program(1, 2, 3, 4), got)
		})
	}
	t.Run("C-29 an object that cannot be saved, however deep, fails the save before any file is there", func(t *testing.T) {
		type row struct {
			Rows [][]int32 `ckpt:"rows"`
		}
		inner := &row{[][]int32{{1, 2}, {3, 4}}}
		c, dir := mustNew(t, groupOf("v", scalar(1), "l", []any{[]any{inner}})), t.TempDir()
		inner.Rows[1] = inner.Rows[1][:1]
		_, err := c.Save(ctx, filepath.Join(dir, "sub", "ckpt"))
		require.ErrorContains(t, err, `l.0.0.rows`)
		require.ErrorContains(t, err, "not rectangular")
		requireNoFiles(t, dir)
		require.Zero(t, c.SaveCounter(), "and the save is not counted")
	})
	t.Run("C-30 a list that is not tracked may change as it likes", func(t *testing.T) {
		type element struct {
			W     variable
			Cache []variable `ckpt:"-"`
		}
		type model struct{ L []*element }
		m := &model{[]*element{{scalar(1), []variable{scalar(2)}}}}
		c, dir := mustNew(t, m), t.TempDir()
		must(c.Write(ctx, filepath.Join(dir, "1")))
		m.L[0].Cache = append(m.L[0].Cache[:0], nil, scalar(3))
		require.Equal(t, []string{"l/0/w/.ATTRIBUTES/VARIABLE_VALUE"}, keysOf(t, must(c.Write(ctx, filepath.Join(dir, "2")))))
	})
}

// A slice is read when it is saved. What TensorFlow refuses, because its wrapper of a list has lost track of it, is saved as it is
// here, and what cannot be a place in a list is refused by Track.
func TestListsThatChange(t *testing.T) {
	a, b, c := scalar(1), scalar(2), scalar(3)
	for _, tt := range []struct {
		name   string
		change func(l []any) []any
		want   string // the list's edges, and the values behind them
	}{
		{"C-14 a replaced element", func(l []any) []any { l[0] = c; return l }, "0=3 1=2"},
		{"C-14 an element replaced by a plain value", func(l []any) []any { l[0] = "plain"; return l }, "1=2"},
		{"C-15 a replaced plain value", func(l []any) []any { l[2] = "other"; return l }, "0=1 1=2"},
		{"C-15 a plain value that is gone", func(l []any) []any { return l[:2] }, "0=1 1=2"},
		{"C-16 elements that changed places", func(l []any) []any { l[0], l[1] = l[1], l[0]; return l }, "0=2 1=1"},
		{"C-16 an element inserted before", func(l []any) []any { return append([]any{c}, l...) }, "0=3 1=1 2=2"},
		{"C-16 an element that is gone", func(l []any) []any { return l[1:] }, "0=2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := []any{a, b, 7}
			ckpt, dir := mustNew(t, groupOf("l", &list)), t.TempDir()
			must(ckpt.Write(ctx, filepath.Join(dir, "before")))
			list = tt.change(list)
			r := opened(t, must(ckpt.Write(ctx, filepath.Join(dir, "after"))))
			require.Equal(t, tt.want, edgesAndValues(t, r, "l"))
		})
	}
	t.Run("C-23 C-24 what is tracked under a name is added once, and is trackable", func(t *testing.T) {
		g := groupOf("0", a)
		require.Error(t, g.Track("0", b), "no overwriting")
		require.ErrorIs(t, g.Track("1", 5), ErrNotTrackable)
		require.ErrorIs(t, g.Track("1", nil), ErrNotTrackable)
		require.NoError(t, g.Track("1", b))
		require.Equal(t, "0 0:1 1:2 root:0", graphOf(t, written(t, g))[0])
	})
}

// edgesAndValues returns the edges of the root's child name with the scalars that they lead to.
func edgesAndValues(t *testing.T, r *Reader, name string) string {
	t.Helper()
	g, err := r.Graph()
	require.NoError(t, err)
	var out []string
	for _, c := range g.Nodes[0].Children {
		if c.Name != name {
			continue
		}
		for _, e := range g.Nodes[c.ID].Children {
			v, ok := tensor.As[float32](must(r.Tensor(g.Nodes[e.ID].Attributes[0].Key)))
			require.True(t, ok)
			out = append(out, fmt.Sprintf("%s=%v", e.Name, value0(v)))
		}
	}
	return strings.Join(out, " ")
}

func TestContainersAsTensorFlow(t *testing.T) {
	t.Run("C-01 C-02 C-03 C-04 C-05 C-11 lists, tuples, dicts and named tuples", func(t *testing.T) {
		// A named tuple has an edge per field and then one per index; a dict keeps the order of insertion.
		type pair struct {
			Left  variable `ckpt:"left"`
			Right variable `ckpt:"right"`
			Zero  variable `ckpt:"0"`
			One   variable `ckpt:"1"`
		}
		type table struct {
			B     variable
			A     []variable
			Hyper float64
		}
		type model struct {
			Many      [11]variable
			Mixed     []any
			Fixed     []any
			Nothing   []any
			Pair      pair
			Table     table
			EmptyList []variable
			EmptyDict map[string]variable
			Plain     []any `ckpt:"plain"`
		}
		build := func(v func(float32) variable) *model {
			m := &model{
				Mixed: []any{1, v(1), "text", nil, []any{v(2), []variable{}}},
				Fixed: []any{v(3), 5}, Pair: pair{Left: v(4), Right: v(5)}, Table: table{v(6), []variable{v(7)}, 0.1},
				EmptyList: []variable{}, EmptyDict: map[string]variable{}, Plain: []any{1, 2},
			}
			for i := range m.Many {
				m.Many[i] = v(float32(i))
			}
			m.Pair.Zero, m.Pair.One = m.Pair.Left, m.Pair.Right
			return m
		}
		g := golden(t, "objects-containers")
		path := written(t, build(scalar))
		require.Equal(t, entriesOf(t, g.path()), entriesOf(t, path))
		// The elements of lists have no tags for their global names.
		names := regexp.MustCompile(`"[^"]*"`)
		require.Equal(t, names.ReplaceAllString(strings.Join(graphOf(t, g.path()), "\n"), ""), names.ReplaceAllString(strings.Join(graphOf(t, path), "\n"), ""))

		got := build(func(float32) variable { return scalar(-1) })
		require.NoError(t, mustRead(t, mustNew(t, got), g.path()).AssertConsumed())
		require.Equal(t, build(scalar), got)
	})
	t.Run("C-11 a named tuple is restored into a struct of its fields or a list", func(t *testing.T) {
		var fields struct {
			Pair struct{ Left, Right tensor.Tensor[float32] }
		}
		require.NoError(t, LoadWeights(ctx, golden(t, "objects-containers").path(), &fields))
		require.Equal(t, []float32{4, 5}, []float32{fields.Pair.Left.At(), fields.Pair.Right.At()})
		var list struct{ Pair []tensor.Tensor[float32] }
		require.NoError(t, LoadWeights(ctx, golden(t, "objects-containers").path(), &list))
		require.Len(t, list.Pair, 2)
		require.Equal(t, []float32{4, 5}, []float32{list.Pair[0].At(), list.Pair[1].At()})
	})
}
