package byname

import (
	"strings"

	"github.com/gockpt/ckpt/internal/object"
)

// name returns the name under which the checkpoint has the variable n.
func (r *Restoration) name(n *object.Node) string {
	return strings.TrimSuffix(r.opts.Scope+n.GlobalName(), ":0")
}

// findMoved finds variables that append, or a similar copy, moved with their restored values. They are not looked up again,
// because that would assign the checkpoint's values a second time.
func (m *matcher) findMoved() {
	g := m.w.Graph()
	moves := object.NewMoves()
	before, named := make(map[object.Identity]kept), make(map[string]kept)
	for _, k := range m.r.keep {
		key := object.IdentityOf(k.obj, nil, nil)
		if m.seen[key] && g.Lookup(key) == nil {
			moves.Took(k.obj)
			before[key], named[k.name] = k, k
		}
	}
	if len(before) == 0 {
		return
	}
	m.moved = make(map[*object.Node]bool)
	moved, others := moves.Split(g.Nodes, func(n *object.Node) bool {
		_, seen := m.seen[n.Key()]
		return seen || len(n.Values) != 1
	})
	for _, n := range moved {
		m.moved[n] = true
	}
	for _, n := range others {
		was, ok := before[moves.Before(n)]
		if !ok { // a zero variable may be new
			was, ok = named[m.r.name(n)]
			ok = ok && n.Obj.IsValid() && !n.Obj.IsZero()
		}
		if ok && object.Moved(was.obj, n.Obj) {
			m.moved[n] = true
		}
	}
}
