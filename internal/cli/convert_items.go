package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/nametree"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/cli/names"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/tensor"
)

// choose returns the selected tensors of r under their new names. A tensor is read only when it is written.
func (j *convertJob) choose(ctx context.Context, r *ckpt.Reader, to string) ([]item, error) {
	separator := writers.Separator(to)
	var readable map[string]string
	if j.readable && (to != writers.HDF5 || j.asked) { // Keras expects its numbers in HDF5 files
		var err error
		if readable, err = r.ReadableNames(); err != nil {
			return nil, err
		}
	}
	several, err := severalAttributes(r)
	if err != nil {
		return nil, err
	}
	var items []item
	before := make(map[string]string) // new name → key
	matched := make([]bool, len(j.renamings))
	for e, err := range names.Entries(r, j.only) {
		if err != nil {
			return nil, err
		}
		if e.Key == objectgraph.GraphKey {
			continue
		}
		if e.DType == tensor.InvalidDType { // the reader lists the tensor but cannot read it: the error says why
			if _, err := r.ReadTensor(ctx, e.Key); err != nil {
				return nil, fmt.Errorf("%w; --only chooses the tensors to write", err)
			}
		}
		name := j.rename(e.Key, nameOf(e.Key, readable, several, separator), readable, separator, matched)
		if other, taken := before[name]; taken {
			return nil, fmt.Errorf("%s: %s and %s would both get the name %s: choose other names with --rename", safe(r.Prefix()), safe(other), safe(e.Key), safe(name))
		}
		before[name] = e.Key
		items = append(items, item{name, j.source(ctx, r, e, name)})
	}
	if i := slices.Index(matched, false); i >= 0 {
		return nil, fmt.Errorf("%s: --rename %s: no selected tensor matches OLD: %w", safe(r.Prefix()), safe(j.renames[i]), ckpt.ErrNotFound)
	}
	switch {
	case len(items) > 0:
		return items, nil
	case j.only == "":
		return nil, fmt.Errorf("%s: it does not hold any tensors to convert: %w", safe(r.Prefix()), ckpt.ErrNotFound)
	}
	return nil, names.NoneMatches(r, j.only)
}

// severalAttributes returns the paths of objects with more than one tensor, such as the keys and values of a table.
func severalAttributes(r *ckpt.Reader) (map[string]bool, error) {
	several := make(map[string]bool)
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		path := names.Owner(e.Key)
		if path == e.Key {
			continue // it is not the key of an object's tensor
		}
		_, seen := several[path]
		several[path] = seen
	}
	return several, nil
}

// nameOf returns the name of a tensor in other formats: the path of its object, followed by the name of its attribute if the object
// has several.
func nameOf(key string, readable map[string]string, several map[string]bool, separator string) string {
	if name, ok := readable[key]; ok {
		return strings.ReplaceAll(name, ".", separator)
	}
	path := names.Owner(key)
	if path == key {
		return key
	}
	edges := strings.Split(path, "/")
	if several[path] {
		prefix, _ := objectgraph.SaveablePrefix(key)
		edges = append(edges, strings.TrimPrefix(key, prefix))
	}
	for i := range edges {
		if text, err := objectgraph.Unescape(edges[i]); err == nil {
			edges[i] = text
		}
	}
	return strings.Join(edges, separator)
}

// rename returns the name of a tensor in the new file. It applies --rename to its name or, for Keras's tensors, to its numbered key.
func (j *convertJob) rename(key, name string, readable map[string]string, separator string, matched []bool) string {
	was := strings.ReplaceAll(name, "/", ".")
	path := was
	for i := range j.renamings {
		to, ok := j.renamings[i].Apply(path)
		if _, more := readable[key]; !ok && more && path == was {
			to, ok = j.renamings[i].Apply(strings.ReplaceAll(key, "/", "."))
		}
		if ok {
			path, matched[i] = to, true
		}
	}
	if path == was {
		return name
	}
	return strings.ReplaceAll(path, ".", separator)
}

// source returns the tensor of an entry. It casts the tensor if its dtype is of the same kind as --cast's.
func (j *convertJob) source(ctx context.Context, r *ckpt.Reader, e ckpt.VariableInfo, name string) format.Source {
	src := format.Source{DType: e.DType, Shape: append(tensor.Shape{}, e.Shape...), Load: func() (tensor.Any, error) { return r.ReadTensor(ctx, e.Key) }}
	if j.cast == "" || e.DType == j.dtype {
		return src
	}
	if !castable(j.dtype, e.DType) {
		j.kept = append(j.kept, name)
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
		if err := tensor.Cast(to, t); err != nil {
			return nil, fmt.Errorf("--cast %v: %w", j.dtype, err)
		}
		return to, nil
	}
	return src
}

// castable reports whether --cast converts one dtype to another: floats to floats, integers to integers.
func castable(to, from tensor.DType) bool {
	x, err := tensor.NewAny(to)
	if err != nil || from.Size() == 0 {
		return false
	}
	y, err := tensor.NewAny(from)
	return err == nil && tensor.Cast(x, y) == nil
}

// withObjects returns the items under TensorFlow's keys, with an object graph made from their names.
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
	walk(0, "") // a tree, at most as deep as nametree makes it
	g.SetHasValues()
	return append(out, item{objectgraph.GraphKey, format.SourceOf(tensor.Scalar(g.Text()))}), nil
}
