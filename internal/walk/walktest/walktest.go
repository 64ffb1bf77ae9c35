// Package walktest walks structs in tests of packages that take a program's graph. Tags are those of package ckpt. Untagged fields
// are edges under their names in lower case if they are exported and may hold objects.
package walktest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
)

var types = walk.NewTypes(walk.Language{
	Field: func(types *walk.Types, _ reflect.Type, f reflect.StructField) (walk.Tag, walk.Action, error) {
		text, tagged := f.Tag.Lookup("ckpt")
		tag, err := walk.ParseTag(text)
		if !tag.Named {
			tag.Name = strings.ToLower(f.Name)
		}
		scalar := f.Type.Kind() <= reflect.Complex128 || f.Type.Kind() == reflect.String
		if tag.Skip || !tagged && (scalar || !f.IsExported() || types.Trait(f.Type) == walk.Plain) {
			return tag, walk.Skip, err
		}
		return tag, walk.Track, err
	},
	Wrong: func(owner reflect.Type, field, problem string) error {
		return fmt.Errorf("%v.%s: %s", owner, field, problem)
	},
})

// New returns a walker with root as its root.
func New(t testing.TB, root any) *walk.Walker {
	w := walk.New(types, new(walk.StandIns), func(w *walk.Walker, n *object.Node) error {
		declared := types.Struct(n.Obj.Type())
		for i := range declared.Fields {
			f := &declared.Fields[i]
			if f.Action == walk.Skip {
				continue
			}
			err := w.AddEdge(n, object.Edge{
				Name: f.Name, Field: w.Below("", &f.Tag.Field), Opt: object.Options{Explicit: f.Present, Optional: f.Optional}, Wanted: f.Wanted,
			}, n.Obj.Field(i))
			if err != nil {
				return err
			}
		}
		return declared.Err
	})
	require.NoError(t, w.AddRoot(root, nil))
	return w
}

// Graph returns the graph of root.
func Graph(t testing.TB, root any) *object.Graph {
	w := New(t, root)
	require.NoError(t, w.ExpandAll())
	return w.Graph()
}
