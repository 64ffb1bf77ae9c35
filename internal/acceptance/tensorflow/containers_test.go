package tensorflow

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/tensor"
)

func TestContainers(t *testing.T) {
	t.Run("C-01 slices and arrays are nodes with the edges 0, 1, …", func(t *testing.T) {
		type model struct {
			List  []ckpttest.Variable
			Array [2]ckpttest.Block
		}
		path := ckpttest.Written(t, &model{[]ckpttest.Variable{ckpttest.Scalar(1), ckpttest.Scalar(2)}, [2]ckpttest.Block{{W: *ckpttest.Scalar(3)}, {W: *ckpttest.Scalar(4)}}})
		require.Equal(t, []string{"0 list:1 array:2 root:0", "1 0:3 1:4", "2 0:5 1:6"}, ckpttest.GraphOf(t, path)[:3])
		require.Equal(t, []string{"array/0/w/.ATTRIBUTES/VARIABLE_VALUE", "array/1/w/.ATTRIBUTES/VARIABLE_VALUE",
			"list/0/.ATTRIBUTES/VARIABLE_VALUE", "list/1/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
	})
	t.Run("C-02 plain values in a list keep their index and do not have an edge", func(t *testing.T) {
		path := ckpttest.Written(t, ckpttest.NodeOf("l", []any{1, ckpttest.Scalar(1), "s", nil}))
		require.Equal(t, "1 1:2", ckpttest.GraphOf(t, path)[1])
	})
	t.Run("C-03 lists in lists are nodes", func(t *testing.T) {
		path := ckpttest.Written(t, ckpttest.NodeOf("l", []any{ckpttest.Scalar(1), []any{ckpttest.Scalar(2), []ckpttest.Variable{ckpttest.Scalar(3)}}}))
		require.Equal(t, []string{"l/0/.ATTRIBUTES/VARIABLE_VALUE", "l/1/0/.ATTRIBUTES/VARIABLE_VALUE", "l/1/1/0/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
	})
	t.Run("C-04 a tagged list of plain values is a node without children", func(t *testing.T) {
		type model struct {
			Asked []any `ckpt:"asked"`
			Not   []any
			V     ckpttest.Variable
		}
		path := ckpttest.Written(t, &model{[]any{1, "s"}, []any{2}, ckpttest.Scalar(1)})
		require.Equal(t, []string{"0 asked:1 v:2 root:0", "1 without values"}, ckpttest.GraphOf(t, path)[:2])
	})
	t.Run("C-05 an empty list or map is a node without children; nil and an array of plain values are not nodes", func(t *testing.T) {
		type model struct {
			List    []ckpttest.Variable
			Map     map[string]ckpttest.Variable
			NilList []ckpttest.Variable
			NilMap  map[string]ckpttest.Variable
			Plain   [2]int
			None    [0]ckpttest.Variable
		}
		path := ckpttest.Written(t, &model{List: []ckpttest.Variable{}, Map: map[string]ckpttest.Variable{}}, ckpt.AllowEmpty())
		require.Equal(t, []string{"0 list:1 map:2 none:3 root:0 without values", "1 without values", "2 without values", "3 without values"}, ckpttest.GraphOf(t, path))
	})
	t.Run("C-06 C-07 empty containers on either side match", func(t *testing.T) {
		s := ckpttest.Read(t, ckpttest.New(t, ckpttest.NodeOf("b", []ckpttest.Variable{}, "dep", []any{[]any{}}, "v", ckpttest.Scalar(0))), ckpttest.Written(t, ckpttest.NodeOf("a", []ckpttest.Variable{}, "v", ckpttest.Scalar(1))))
		require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched, ckpt.NontrivialMatch))

		type later struct {
			V     ckpttest.Variable
			Hyper map[string]any `ckpt:"hyper"`
			Names []any          `ckpt:"names"`
		}
		s = ckpttest.Read(t, ckpttest.New(t, &later{ckpttest.Scalar(0), map[string]any{"rate": 0.1}, []any{"a"}}), ckpttest.Written(t, &struct{ V ckpttest.Variable }{ckpttest.Scalar(1)}))
		require.NoError(t, s.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
	})
	t.Run("C-10 containers of any kind match by the names of their edges", func(t *testing.T) {
		type pair struct {
			Zero ckpttest.Variable `ckpt:"0"`
			One  ckpttest.Variable `ckpt:"1"`
		}
		kinds := map[string]func(a, b ckpttest.Variable) any{
			"list":  func(a, b ckpttest.Variable) any { return []ckpttest.Variable{a, b} },
			"array": func(a, b ckpttest.Variable) any { return &[2]ckpttest.Variable{a, b} },
			"map":   func(a, b ckpttest.Variable) any { return map[string]ckpttest.Variable{"0": a, "1": b} },
			"pair":  func(a, b ckpttest.Variable) any { return &pair{a, b} },
			"group": func(a, b ckpttest.Variable) any { return ckpttest.NodeOf("0", a, "1", b) },
		}
		for from, save := range kinds {
			path := ckpttest.Written(t, ckpt.Group{"x": save(ckpttest.Scalar(1), ckpttest.Scalar(2))})
			for to, load := range kinds {
				a, b := ckpttest.Scalar(0), ckpttest.Scalar(0)
				require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpt.Group{"x": load(a, b)}), path).AssertConsumed(), "%s from %s", to, from)
				require.Equal(t, []float32{1, 2}, []float32{ckpttest.Value(a), ckpttest.Value(b)}, "%s from %s", to, from)
			}
		}
	})
	t.Run("C-19 a repeated element of a list is one node with several edges", func(t *testing.T) {
		a, b := ckpttest.Scalar(1), ckpttest.Scalar(2)
		path := ckpttest.Written(t, ckpttest.NodeOf("l", []ckpttest.Variable{a, b, a, b}))
		require.Equal(t, "1 0:2 1:3 2:2 3:3", ckpttest.GraphOf(t, path)[1])
		got := []ckpttest.Variable{ckpttest.Scalar(0), ckpttest.Scalar(0)}
		got = append(got, got...)
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, ckpttest.NodeOf("l", got)), path).AssertConsumed())
		require.Equal(t, []float32{1, 2}, []float32{ckpttest.Value(got[2]), ckpttest.Value(got[3])})
	})
	t.Run("C-19 one slice or map in two places is one node", func(t *testing.T) {
		list, table := []ckpttest.Variable{ckpttest.Scalar(1)}, map[string]ckpttest.Variable{"k": ckpttest.Scalar(2)}
		type model struct {
			A, B []ckpttest.Variable
			C, D map[string]ckpttest.Variable
		}
		path := ckpttest.Written(t, &model{list, list, table, table})
		require.Equal(t, []string{"0 a:1 b:1 c:2 d:2 root:0", "1 0:3", "2 k:4"}, ckpttest.GraphOf(t, path)[:3])
		require.Equal(t, "0 a:1 b:1", ckpttest.GraphOf(t, ckpttest.Written(t, ckpt.Group{"a": table, "b": table}))[0])
	})
	t.Run("C-20 a map of trackables has string keys; a map of plain values may have any keys", func(t *testing.T) {
		var tagErr *ckpt.TagError
		_, err := ckpt.New(&struct{ M map[int]ckpttest.Variable }{})
		require.ErrorAs(t, err, &tagErr)
		require.ErrorContains(t, err, "the keys of map[int]*tensor.Tensor[float32] are not strings")
		_, err = ckpt.New(&struct{ M map[int]any }{map[int]any{1: ckpttest.Scalar(1)}})
		require.ErrorIs(t, err, ckpt.ErrNotTrackable)
		require.ErrorContains(t, err, "m (M): the keys of map[int]interface {} are not strings")

		type name string
		type model struct {
			Rates map[int]float64
			Mixed map[int]any
			Named map[name]ckpttest.Variable
		}
		path := ckpttest.Written(t, &model{map[int]float64{1: 0.5}, map[int]any{1: 2}, map[name]ckpttest.Variable{"k": ckpttest.Scalar(1)}})
		require.Equal(t, []string{"named/k/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, path))
	})
	t.Run("C-21 C-22 a save writes the current map: a replaced value in the same position, and no deleted key", func(t *testing.T) {
		type model struct{ D map[string]ckpttest.Variable }
		m := &model{map[string]ckpttest.Variable{"a": ckpttest.Scalar(1), "b": ckpttest.Scalar(2), "c": ckpttest.Scalar(3)}}
		c, dir := ckpttest.New(t, m), t.TempDir()
		ckpttest.Must(c.Write(ctx, filepath.Join(dir, "1")))
		m.D["a"] = ckpttest.Scalar(9)
		delete(m.D, "b")
		path := ckpttest.Must(c.Write(ctx, filepath.Join(dir, "2")))
		require.Equal(t, "1 a:2 c:3", ckpttest.GraphOf(t, path)[1])
		require.Equal(t, ckpttest.Scalar(9), ckpttest.Must(ckpttest.Open(t, path).Tensor("d/a/.ATTRIBUTES/VARIABLE_VALUE")))
	})
	t.Run("C-27 saving a list that contains its owner ends", func(t *testing.T) {
		type model struct {
			All []any
			V   ckpttest.Variable
		}
		m := &model{V: ckpttest.Scalar(1)}
		m.All = []any{m, &m.All}
		require.Equal(t, []string{"0 all:1 v:2 root:0", "1 0:0 1:1"}, ckpttest.GraphOf(t, ckpttest.Written(t, m))[:2])
	})
	for _, how := range []string{"at once", "in the background"} {
		t.Run("C-28 lists and maps in a Group are restored, saved "+how, func(t *testing.T) {
			program := func(a, b, c, d float32) ckpt.Group {
				return ckpt.Group{"l": []ckpttest.Variable{ckpttest.Scalar(a), ckpttest.Scalar(b)}, "m": map[string]ckpttest.Variable{"x": ckpttest.Scalar(c), "y": ckpttest.Scalar(d)}}
			}
			var opts []ckpt.Option
			if how == "in the background" {
				opts = append(opts, ckpt.Async())
			}
			c := ckpttest.New(t, program(1, 2, 3, 4), opts...)
			path := ckpttest.Must(c.Save(ctx, filepath.Join(t.TempDir(), "ckpt")))
			require.NoError(t, c.Sync(ctx))
			got := program(0, 0, 0, 0)
			s, err := ckpttest.New(t, got).Restore(ctx, path)
			require.NoError(t, err)
			require.NoError(t, s.AssertConsumed())
			require.Equal(t, program(1, 2, 3, 4), got)
		})
	}
	t.Run("C-29 an object at any depth that cannot be saved fails the save before any file is written", func(t *testing.T) {
		type row struct {
			Rows [][]int32 `ckpt:"rows"`
		}
		inner := &row{[][]int32{{1, 2}, {3, 4}}}
		c, dir := ckpttest.New(t, ckpttest.NodeOf("v", ckpttest.Scalar(1), "l", []any{[]any{inner}})), t.TempDir()
		inner.Rows[1] = inner.Rows[1][:1]
		_, err := c.Save(ctx, filepath.Join(dir, "sub", "ckpt"))
		require.ErrorContains(t, err, `l.0.0.rows`)
		require.ErrorContains(t, err, "not rectangular")
		requireNoFiles(t, dir)
		require.Zero(t, c.SaveCounter(), "the save does not count")
	})
	t.Run("C-30 a list that is not tracked may change freely", func(t *testing.T) {
		type element struct {
			W     ckpttest.Variable
			Cache []ckpttest.Variable `ckpt:"-"`
		}
		type model struct{ L []*element }
		m := &model{[]*element{{ckpttest.Scalar(1), []ckpttest.Variable{ckpttest.Scalar(2)}}}}
		c, dir := ckpttest.New(t, m), t.TempDir()
		ckpttest.Must(c.Write(ctx, filepath.Join(dir, "1")))
		m.L[0].Cache = append(m.L[0].Cache[:0], nil, ckpttest.Scalar(3))
		require.Equal(t, []string{"l/0/w/.ATTRIBUTES/VARIABLE_VALUE"}, ckpttest.KeysOf(t, ckpttest.Must(c.Write(ctx, filepath.Join(dir, "2")))))
	})
}

// A save reads slices when it runs. TensorFlow rejects a list if its wrapper has lost track of the changes; here, the save writes
// the current elements. Track rejects a name that cannot be an index of the list.
func TestListsThatChange(t *testing.T) {
	a, b, c := ckpttest.Scalar(1), ckpttest.Scalar(2), ckpttest.Scalar(3)
	for _, tt := range []struct {
		name   string
		change func(l []any) []any
		want   string // the list's edges, and the values behind them
	}{
		{"C-14 a replaced element", func(l []any) []any { l[0] = c; return l }, "0=3 1=2"},
		{"C-14 an element replaced by a plain value", func(l []any) []any { l[0] = "plain"; return l }, "1=2"},
		{"C-15 a replaced plain value", func(l []any) []any { l[2] = "other"; return l }, "0=1 1=2"},
		{"C-15 a removed plain value", func(l []any) []any { return l[:2] }, "0=1 1=2"},
		{"C-16 swapped elements", func(l []any) []any { l[0], l[1] = l[1], l[0]; return l }, "0=2 1=1"},
		{"C-16 an element inserted at the front", func(l []any) []any { return append([]any{c}, l...) }, "0=3 1=1 2=2"},
		{"C-16 a removed element", func(l []any) []any { return l[1:] }, "0=2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := []any{a, b, 7}
			ckpt, dir := ckpttest.New(t, ckpttest.NodeOf("l", &list)), t.TempDir()
			ckpttest.Must(ckpt.Write(ctx, filepath.Join(dir, "before")))
			list = tt.change(list)
			r := ckpttest.Open(t, ckpttest.Must(ckpt.Write(ctx, filepath.Join(dir, "after"))))
			require.Equal(t, tt.want, edgesAndValues(t, r, "l"))
		})
	}
	t.Run("C-23 C-24 an object is tracked once under a name, and must be trackable", func(t *testing.T) {
		g := ckpttest.NodeOf("0", a)
		require.Error(t, g.Track("0", b), "no overwriting")
		require.ErrorIs(t, g.Track("1", 5), ckpt.ErrNotTrackable)
		require.ErrorIs(t, g.Track("1", nil), ckpt.ErrNotTrackable)
		require.NoError(t, g.Track("1", b))
		require.Equal(t, "0 0:1 1:2 root:0", ckpttest.GraphOf(t, ckpttest.Written(t, g))[0])
	})
}

