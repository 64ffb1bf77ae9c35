package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gockpt/ckpt"
)

// A graph is ckpt with a model of objects that only refer to each other.
type graph struct {
	task
	unmeasured
	path    string
	c       *ckpt.Checkpoint
	program *ckpt.View
	r       *ckpt.Reader
}

// An object of a graph. TensorFlow's peer has an AutoTrackable with the same two edges.
type object struct {
	Left  *object `ckpt:"left"`
	Right *object `ckpt:"right"`
}

type tree struct {
	Root *object `ckpt:"root"`
	Leaf int64   `ckpt:"leaf"`
}

// grow returns a binary tree of n objects.
func grow(n int) *object {
	all := make([]object, n)
	for i := range all {
		if 2*i+1 < n {
			all[i].Left = &all[2*i+1]
		}
		if 2*i+2 < n {
			all[i].Right = &all[2*i+2]
		}
	}
	return &all[0]
}

func newGraph(t task) (g *graph, err error) {
	g = &graph{task: t, path: filepath.Join(t.Dir, "graph")}
	if g.c, err = ckpt.New(ckpt.Group{"tree": &tree{Root: grow(t.Tensors)}}); err != nil {
		return nil, err
	}
	if _, err = g.c.Write(context.Background(), g.path); err != nil {
		return nil, err
	}
	if g.program, err = g.c.View(); err != nil {
		return nil, err
	}
	g.r, err = ckpt.Open(g.path)
	return g, err
}

func (g *graph) do(_ context.Context, op operation) error {
	switch op.name {
	case "walk":
		v, err := g.c.View()
		if err == nil && len(v.Nodes) < g.Tensors {
			err = fmt.Errorf("found %d objects, want %d", len(v.Nodes), g.Tensors)
		}
		return err
	case "match":
		return g.match(g.r, g.program)
	case "open, walk and match": // one call of TensorFlow does all three
		r, err := ckpt.Open(g.path)
		if err != nil {
			return err
		}
		defer r.Close()
		program, err := g.c.View()
		if err != nil {
			return err
		}
		return g.match(r, program)
	}
	return errNoOp
}

// match parses the stored graph and compares it with the program's.
func (g *graph) match(r *ckpt.Reader, program *ckpt.View) error {
	v, err := r.View()
	if err == nil && len(ckpt.Match(v, program)) < g.Tensors {
		err = errors.New("not all objects match")
	}
	return err
}
