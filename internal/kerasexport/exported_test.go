package kerasexport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/kerasexport"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/internal/walk/walktest"
	"github.com/gockpt/ckpt/tensor"
)

type vector = tensor.Tensor[float32]

type dense struct {
	Kernel, Bias *vector
}

type model struct {
	First, Second *dense
}

func newDense() *dense { return &dense{new(vector), new(vector)} }

// exported returns the graph of an export with variables of the given names. Variable i has node i+3 and key k.
func exported(names ...string) *objectgraph.Graph {
	g := &objectgraph.Graph{Nodes: []objectgraph.Node{{Children: []objectgraph.Child{{Name: "variables", ID: 1}, {Name: "_all_variables", ID: 2}}}, {}, {}}}
	for i, name := range names {
		id := len(g.Nodes)
		g.Nodes[1].Children = append(g.Nodes[1].Children, objectgraph.Child{Name: string(rune('0' + i)), ID: id})
		g.Nodes = append(g.Nodes, objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: name, Key: string(rune('a' + i))}}})
	}
	return g
}

// at returns the node to which edges lead from the root, or -1.
func at(g *objectgraph.Graph, edges ...string) int {
	id := 0
	for _, name := range edges {
		next := -1
		for _, c := range g.Nodes[id].Children {
			if c.Name == name && next < 0 {
				next = c.ID
			}
		}
		if id = next; id < 0 {
			break
		}
	}
	return id
}

func TestExports(t *testing.T) {
	whole := func() any { return &model{newDense(), newDense()} }
	const (
		byName  = "variables were matched by their global names"
		byOrder = "variables were matched in their order"
	)
	for _, tt := range []struct {
		name       string
		variables  []string
		model      any
		note, hint string
		bias       int // the node of the second layer's bias
	}{
		{"names", []string{"m/second/kernel", "m/second/bias", "m/first/kernel", "m/first/bias"}, whole(), byName, "", 4},
		{"order", []string{"kernel", "bias", "kernel", "bias"}, whole(), byOrder, "", 6},
		{"no names", []string{"variable", "variable_1", "variable", "variable"}, whole(), byOrder, "", 6},
		{"the state of a random number generator", []string{"kernel", "seed_generator_state", "bias", "kernel", "bias"}, whole(), byOrder, "", 7},
		{"too few", []string{"kernel", "bias", "kernel"}, whole(), "", "it ends before second.bias (Second.Bias)", -1},
		{"too many", []string{"kernel", "bias", "kernel", "bias", "scale"}, whole(), "", "the model has no variable for scale", -1},
		{"another name", []string{"kernel", "bias", "scale", "bias"}, whole(), "", "scale stands where second.kernel (Second.Kernel) is expected", -1},
		{"an alias", []string{"kernel", "bias", "scale", "bias"}, &struct {
			First  *dense
			Second *struct {
				Kernel *vector `ckpt:"kernel,alias=scale"`
				Bias   *vector
			}
		}{newDense(), &struct {
			Kernel *vector `ckpt:"kernel,alias=scale"`
			Bias   *vector
		}{new(vector), new(vector)}}, byOrder, "", 6},
		{"an optional variable that is absent", []string{"kernel", "bias", "bias"}, &struct {
			First  *dense
			Second *struct {
				Kernel *vector `ckpt:"kernel,optional"`
				Bias   *vector
			}
		}{newDense(), &struct {
			Kernel *vector `ckpt:"kernel,optional"`
			Bias   *vector
		}{new(vector), new(vector)}}, byOrder, "", 5},
		{"an object's own variables come first", []string{"kernel", "kernel", "bias", "bias"}, &struct {
			Inner  *dense
			Second struct{ Bias *vector }
			Kernel *vector
		}{newDense(), struct{ Bias *vector }{new(vector)}, new(vector)}, byOrder, "", 6},
		{"a list of variables counts as the object's own", []string{"w", "w", "bias"}, &struct {
			Second struct{ Bias *vector }
			W      []*vector
		}{struct{ Bias *vector }{new(vector)}, []*vector{new(vector), new(vector)}}, byOrder, "", 5},
		{"a nil list", []string{"kernel", "bias"}, &struct {
			First *dense
			More  []*dense
		}{First: newDense()}, "", "more (More) holds nil: set it", -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := exported(tt.variables...)
			before := exported(tt.variables...)
			got, note, hint := kerasexport.Graph(nil, g, tt.model, func() *walk.Walker { return walktest.New(t, tt.model) })
			require.NoError(t, got.Check())
			require.Equal(t, tt.bias, at(got, "second", "bias"))
			require.Equal(t, tt.note == "", note == "", note)
			require.Contains(t, note, tt.note)
			require.Equal(t, tt.hint == "", hint == "", hint)
			require.Contains(t, hint, tt.hint)
			require.Equal(t, before, g, "the file's graph stays")
		})
	}
}

