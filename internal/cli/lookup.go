package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// lookup returns the key of the tensor that a person calls name: the key itself, an object's path, or a part of either that only one key
// ends with.
func lookup(r *ckpt.Reader, name string) (string, error) {
	if r.Has(name) {
		return name, nil
	}
	g, err := r.Graph()
	if err != nil && !errors.Is(err, ckpt.ErrNoObjectGraph) {
		return "", err
	}
	if err == nil {
		if key, ok := keyAt(g, name); ok {
			return key, nil
		}
	}
	var ends []string
	for e, err := range r.All() {
		if err != nil {
			return "", err
		}
		if path := objectPath(e.Key); path == name || strings.HasSuffix(path, "/"+name) || strings.HasSuffix(path, "."+name) {
			ends = append(ends, e.Key)
		}
	}
	switch len(ends) {
	case 0:
		return "", fmt.Errorf("%s: no tensor has the key or the path %s%s: ckpt list shows all: %w", safe(r.Prefix()), safe(name), similar(r, name), ckpt.ErrNotFound)
	case 1:
		return ends[0], nil
	}
	return "", fmt.Errorf("%s: %d tensors are called %s: %s: name one with more of its path", safe(r.Prefix()), len(ends), safe(name), safe(strings.Join(ends[:min(3, len(ends))], ", ")))
}

// lookupAll returns the names that a person's name stands for: itself or, if it is a glob, the keys of all tensors that it matches, each with
// the slice that ends it.
func lookupAll(r *opened, name string) ([]string, error) {
	glob, ranges, sliced := cutSlice(name)
	if !strings.ContainsAny(glob, "*?") || r.Has(name) || r.Has(glob) {
		return []string{name}, nil
	}
	var all []string
	for e, err := range entries(r.Reader, glob) {
		switch {
		case err != nil:
			return nil, err
		case sliced:
			all = append(all, e.Key+"["+ranges+"]")
		default:
			all = append(all, e.Key)
		}
	}
	if len(all) == 0 {
		return nil, r.noneCalled(glob)
	}
	return all, nil
}

// keyAt returns the key of the only value of the object that a path of edges leads to from the root. The edges are joined by slashes or,
// where that leads nowhere, by dots.
func keyAt(g *ckpt.StoredGraph, path string) (string, bool) {
	for _, separator := range []string{"/", "."} {
		at := 0
		found := true
		for _, step := range strings.Split(path, separator) {
			name := step
			if unescaped, err := objectgraph.Unescape(step); err == nil && separator == "/" {
				name = unescaped
			}
			i := slices.IndexFunc(g.Nodes[at].Children, func(c objectgraph.Child) bool { return c.Name == name })
			if found = i >= 0; !found {
				break
			}
			at = g.Nodes[at].Children[i].ID
		}
		if found && len(g.Nodes[at].Attributes) == 1 {
			return g.Nodes[at].Attributes[0].Key, true
		}
	}
	return "", false
}

// objectPath returns a key without the mark that ends an object's path, if it has one.
func objectPath(key string) string {
	if prefix, ok := objectgraph.SaveablePrefix(key); ok {
		return strings.TrimSuffix(prefix, "/.ATTRIBUTES/")
	}
	return key
}

// cutSlice splits kernel[0:3,:] into the name and what stands in the brackets. ok is false if there are none.
func cutSlice(name string) (before, ranges string, ok bool) {
	if !strings.HasSuffix(name, "]") {
		return name, "", false
	}
	i := strings.LastIndexByte(name, '[')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1 : len(name)-1], true
}

// parseRanges returns the region that NumPy's notation means in a tensor of shape: for each axis an index, or from:to with either left
// out; negative numbers count from the end. Axes that are not named are taken whole.
func parseRanges(text string, shape tensor.Shape) (tensor.Slice, error) {
	region := make(tensor.Slice, len(shape))
	for i := range region {
		region[i] = tensor.Full
	}
	parts := strings.Split(text, ",")
	if text == "" {
		parts = nil
	}
	if len(parts) > len(shape) {
		return nil, fmt.Errorf("[%s] names %d axes of a tensor of shape %v", text, len(parts), shape)
	}
	for i, part := range parts {
		from, to := 0, shape[i]
		before, after, isRange := strings.Cut(strings.TrimSpace(part), ":")
		bad := func(err error) (tensor.Slice, error) {
			return nil, fmt.Errorf("[%s]: axis %d of length %d: %w", text, i, shape[i], err)
		}
		var err error
		if before != "" || !isRange {
			if from, err = index(before, shape[i]); err != nil {
				return bad(err)
			}
		}
		switch {
		case !isRange:
			to = from + 1
		case after != "":
			if to, err = index(after, shape[i]); err != nil {
				return bad(err)
			}
		}
		if from < 0 || to > shape[i] || from >= to {
			return bad(fmt.Errorf("%s is outside of it, or empty", part))
		}
		region[i] = tensor.Extent{Start: from, Length: to - from}
	}
	return region, nil
}

func index(text string, length int) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	if n < 0 {
		n += length
	}
	return n, nil
}
