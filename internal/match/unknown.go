package match

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// unknown returns the passed values that lie inside matched objects, with hints.
//
// A value lies inside an object if the object matches the stored node that has the value as a child, and the
// object has values too. The object computes something from its values, so a value that it lacks would change
// the result. A map, such as a Group, has only the names that the program needs. Integers without axes are
// counters, and no layer computes with them.
//
// So does a variable for which the program has an object of another kind.
func (m *matcher) unknown() (paths, hints []string, err error) {
	if len(m.passed)+len(m.unused)+len(m.misfits) == 0 || m.r.opts.IgnoreUnknown {
		return nil, nil, nil
	}
	u := &unknowns{matcher: m, keys: m.plan.Keys(), own: make(map[*object.Node]map[string]bool)}
	seen, said := make(map[int]bool), make(map[string]bool)
	add := func(id int, reason string) {
		if reason == "" || seen[id] {
			return
		}
		seen[id] = true
		paths = append(paths, m.r.userPath(id))
		if !said[reason] && len(hints) < maxHints {
			said[reason] = true
			hints = append(hints, reason)
		}
	}
	for _, v := range m.passed {
		id := m.r.stored.Nodes[v.stored].Children[v.child].ID
		reason, err := u.reason(v, id)
		if err != nil {
			return nil, nil, err
		}
		add(id, reason)
	}
	misfit := func(id int, n *object.Node) {
		names := attributeNames(m.r.stored.Nodes[id].Attributes)
		add(id, fmt.Sprintf("%s is a value in the checkpoint (%s), but not in the model", describeObject(n), strings.Join(names, ", ")))
	}
	for _, id := range sortedIDs(m.unused) {
		if n := m.w.Graph().Lookup(m.bound.key(id)); n != nil {
			misfit(id, n)
		}
	}
	for _, p := range m.misfits {
		misfit(p.stored, p.node)
	}
	if len(paths) > 0 {
		hints = append(hints, "IgnoreUnknown() loads without them")
	}
	return paths, hints, nil
}

// unknowns decides which passed values matter.
type unknowns struct {
	*matcher
	keys   map[object.Identity]string
	own    map[*object.Node]map[string]bool // the keys that an object's values take
	loaded map[int]bool                     // stored objects with values that a layout used
	values map[int]bool                     // stored nodes with values at or below them that nothing has taken
}

// reason returns why the passed child id matters and what to do about it, or "" if it does not matter.
func (u *unknowns) reason(v passed, id int) (string, error) {
	name := u.r.stored.Nodes[v.stored].Children[v.child].Name
	if u.r.start == 0 && v.stored == 0 && name == object.SaveCounter || u.taken(v, id) {
		return "", nil
	}
	if v.field {
		if !u.leadsToValues(id) {
			return "", nil
		}
		e := v.node.Find(name)
		return fmt.Sprintf("%s is nil, and its type %v cannot be allocated: set it before loading", fieldOf(v.node, e.GoStep()), e.From().Type()), nil
	}
	direct := len(u.r.stored.Nodes[id].Attributes) > 0
	if !direct && !((adapter(name) || name == parametrizations) && u.leadsToValues(id)) {
		return "", nil
	}
	var declared object.Undeclared
	if u.r.opts.Undeclared != nil {
		declared = u.r.opts.Undeclared(v.node.Obj, name)
	}
	switch {
	case declared.Ignored:
		return "", nil
	case declared.Field != "" && declared.Trackable:
		return fmt.Sprintf("%s (%v) is not tracked: the tag `ckpt:%s` makes it a variable", fieldOf(v.node, "."+declared.Field), declared.Type, strconv.Quote(name)), nil
	case declared.Field != "":
		return fmt.Sprintf("%s (%v) cannot hold the value: use a tensor, or the tag `ckpt:\"-\"` if it is not needed", fieldOf(v.node, "."+declared.Field), declared.Type), nil
	case !u.hasOwn(v):
		return "", nil
	}
	if direct {
		if counts, err := u.counts(id); err != nil || counts {
			return "", err
		}
	}
	switch kind := v.node.Obj.Kind(); {
	case name == parametrizations:
		return fmt.Sprintf("%s does not apply PyTorch's parametrizations: call torch.nn.utils.parametrize.remove_parametrizations on the module before saving it", describeObject(v.node)), nil
	case adapter(name):
		return fmt.Sprintf("%s does not apply the adapter %q: merge it into the weights before saving", describeObject(v.node), name), nil
	case kind == reflect.Slice || kind == reflect.Array:
		return fmt.Sprintf("%s has %d elements, but none for %q", describeObject(v.node), v.node.Obj.Len(), name), nil
	case len(v.node.Values) > 0:
		return fmt.Sprintf("%s is a single value and cannot hold %q", describeObject(v.node), name), nil
	}
	return fmt.Sprintf("%s has no field for %q: declare one, with the tag `ckpt:\"-\"` if it is not needed", describeObject(v.node), name), nil
}