func TestNilObjectsAreMadeForTheWalkOnly(t *testing.T) {
	m := &model{First: newDense()}
	got, note, _ := kerasexport.Graph(nil, exported("kernel", "bias", "kernel", "bias"), m, func() *walk.Walker { return walktest.New(t, m) })
	require.Contains(t, note, "in their order")
	require.Equal(t, 6, at(got, "second", "bias"))
	require.Nil(t, m.Second)
}

func TestOtherGraphsStay(t *testing.T) {
	lists := &struct{ Variables []*vector }{[]*vector{new(vector)}}
	other := &objectgraph.Graph{Nodes: []objectgraph.Node{{}}}
	for name, tt := range map[string]struct {
		g     *objectgraph.Graph
		model any
	}{
		"not an export":                     {other, &model{newDense(), newDense()}},
		"a program with the file's objects": {exported("kernel"), lists},
	} {
		got, note, hint := kerasexport.Graph(nil, tt.g, tt.model, func() *walk.Walker { return walktest.New(t, tt.model) })
		require.Same(t, tt.g, got, name)
		require.Empty(t, note+hint, name)
	}
	_, note, hint := kerasexport.Graph(nil, exported("kernel"), nil, func() *walk.Walker { return nil })
	require.Empty(t, note+hint, "a program that cannot be walked")
}

// A legacyFile has variables in the order of its layers.
type legacyFile struct {
	format.Reader
	variables []keras.ExportedVariable
}

func (f legacyFile) LegacyVariables(*objectgraph.Graph) []keras.ExportedVariable { return f.variables }

func TestLegacyFiles(t *testing.T) {
	file := func(names ...string) legacyFile { // LAYER NAME, LAYER NAME, …
		var f legacyFile
		for i := 0; i < len(names); i += 2 {
			f.variables = append(f.variables, keras.ExportedVariable{Node: len(f.variables) + 1, Layer: names[i], Name: names[i+1]})
		}
		return f
	}
	graph := func(children ...string) *objectgraph.Graph {
		g := &objectgraph.Graph{Nodes: make([]objectgraph.Node, 5)}
		for i, name := range children {
			g.Nodes[0].Children = append(g.Nodes[0].Children, objectgraph.Child{Name: name, ID: i + 1})
		}
		return g
	}
	named := graph("a")
	named.Nodes = append(named.Nodes, objectgraph.Node{})
	named.Nodes[0].Children = append(named.Nodes[0].Children, objectgraph.Child{Name: "first", ID: 2})
	named.Nodes[2].Children = []objectgraph.Child{{Name: "kernel", ID: 1}}
	for _, tt := range []struct {
		name       string
		file       legacyFile
		g          *objectgraph.Graph
		note, hint string
	}{
		{"order", file("a", "a/kernel", "a", "a/bias", "b", "b/kernel", "b", "b/bias"), graph("a", "b"), "layers were matched in their order", ""},
		{"a name of the program", file("a", "a/kernel", "a", "a/bias", "b", "b/kernel", "b", "b/bias"), named, "", ""},
		{"too few", file("a", "a/kernel"), graph("a"), "", "it ends before first.bias"},
		{"several layers in one", file("m", "a/kernel", "m", "a/bias", "m", "b/kernel", "m", "b/bias"), graph("m"), "", "m is a model of several layers"},
		{"not a legacy file", legacyFile{}, graph("a"), "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &model{newDense(), newDense()}
			got, note, hint := kerasexport.Graph(tt.file, tt.g, m, func() *walk.Walker { return walktest.New(t, m) })
			require.Equal(t, tt.note == "", note == "", note)
			require.Contains(t, note, tt.note)
			require.Equal(t, tt.hint == "", hint == "", hint)
			require.Contains(t, hint, tt.hint)
			if tt.note != "" {
				require.Equal(t, 4, at(got, "second", "bias"))
			} else {
				require.Same(t, tt.g, got)
			}
		})
	}
}
