package names

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/internal/wording"
)

// lookup returns the key of the tensor that the user calls name. name is a key, an object's path, or a unique end of either.
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
		if path := Owner(e.Key); path == name || strings.HasSuffix(path, "/"+name) || strings.HasSuffix(path, "."+name) {
			ends = append(ends, e.Key)
		}
	}
	switch len(ends) {
	case 0:
		return "", fmt.Errorf("%s: no tensor has the key or the path %s%s: ckpt list shows all: %w", text.Safe(r.Prefix()), text.Safe(name), similar(r, name), ckpt.ErrNotFound)
	case 1:
		return ends[0], nil
	}
	return "", fmt.Errorf("%s: %d tensors match %s: %s: use a longer part of the path", text.Safe(r.Prefix()), len(ends), text.Safe(name), text.Safe(strings.Join(ends[:min(3, len(ends))], ", ")))
}

// similar names a few tensors. Their path contains the last part of name, or wording.Near finds their last
// part similar to it. Near does not find parts of long paths, which people often type.
func similar(r *ckpt.Reader, name string) string {
	const most = 3
	last := name[strings.LastIndexAny(name, "/.")+1:]
	var found []string
	for e, err := range r.All() {
		if err != nil || last == "" || len(found) == most {
			break
		}
		path := Owner(e.Key)
		end := path[strings.LastIndexAny(path, "/.")+1:]
		if strings.Contains(strings.ToLower(path), strings.ToLower(last)) || len(wording.Near(last, []string{end})) > 0 {
			found = append(found, text.Safe(path))
		}
	}
	if len(found) == 0 {
		return ""
	}
	return ", but there is " + strings.Join(found, ", ")
}

// LookupAll expands the user's name. If it is a glob, LookupAll returns the keys of all matching tensors, each with the slice at the
// end of name. Otherwise it returns name.
func LookupAll(r *ckpt.Reader, name string) ([]string, error) {
	glob, ranges, sliced := cutSlice(name)
	if !strings.ContainsAny(glob, "*?") || r.Has(name) || r.Has(glob) {
		return []string{name}, nil
	}
	var all []string
	for e, err := range Entries(r, glob) {
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
		return nil, NoneMatches(r, glob)
	}
	return all, nil
}

// keyAt returns the key of the only value of the object at a path of edges from the root. The edges are joined by slashes or, if that
// fails, by dots.
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