// parametrizations is the name under which PyTorch keeps the tensors from which it computes a module's values.
const parametrizations = "parametrizations"

// adapter reports whether name belongs to a low-rank adapter, which changes the results of its layer.
func adapter(name string) bool { return strings.HasPrefix(strings.ToLower(name), "lora_") }

// taken reports whether the program has the value elsewhere. A further object for a stored node must have the value itself.
func (u *unknowns) taken(v passed, id int) bool {
	if u.r.opts.Layouts.used(id) {
		return true
	}
	if u.bound.key(v.stored) == v.node.Key() {
		return u.bound.has(id)
	}
	return slices.ContainsFunc(u.r.stored.Nodes[id].Attributes, func(a objectgraph.Attribute) bool { return u.ownKeys(v.node)[a.Key] })
}

// hasOwn reports whether the object of v takes values itself, or could. If all of its values are optional, none of them is
// reported as missing instead.
func (u *unknowns) hasOwn(v passed) bool {
	if v.node.Obj.Kind() == reflect.Map {
		return false
	}
	if u.loaded == nil {
		u.loaded = make(map[int]bool)
		for _, a := range u.r.opts.Layouts.Applied() {
			u.loaded[a.Object] = u.loaded[a.Object] || len(a.Rule.Own) > 0
		}
	}
	return u.loaded[v.stored] || len(v.node.Values) > 0 || len(u.ownKeys(v.node)) > 0 || onlyOptional(v.node)
}

// onlyOptional reports whether an object has values below it, each directly below it and optional.
func onlyOptional(n *object.Node) bool {
	required := func(e object.Edge) bool { return e.Node == nil || len(e.Node.Values) == 0 || !e.Opt.Optional }
	return len(n.Edges) > 0 && !slices.ContainsFunc(n.Edges, required)
}

func (u *unknowns) ownKeys(n *object.Node) map[string]bool {
	if keys, ok := u.own[n]; ok {
		return keys
	}
	keys := make(map[string]bool)
	add := func(n *object.Node) {
		if key, ok := u.keys[n.Key()]; ok {
			keys[key] = true
		}
	}
	add(n)
	for i := range n.Edges {
		if to := n.Edges[i].Node; to != nil && to.Done() == nil {
			add(to)
		}
	}
	u.own[n] = keys
	return keys
}

// counts reports whether a stored value is a scalar integer.
func (u *unknowns) counts(id int) (bool, error) {
	for _, a := range u.r.stored.Nodes[id].Attributes {
		e, found, err := u.plan.Reader().Lookup(a.Key)
		if err != nil {
			return false, fmt.Errorf("ckpt: %w", err)
		}
		if !found || len(e.Shape) > 0 || e.DType != tensor.DTInt64 && e.DType != tensor.DTInt32 {
			return false, nil
		}
	}
	return true, nil
}

// leadsToValues reports whether a stored node or one below it has a value that no object of the program has.
func (u *unknowns) leadsToValues(id int) bool {
	if u.values == nil {
		u.values = make(map[int]bool)
		from := make(map[int][]int)
		for id := range u.r.stored.Nodes {
			for _, c := range u.r.stored.Nodes[id].Children {
				from[c.ID] = append(from[c.ID], id)
			}
		}
		queue := u.r.unresolved(&u.found)
		for ; len(queue) > 0; queue = queue[1:] {
			if !u.values[queue[0]] {
				u.values[queue[0]] = true
				queue = append(queue, from[queue[0]]...)
			}
		}
	}
	return u.values[id]
}
