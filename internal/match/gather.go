package match

import (
	"fmt"
	"slices"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/transfer"
)

// gather plans the assignments of a stored node's tensors to the values of its counterpart.
func (m *matcher) gather(at pair) {
	if m.gatherCustom(at) {
		return
	}
	if unused := Assign(m.plan, &m.r.stored.Nodes[at.stored], at.node); len(unused) > 0 {
		if m.bound.key(at.stored) != at.node.Key() { // a further object: the first one may have taken the tensors
			m.misfits = append(m.misfits, at)
			return
		}
		if m.unused == nil {
			m.unused = make(map[int][]string)
		}
		m.unused[at.stored] = unused
	}
}

// Assign plans that n takes the tensors of a stored node. It returns the stored attributes if n has none of them.
func Assign(p *transfer.Plan, stored *objectgraph.Node, n *object.Node) (unused []string) {
	if len(stored.Attributes) == 0 {
		return nil
	}
	used := false
	for i := range n.Values {
		key, ok := attributeKey(stored.Attributes, n.Values[i].Attribute())
		if ok {
			used = true
			p.Assign(n, &n.Values[i], key, nil)
		} else if n.Done() != nil {
			p.Problem(n, "", fmt.Sprintf("the checkpoint has no tensor %q for this object, only %q", n.Values[i].Attribute(), attributeNames(stored.Attributes)))
		}
	}
	if used {
		return nil
	}
	return attributeNames(stored.Attributes)
}

// gatherCustom plans that a custom saver restores an object. It reports whether one handles the object
// (CheckpointPosition.gather_ops_or_named_saveables).
func (m *matcher) gatherCustom(at pair) bool {
	stored := &m.r.stored.Nodes[at.stored]
	if stored.Saver == nil {
		if at.node.Saver() == nil || len(stored.Attributes) == 0 {
			return false
		}
		m.plan.AssignCustom(at.node.Saver(), stored.Attributes[0].Key, at.node)
		return true
	}
	savers := m.r.opts.Savers
	i := slices.IndexFunc(savers, func(s *object.Saver) bool { return s.Name == stored.Saver.Name })
	switch {
	case i < 0:
		m.r.opts.Logger.Warn(fmt.Sprintf("Registered saver %s was not found when restoring checkpoints.", stored.Saver.Name),
			"checkpoint", m.r.path, "object", at.node.Path())
	case at.node.Obj.CanAddr() && savers[i].Match(at.node.Obj.Addr().Interface()):
		m.plan.AssignCustom(savers[i], stored.Saver.ObjectName, at.node)
	case !savers[i].Lenient:
		m.plan.Problem(at.node, stored.Saver.ObjectName, fmt.Sprintf("it was saved with the registered saver %s, which does not match a %v", stored.Saver.Name, at.node.Key().Type))
	}
	return true
}

// attributeKey returns the key of the tensor with the given name within an object. The attribute may be stored under a prefix of
// the name: older objects list one attribute for several tensors, which have its key with suffixes (saveable_compat.py: lookup
// tables, dataset iterators).
func attributeKey(attributes []objectgraph.Attribute, name string) (string, bool) {
	escaped := objectgraph.Escape(name)
	for _, a := range attributes {
		if a.Name == escaped {
			return a.Key, true
		}
	}
	for _, a := range attributes {
		if a.Name != "" && a.Name != object.VariableAttribute && len(name) > len(a.Name) && name[:len(a.Name)] == a.Name {
			return a.Key + name[len(a.Name):], true
		}
	}
	return "", false
}

func attributeNames(attributes []objectgraph.Attribute) []string {
	names := make([]string, len(attributes))
	for i, a := range attributes {
		names[i] = a.Name
	}
	return names
}

// repeats reports whether the object bound to p has taken the values of another stored node.
func (m *matcher) repeats(p pair) bool {
	if len(m.r.stored.Nodes[p.stored].Attributes) == 0 || len(p.node.Values) == 0 || m.bound.key(p.stored) != p.node.Key() {
		return false
	}
	return p.node.Reached || m.history != nil && m.r.id == m.history.Last(p.node.Key())
}

// checkDoubles records values with objects that already took other values. If their shape or dtype differs, the object was not
// saved with them, so they are problems.
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
			if a.Name != object.VariableAttribute || first[p.node.Key()] == a.Key {
				continue
			}
			m.doubled[p.stored] = true
			if key, ok := first[p.node.Key()]; ok {
				if err := m.compare(p.node, key, a.Key); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// compare adds a problem to the plan if two stored tensors for one object differ in shape or dtype.
func (m *matcher) compare(n *object.Node, key, other string) error {
	a, found, err := m.plan.Reader().Lookup(key)
	if err != nil || !found {
		return nil // the check of the plan reports it
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