// edgesAndValues returns the edges of the root's child name with the scalars that they lead to.
func edgesAndValues(t *testing.T, r *ckpt.Reader, name string) string {
	t.Helper()
	g, err := r.Graph()
	require.NoError(t, err)
	var out []string
	for _, c := range g.Nodes[0].Children {
		if c.Name != name {
			continue
		}
		for _, e := range g.Nodes[c.ID].Children {
			v, ok := tensor.As[float32](ckpttest.Must(r.Tensor(g.Nodes[e.ID].Attributes[0].Key)))
			require.True(t, ok)
			out = append(out, fmt.Sprintf("%s=%v", e.Name, ckpttest.Value(v)))
		}
	}
	return strings.Join(out, " ")
}

func TestContainersAsTensorFlow(t *testing.T) {
	t.Run("C-01 C-02 C-03 C-04 C-05 C-11 lists, tuples, dicts and named tuples", func(t *testing.T) {
		// A named tuple has an edge per field, and then one per index. A dict keeps the order of insertion.
		type pair struct {
			Left  ckpttest.Variable `ckpt:"left"`
			Right ckpttest.Variable `ckpt:"right"`
			Zero  ckpttest.Variable `ckpt:"0"`
			One   ckpttest.Variable `ckpt:"1"`
		}
		type table struct {
			B     ckpttest.Variable
			A     []ckpttest.Variable
			Hyper float64
		}
		type model struct {
			Many      [11]ckpttest.Variable
			Mixed     []any
			Fixed     []any
			Nothing   []any
			Pair      pair
			Table     table
			EmptyList []ckpttest.Variable
			EmptyDict map[string]ckpttest.Variable
			Plain     []any `ckpt:"plain"`
		}
		build := func(v func(float32) ckpttest.Variable) *model {
			m := &model{
				Mixed: []any{1, v(1), "text", nil, []any{v(2), []ckpttest.Variable{}}},
				Fixed: []any{v(3), 5}, Pair: pair{Left: v(4), Right: v(5)}, Table: table{v(6), []ckpttest.Variable{v(7)}, 0.1},
				EmptyList: []ckpttest.Variable{}, EmptyDict: map[string]ckpttest.Variable{}, Plain: []any{1, 2},
			}
			for i := range m.Many {
				m.Many[i] = v(float32(i))
			}
			m.Pair.Zero, m.Pair.One = m.Pair.Left, m.Pair.Right
			return m
		}
		g := ckpttest.Golden(t, "objects-containers")
		path := ckpttest.Written(t, build(ckpttest.Scalar))
		require.Equal(t, ckpttest.EntriesOf(t, g.Path()), ckpttest.EntriesOf(t, path))
		// The elements of lists have no tags for their global names.
		names := regexp.MustCompile(`"[^"]*"`)
		require.Equal(t, names.ReplaceAllString(strings.Join(ckpttest.GraphOf(t, g.Path()), "\n"), ""), names.ReplaceAllString(strings.Join(ckpttest.GraphOf(t, path), "\n"), ""))

		got := build(func(float32) ckpttest.Variable { return ckpttest.Scalar(-1) })
		require.NoError(t, ckpttest.Read(t, ckpttest.New(t, got), g.Path()).AssertConsumed())
		require.Equal(t, build(ckpttest.Scalar), got)
	})
	t.Run("C-11 a named tuple is restored into a struct of its fields or a list", func(t *testing.T) {
		var fields struct {
			Pair struct{ Left, Right tensor.Tensor[float32] }
		}
		require.NoError(t, ckpt.LoadWeights(ctx, ckpttest.Golden(t, "objects-containers").Path(), &fields))
		require.Equal(t, []float32{4, 5}, []float32{fields.Pair.Left.At(), fields.Pair.Right.At()})
		var list struct{ Pair []tensor.Tensor[float32] }
		require.NoError(t, ckpt.LoadWeights(ctx, ckpttest.Golden(t, "objects-containers").Path(), &list))
		require.Len(t, list.Pair, 2)
		require.Equal(t, []float32{4, 5}, []float32{list.Pair[0].At(), list.Pair[1].At()})
	})
}
