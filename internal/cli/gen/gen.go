package gen

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/match"
)

// Options control the output of Source.
type Options struct {
	Package string   // the name of the package, a Go identifier
	Type    string   // the exported name of the first type; "" stands for Model, or Training if it has a model as a part
	At      string   // the edges from the root to the object to begin with, joined by slashes, as for [ckpt.At]
	Renames []Rename // applied to the stored paths before anything else
}

// A Rename is a pair of arguments for [ckpt.Rename].
type Rename struct{ Old, New string }

// Source returns the types for r's checkpoint as formatted Go source, and a line for each value that it left out. Files of PyTorch
// programs and checkpoints without an object graph have only names: Source splits the names to make a graph.
//
// It returns [ckpt.ErrNotFound] if opts.At leads nowhere.
func Source(r *ckpt.Reader, opts Options) (source []byte, leftOut []string, err error) {
	stored, err := r.Graph()
	byName := errors.Is(err, ckpt.ErrNoObjectGraph)
	if byName {
		stored, err = graphOfNames(r)
	}
	if err != nil {
		return nil, nil, err
	}
	if stored, err = renamed(stored, opts.Renames); err != nil {
		return nil, nil, err
	}
	start, err := edgesTo(stored, opts.At)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", r.Prefix(), err)
	}
	g, err := newGraph(r, stored, start)
	if err != nil {
		return nil, nil, err
	}
	g.byName, g.torch = byName, r.Format() == "safetensors" || r.Format() == "pytorch"
	g.simplify()
	w := &writer{graph: g, Options: opts, from: filepath.Base(r.Prefix())}
	source, err = w.write()
	return source, g.leftOut, err
}

// renamed returns the graph with renamed paths.
func renamed(g *ckpt.StoredGraph, renames []Rename) (*ckpt.StoredGraph, error) {
	if len(renames) == 0 {
		return g, nil
	}
	renamings := make([]match.Renaming, len(renames))
	for i, r := range renames {
		var err error
		if renamings[i], err = match.NewRenaming(r.Old, r.New); err != nil {
			return nil, err
		}
	}
	return match.Rename(g, renamings)
}
