package gen

import (
	"reflect"
	"strings"

	"github.com/gockpt/ckpt/tensor"
)

// findPointers finds the fields that must be pointers: those that lead to an object with several parents.
func (w *writer) findPointers() {
	g := w.graph
	w.pointers = make(map[int][]bool)
	for _, id := range g.order {
		n := &g.nodes[id]
		class := g.like[id]
		if w.pointers[class] == nil {
			w.pointers[class] = make([]bool, max(len(n.edges), 1))
		}
		for i, e := range n.edges {
			if n.kind == kindList || n.kind == kindDict {
				i = 0
			}
			to := &g.nodes[e.to]
			if (to.holds > 1 || n.kind == kindDict) && to.kind != kindList && to.kind != kindDict {
				w.pointers[class][i] = true
			}
		}
	}
}

// goType returns the type of an object.
func (w *writer) goType(id int) string {
	n := &w.graph.nodes[id]
	if name, ok := w.types[w.graph.like[id]]; ok {
		return name
	}
	return w.underlying(n, w.graph.like[id])
}

// underlying returns the type of an object without a named type.
func (w *writer) underlying(n *node, class int) string {
	switch n.kind {
	case kindVariable:
		w.tensor = true
		return tensorType(n.values[0].dtype)
	case kindTable:
		w.ckpt = true
		key, value := elementType(n.values[0].dtype), elementType(n.values[1].dtype)
		w.tensor = w.tensor || strings.HasPrefix(value, "tensor.")
		return "ckpt.Table[" + key + ", " + value + "]"
	case kindState:
		w.state = true
		return "State"
	case kindLayer:
		w.layers = true
		return n.layer.goType
	case kindList:
		return "[]" + w.edgeType(class, 0, n.edges[0].to)
	case kindDict:
		return "map[string]" + w.edgeType(class, 0, n.edges[0].to)
	}
	return "struct{}"
}

func (w *writer) edgeType(class, edge, to int) string {
	if w.pointers[class][edge] {
		return "*" + w.goType(to)
	}
	return w.goType(to)
}

// tensorType returns the type of tensors of a dtype.
func tensorType(d tensor.DType) string {
	if _, err := tensor.Zero(d); err != nil {
		return "tensor.Any"
	}
	return "tensor.Tensor[" + elementType(d) + "]"
}

// elementType returns the Go type of a dtype's elements. The dtype must have one.
func elementType(d tensor.DType) string {
	element, err := tensor.Zero(d)
	if err != nil {
		return "any"
	}
	return reflect.TypeOf(element.Values()).Elem().String()
}
