package object

import (
	"context"
	"slices"

	"github.com/gockpt/ckpt/format"
)

// A Saver saves and restores the objects of one kind together: the engine's view of ckpt.ObjectSaver. Names are unique.
type Saver struct {
	Name    string
	Match   func(object any) bool
	Save    func(ctx context.Context, objects map[string]any) ([]format.NamedTensor, error)
	Lenient bool // leaves an object that does not match unchanged
	Of      any  // the value that the caller gave, which also restores
}

// A Batch holds the objects that one custom saver saves or restores together.
type Batch struct {
	Saver   *Saver
	Nodes   []*Node
	Objects map[string]any // pointers, by name
}

// Batches are in the order in which their savers first appeared.
type Batches []*Batch

// Add returns b with the object n added to the batch of s under a name.
func (b Batches) Add(s *Saver, name string, n *Node) Batches {
	i := slices.IndexFunc(b, func(other *Batch) bool { return other.Saver == s })
	if i < 0 {
		i = len(b)
		b = append(b, &Batch{Saver: s, Objects: make(map[string]any)})
	}
	b[i].Nodes = append(b[i].Nodes, n)
	b[i].Objects[name] = n.Obj.Addr().Interface()
	return b
}
