package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// choose returns the tensors of r that are asked for, under their new names. A tensor is read when its turn to be written comes.
func (j *convertJob) choose(ctx context.Context, r *ckpt.Reader, separator string) ([]item, error) {
	var items []item
	renamed := make([]bool, len(j.renames))
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		if e.Key == objectgraph.GraphKey || !chosen(j.only, e.Key) {
			continue
		}
		name := e.Key
		if path := objectPath(e.Key); path != e.Key {
			edges := strings.Split(path, "/")
			for i := range edges {
				if text, err := objectgraph.Unescape(edges[i]); err == nil {
					edges[i] = text
				}
			}
			name = strings.Join(edges, separator)
		}
		for i, rename := range j.renames {
			before, after, _ := strings.Cut(rename, "=")
			if to, ok := renameStart(name, before, after); ok {
				name, renamed[i] = to, true
			}
		}
		items = append(items, item{name, j.source(ctx, r, e)})
	}
	if i := slices.Index(renamed, false); i >= 0 {
		return nil, fmt.Errorf("%s: --rename %s: no name begins so", safe(r.Prefix()), j.renames[i])
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s: no tensor is called %s: ckpt list shows all: %w", safe(r.Prefix()), safe(j.only), ckpt.ErrNotFound)
	}
	return items, nil
}

// renameStart replaces the whole parts with which a name begins.
func renameStart(name, before, after string) (string, bool) {
	rest, ok := strings.CutPrefix(name, before)
	switch {
	case !ok:
		return name, false
	case rest == "" || before == "":
	case !strings.ContainsRune("./", rune(rest[0])):
		return name, false
	case after == "":
		rest = rest[1:]
	}
	return after + rest, after+rest != ""
}

// source returns the tensor of an entry, cast where it is of the kind of the dtype that was asked for.
func (j *convertJob) source(ctx context.Context, r *ckpt.Reader, e ckpt.VariableInfo) format.Source {
	src := format.Source{DType: e.DType, Shape: append(tensor.Shape{}, e.Shape...), Load: func() (tensor.Any, error) { return r.ReadTensor(ctx, e.Key) }}
	if j.cast == "" || e.DType == j.dtype || !castable(j.dtype, e.DType) {
		return src
	}
	src.DType = j.dtype
	src.Load = func() (tensor.Any, error) {
		t, err := r.ReadTensor(ctx, e.Key)
		if err != nil {
			return nil, err
		}
		to, err := tensor.NewAny(j.dtype, e.Shape...)
		if err != nil {
			return nil, err
		}
		return to, tensor.Cast(to, t)
	}
	return src
}

// castable reports whether numbers of one dtype are converted to another: floats to floats, integers to integers.
func castable(to, from tensor.DType) bool {
	x, err := tensor.NewAny(to)
	if err != nil || from.Size() == 0 {
		return false
	}
	y, err := tensor.NewAny(from)
	return err == nil && tensor.Cast(x, y) == nil
}

// withObjects returns the items under TensorFlow's keys, with an object graph made of their names.
func withObjects(items []item) ([]item, error) {
	sources := make(map[string]format.Source, len(items))
	g, err := nametree.Graph(func(yield func(string) bool) {
		for _, it := range items {
			sources[it.key] = it.source
			if !yield(it.key) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var out []item
	var walk func(id int, path string)
	walk = func(id int, path string) {
		for i, a := range g.Nodes[id].Attributes {
			key := objectgraph.KeyAt(path, objectgraph.VariableValue)
			out = append(out, item{key, sources[a.Key]})
			g.Nodes[id].Attributes[i].Key = key
		}
		for _, c := range g.Nodes[id].Children {
			below := objectgraph.Escape(c.Name)
			if path != "" {
				below = path + "/" + below
			}
			walk(c.ID, below)
		}
	}
	walk(0, "") // a tree, no deeper than nametree makes one
	g.SetHasValues()
	return append(out, item{objectgraph.GraphKey, format.SourceOf(tensor.Scalar(g.Text()))}), nil
}
