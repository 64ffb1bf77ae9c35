package byname

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
)

// TestKeysInGraph looks up variables by the global names in an object graph.
func TestKeysInGraph(t *testing.T) {
	program := object.New()
	program.Nodes = []*object.Node{{Group: true, Expanded: true}}
	named := func(names ...string) *objectgraph.Graph { // pairs of a global name and a key
		g := new(objectgraph.Graph)
		for i := 0; i < len(names); i += 2 {
			g.Nodes = append(g.Nodes, objectgraph.Node{Attributes: []objectgraph.Attribute{{Name: objectgraph.VariableValue, FullName: names[i], Key: names[i+1]}}})
		}
		return g
	}
	for name, tt := range map[string]struct {
		graph         *objectgraph.Graph
		want, problem string
	}{
		"one variable":                       {named("w", "model/w"), "model/w", ""},
		"one variable that two objects name": {named("w", "model/w", "w", "model/w"), "model/w", ""},
		"two variables":                      {named("w", "a", "w", "b"), "", `2 variables of the object graph have the name "w": a, b: restore them with a Checkpoint`},
	} {
		t.Run(name, func(t *testing.T) {
			l := &Lookup{Path: "ckpt", Program: program, Logger: slog.New(slog.DiscardHandler), Variables: []Variable{{Name: "w", Node: new(object.Node)}}}
			keys, err := l.keysInGraph(tt.graph)
			if tt.problem != "" {
				require.ErrorContains(t, err, "ckpt: restore ckpt: "+tt.problem)
				require.NotErrorIs(t, err, format.ErrNotFound)
				return
			}
			require.NoError(t, err)
			require.Equal(t, map[string]string{"w": tt.want}, keys)
		})
	}
	t.Run("very many variables", func(t *testing.T) {
		var names []string
		for i := range 1000 {
			names = append(names, "w", string(rune('a'+i)))
		}
		l := &Lookup{Path: "ckpt", Program: program, Variables: []Variable{{Name: "w", Node: new(object.Node)}}}
		_, err := l.keysInGraph(named(names...))
		require.ErrorContains(t, err, "1000 variables")
		require.Less(t, len(err.Error()), 300, "not all of them are listed")
	})
}
