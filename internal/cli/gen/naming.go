package gen

import (
	"strings"
)

// name names every class that becomes a declared type, after the first edge that leads to one of its objects, and names every field.
func (w *writer) name() {
	g := w.graph
	w.types, w.fields = make(map[int]string), make(map[int][]string)
	taken := make(namer)
	taken.take("State", "Slots")
	if w.root = w.Type; w.root == "" {
		w.root = "Model"
		for _, e := range g.nodes[g.start].edges {
			if n := &g.nodes[e.to]; e.name == "model" && n.kind == kindGroup {
				w.root = "Training"
			}
		}
	}
	w.root = taken.pick(w.root)
	taken.take("New" + w.root)
	w.types[g.like[g.start]] = w.root
	names := map[int]string{g.start: w.root} // names of objects, as hints for the types of their children
	for _, id := range g.order {
		n := &g.nodes[id]
		class := g.like[id]
		if _, named := w.types[class]; !named && (n.kind == kindGroup || n.kind == kindTensors) {
			name := names[id]
			if class := w.className(id); class != "" {
				name = class
			}
			w.types[class] = taken.pick(goName(name, ""))
		}
		for _, e := range n.edges {
			if names[e.to] != "" {
				continue
			}
			names[e.to] = e.name
			if n.kind == kindList || n.kind == kindDict || isNumber(e.name) {
				names[e.to] = singular(names[id])
			}
		}
		if w.fields[class] == nil {
			w.fields[class] = w.fieldNames(n)
		}
	}
}

// className returns the part of Keras's names that comes from an object's class: block in block_1. Only the names of the variables
// in its layers contain it.
func (w *writer) className(id int) string {
	g := w.graph
	if len(g.members[g.like[id]]) == 1 {
		return ""
	}
	name := ""
	for _, e := range g.nodes[id].edges {
		l := g.nodes[e.to].layer
		if l == nil {
			continue
		}
		if len(l.path) < 2 || name != "" && name != l.path[len(l.path)-2] {
			return ""
		}
		name = l.path[len(l.path)-2]
	}
	if bare := strings.TrimRight(name, "0123456789"); strings.HasSuffix(bare, "_") {
		return strings.TrimSuffix(bare, "_")
	}
	return name
}

func (w *writer) fieldNames(n *node) []string {
	taken := make(namer)
	if n.kind == kindTensors || len(n.slots) > 0 {
		taken.take("CheckpointTensors", "SetCheckpointTensors", "SlotNames", "Slot", "CreateSlot", "Slots")
	}
	names := []string{}
	for _, e := range n.edges {
		hint := ""
		if l := w.graph.nodes[e.to].layer; l != nil {
			hint = l.name()
			if hint == "" {
				hint = strings.TrimPrefix(l.goType, "layers.") + e.name
			}
		}
		names = append(names, taken.pick(goName(e.name, hint)))
	}
	for _, v := range n.values {
		names = append(names, taken.pick(goName(v.name, "")))
	}
	return names
}
