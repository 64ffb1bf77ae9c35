package match

import (
	"fmt"

	"github.com/gockpt/ckpt/internal/object"
)

// repeats reports whether the object of p, which was bound to it, has taken the values of another stored node.
func (m *matcher) repeats(p pair) bool {
	if len(m.r.stored.Nodes[p.stored].Attributes) == 0 || len(p.node.Values) == 0 || m.bound.key(p.stored) != p.node.Key {
		return false
	}
	return p.node.Reached || m.history != nil && m.r.id == m.history.Last(p.node.Key)
}

// checkDoubles records the values that found their objects taken. Those of another shape or dtype cannot be what the object was
// saved as, so that they are problems.
func (m *matcher) checkDoubles() error {
	if len(m.doubles) == 0 {
		return nil
	}
	first := m.plan.Keys()
	if m.doubled == nil {
		m.doubled = make(map[int]bool, len(m.doubles))
	}
	for _, p := range m.doubles {
		for _, a := range m.r.stored.Nodes[p.stored].Attributes {
			if a.Name != object.VariableAttribute || first[p.node.Key] == a.Key {
				continue
			}
			m.doubled[p.stored] = true
			if key, ok := first[p.node.Key]; ok {
				if err := m.compare(p.node, key, a.Key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// compare adds a problem to the plan where two stored tensors for one object do not have one shape and dtype.
func (m *matcher) compare(n *object.Node, key, other string) error {
	a, found, err := m.plan.Reader().Lookup(key)
	if err != nil || !found {
		return nil // the check of the plan says so
	}
	b, found, err := m.plan.Reader().Lookup(other)
	switch {
	case err != nil:
		return fmt.Errorf("ckpt: %w", err)
	case !found || a.DType == b.DType && a.Shape.Equal(b.Shape):
		return nil
	}
	m.plan.Problem(n, other, fmt.Sprintf("the checkpoint has two variables for one object of the program: %v %v here, %v %v under %q", b.DType, b.Shape, a.DType, a.Shape, key))
	return nil
}
