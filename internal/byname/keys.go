package byname

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/prefix"
	"github.com/gockpt/ckpt/internal/transfer"
	"github.com/gockpt/ckpt/internal/wording"
)

// A Lookup finds the tensors for variables in a checkpoint by name. Names that the checkpoint lacks are looked up among the global
// names of its object graph, if it has one.
type Lookup struct {
	Path      string // of the checkpoint
	Program   *object.Graph
	Variables []Variable
	SkipSlots bool
	Logger    *slog.Logger
}

// Plan plans that every variable takes its tensor.
func (l *Lookup) Plan(ctx context.Context, p *transfer.Plan) error {
	keys, err := l.keys(ctx, p.Reader())
	if err != nil {
		return err
	}
	for i := range l.Variables {
		if key, ok := keys[l.Variables[i].Name]; ok {
			assign(p, &l.Variables[i], key)
		}
	}
	return nil
}

// assign plans that v takes the tensor stored under key, or its part of that.
func assign(p *transfer.Plan, v *Variable, key string) {
	p.Assign(v.Node, v.Value, key, v.Part)
}

// keys returns the key of each name in the checkpoint.
func (l *Lookup) keys(ctx context.Context, r format.Reader) (map[string]string, error) {
	keys := make(map[string]string)
	for _, v := range l.Variables {
		_, ok, err := r.Lookup(v.Name)
		if err != nil {
			return nil, fmt.Errorf("ckpt: %w", err)
		}
		if ok {
			keys[v.Name] = v.Name
		}
	}
	missing := l.missing(keys)
	if len(missing) == 0 {
		return keys, nil
	}
	g, err := prefix.Graph(ctx, r, l.Path)
	if errors.Is(err, prefix.ErrNoObjectGraph) {
		return nil, fmt.Errorf("ckpt: restore %s: Key %s not found in checkpoint (%s): %w", l.Path, missing[0], strings.Join(missing, ", "), format.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	l.Logger.Warn("Restoring an object-based checkpoint using a name-based saver. This may be somewhat fragile. Consider restoring it with a Checkpoint.", "checkpoint", l.Path)
	return l.keysInGraph(g)
}

// keysInGraph returns the key of each global name in a stored graph.
func (l *Lookup) keysInGraph(g *objectgraph.Graph) (map[string]string, error) {
	type variable struct{ name, key string }
	byName, seen := make(map[string][]string), make(map[variable]bool)
	for _, n := range g.Nodes {
		for _, a := range n.Attributes {
			if v := (variable{a.FullName, a.Key}); !seen[v] {
				seen[v] = true
				byName[a.FullName] = append(byName[a.FullName], a.Key)
			}
		}
	}
	keys := make(map[string]string)
	for _, v := range l.Variables {
		switch found := byName[v.Name]; len(found) {
		case 0:
		case 1:
			keys[v.Name] = found[0]
		default:
			return nil, fmt.Errorf("ckpt: restore %s: %d variables of the object graph have the name %q: %s: restore them with a Checkpoint",
				l.Path, len(found), v.Name, strings.Join(wording.First(found, 10), ", "))
		}
	}
	if missing := l.missing(keys); len(missing) > 0 {
		return nil, fmt.Errorf("ckpt: restore %s: Could not find some variables in the checkpoint: %s; the object graph has variables with the names %s: %w",
			l.Path, strings.Join(missing, ", "), strings.Join(wording.First(slices.Sorted(maps.Keys(byName)), 10), ", "), format.ErrNotFound)
	}
	return keys, nil
}

// missing returns the names of required variables that were not found.
func (l *Lookup) missing(keys map[string]string) []string {
	found := make(map[object.Identity]bool)
	names := make(map[*object.Node]string)
	for _, v := range l.Variables {
		if _, ok := keys[v.Name]; ok {
			found[v.Node.Key()] = true
		} else {
			names[v.Node] = v.Name
		}
	}
	var missing []string
	for _, n := range l.Program.Required(object.Requirement{Matched: found, SkipSlots: l.SkipSlots}) {
		missing = append(missing, names[n])
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// SumOfKeys returns a checksum of all keys of a checkpoint.
func SumOfKeys(f format.Reader) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for entry, err := range f.All() {
		if err != nil {
			return sum, fmt.Errorf("ckpt: %w", err)
		}
		fmt.Fprintf(h, "%q\n", entry.Key)
	}
	h.Sum(sum[:0])
	return sum, nil
}
