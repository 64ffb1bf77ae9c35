package stored

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
)

// Flat returns the tensors of g for a format that has names but no objects. A name is the path of edges to
// the variable, joined by separator. The error satisfies errors.ErrUnsupported and names the path of a tensor
// that cannot have such a name. This is a slot variable, opaque state, a tensor of a custom saver, or a
// tensor with an edge that would be split when the name is read.
func Flat(ctx context.Context, g *object.Graph, separator string) ([]Tensor, error) {
	_, tensors, err := Of(ctx, g)
	if err != nil {
		return nil, err
	}
	for i := range tensors {
		t := &tensors[i]
		edges, err := t.edges()
		if err != nil {
			return nil, fmt.Errorf("ckpt: %s: %w: %w", t.Path(), err, errors.ErrUnsupported)
		}
		t.Key = strings.Join(edges, separator)
	}
	return tensors, nil
}

// maxEdges is the largest number of edges into which a name is split when it is read.
const maxEdges = 64

// edges returns the edges from the root to t, the variable.
func (t *Tensor) edges() ([]string, error) {
	switch {
	case t.Node == nil:
		return nil, errors.New("only TensorFlow's format holds the tensors of a custom saver")
	case t.Node.SlotOf() != nil:
		return nil, errors.New("only TensorFlow's format holds slot variables: save the model without its optimizer")
	case !strings.HasSuffix(t.Key, variableSuffix):
		return nil, errors.New("only TensorFlow's format holds opaque state")
	}
	edges := t.Node.EdgePath()
	if len(edges) == 0 || len(edges) > maxEdges {
		return nil, fmt.Errorf("expected 1 to %d edges from the root to a variable, got %d", maxEdges, len(edges))
	}
	for _, e := range edges {
		if e == "" || strings.ContainsAny(e, "./") {
			return nil, fmt.Errorf("the name %q of an edge contains dots or slashes, at which it would be split when it is read", e)
		}
	}
	return edges, nil
}
