package stored

import (
	"context"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A Compact holds the same tensors as [Checkpoint] returns, in a sixth of the memory and without their objects, so that the
// program's graph can be garbage collected.
type Compact struct {
	custom      []Tensor // tensors of custom savers
	all, opaque []compact
	text        string   // the object graph
	keys        []string // keys that do not occur in text
}

// A compact is a value with its key.
type compact struct {
	value    *object.Value
	from, to uint32 // position of the key in text, which is shorter than 2 GiB; otherwise an index into keys, and 0
}

// NewCompact returns all tensors of a checkpoint of g.
func NewCompact(ctx context.Context, g *object.Graph) (*Compact, error) {
	s, err := newSaving(g)
	if err != nil {
		return nil, err
	}
	c := &Compact{all: make([]compact, 0, s.values)}
	type listed struct {
		n   *object.Node
		v   *object.Value
		key string
	}
	var values []listed // values of one node
	s.list = func(n *object.Node, v *object.Value, key string) { values = append(values, listed{n, v, key}) }
	e := s.encoder()
	err = s.each(func(n *objectgraph.Node) error {
		if err := e.Add(n); err != nil {
			return err
		}
		for _, l := range values {
			if add := c.compact(e, l.v, l.key); isOpaque(l.n, l.v) {
				c.opaque = append(c.opaque, add)
			} else {
				c.all = append(c.all, add)
			}
		}
		values = values[:0]
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.text, err = e.Text(); err != nil {
		return nil, err
	}
	c.custom, err = s.custom(ctx)
	return c, err
}

// compact returns a value of the node that e encoded last.
func (c *Compact) compact(e *objectgraph.Encoder, v *object.Value, key string) compact {
	if at, ok := e.Place(key); ok {
		return compact{v, uint32(at), uint32(at + len(key))}
	}
	c.keys = append(c.keys, key)
	return compact{v, uint32(len(c.keys) - 1), 0}
}

// Len returns the number of tensors.
func (c *Compact) Len() int { return len(c.custom) + len(c.all) + len(c.opaque) + 1 }

// AddTo adds the tensors to w, as [Add] does without a sharding function.
func (c *Compact) AddTo(w format.Writer) error {
	files := make(map[string]int)
	for i := range c.custom {
		if err := c.custom[i].addCustom(w, files); err != nil {
			return err
		}
	}
	for _, list := range [][]compact{c.all, c.opaque} {
		for _, t := range list {
			if err := w.Add(len(files), c.key(t), t.value.Source()); err != nil {
				return err
			}
		}
	}
	return w.Add(len(files), objectgraph.GraphKey, format.SourceOf(tensor.Scalar(c.text)))
}

func (c *Compact) key(t compact) string {
	if t.to == 0 {
		return c.keys[t.from]
	}
	return c.text[t.from:t.to]
}
