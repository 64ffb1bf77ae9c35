package gen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/tensor"
)

// edgesTo returns the object at a path of edges joined by slashes.
func edgesTo(g *ckpt.StoredGraph, path string) (int, error) {
	at := 0
	if path == "" {
		return at, nil
	}
	for step := range strings.SplitSeq(path, "/") {
		name, err := objectgraph.Unescape(step)
		if err != nil {
			return 0, fmt.Errorf("--at %q: %w", path, err)
		}
		i := slices.IndexFunc(g.Nodes[at].Children, func(c objectgraph.Child) bool { return c.Name == name })
		if i < 0 {
			return 0, fmt.Errorf("--at %q: the checkpoint has no edge %q there: %w", path, name, ckpt.ErrNotFound)
		}
		at = g.Nodes[at].Children[i].ID
	}
	return at, nil
}

// newGraph converts the stored graph. It skips values that Go cannot restore, and records the reason.
func newGraph(r *ckpt.Reader, stored *ckpt.StoredGraph, start int) (*graph, error) {
	g := &graph{nodes: make([]node, len(stored.Nodes)), start: start}
	paths := stored.Paths()
	for id := range stored.Nodes {
		from, to := &stored.Nodes[id], &g.nodes[id]
		if err := g.takeValues(r, from, to, paths.Name(id)); err != nil {
			return nil, err
		}
		place := make(map[int]int) // index of the edge to an object
		seen := make(map[objectgraph.Child]bool)
		for _, c := range from.Children {
			if id == 0 && c.Name == objectgraph.SaveCounter {
				continue // the save_counter of Checkpoint itself, in Go as in Python
			}
			if seen[c] {
				continue
			}
			seen[c] = true
			at, ok := place[c.ID]
			if !ok {
				place[c.ID] = len(to.edges)
				to.edges = append(to.edges, edge{name: c.Name, to: c.ID})
			} else {
				to.edges[at].also = append(to.edges[at].also, c.Name)
			}
		}
		slot := make(map[string]bool)
		for _, s := range from.Slots {
			if !slot[s.Name] {
				slot[s.Name] = true
				to.slots = append(to.slots, s.Name)
			}
		}
	}
	return g, nil
}

// takeValues sets an object's kind and values from its stored attributes.
func (g *graph) takeValues(r *ckpt.Reader, from *objectgraph.Node, to *node, path string) error {
	if from.Saver != nil {
		g.leave(path, "it was saved by code registered as "+text.Safe(from.Saver.Name)+": see ckpt.WithSaver")
		return nil
	}
	for _, a := range from.Attributes {
		e, err := r.Lookup(a.Key)
		if errors.Is(err, ckpt.ErrNotFound) && to.takeTable(r, a) {
			return nil
		}
		if errors.Is(err, ckpt.ErrNotFound) {
			g.leave(path, fmt.Sprintf("nothing is stored under its key %q", a.Key))
			continue
		}
		if err != nil {
			return err
		}
		if len(e.Slices) > 0 {
			err := r.WriteStored(context.Background(), a.Key, io.Discard)
			if errors.Is(err, ckpt.ErrIncomplete) {
				g.leave(path, "its stored parts do not cover it")
				continue
			}
		}
		name, err := objectgraph.Unescape(a.Name)
		if err != nil {
			name = a.Name
		}
		if _, err := tensor.Zero(e.DType); err != nil {
			g.leave(path, err.Error())
			continue
		}
		to.values = append(to.values, value{name, a.FullName, e.DType, e.Shape})
	}
	switch {
	case len(to.values) == 1 && to.values[0].name == objectgraph.VariableValue:
		to.kind = kindVariable
	case len(to.values) == 1 && to.values[0].name == objectgraph.PythonState && to.values[0].dtype == tensor.DTString:
		to.kind = kindState
	case len(to.values) > 0:
		to.kind = kindTensors
	}
	return nil
}

// takeTable reports whether a stored attribute is a lookup table with types that [ckpt.Table] supports.
func (n *node) takeTable(r *ckpt.Reader, a objectgraph.Attribute) bool {
	keys, err := r.Lookup(a.Key + "-keys")
	values, err2 := r.Lookup(a.Key + "-values")
	if a.Name != "table" || err != nil || err2 != nil {
		return false
	}
	switch keys.DType {
	case tensor.DTString, tensor.DTInt32, tensor.DTInt64, tensor.DTFloat32, tensor.DTFloat64:
	default:
		return false
	}
	if _, err := tensor.Zero(values.DType); err != nil {
		return false
	}
	n.kind = kindTable
	n.values = []value{{name: "keys", dtype: keys.DType, shape: keys.Shape}, {name: "values", dtype: values.DType, shape: values.Shape}}
	return true
}

func (g *graph) leave(path, why string) {
	g.leftOut = append(g.leftOut, text.Safe(path)+": "+why)
}
