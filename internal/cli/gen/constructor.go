package gen

import (
	"bytes"
	"fmt"
)

// constructor returns the function that makes the first type, with the layers' options that follow from the checkpoint.
func (w *writer) constructor() []byte {
	g := w.graph
	c := &constructor{writer: w, needed: w.withOptions(), made: make(map[int]string)}
	n := &g.nodes[g.start]
	var out bytes.Buffer
	fmt.Fprintf(&out, "// New%s returns a %s for ckpt.LoadWeights.\nfunc New%s() *%s {\n", w.root, w.root, w.root, w.root)
	switch {
	case !c.needed[g.start]:
		fmt.Fprintf(&out, "\treturn new(%s)\n}\n\n", w.root)
		return out.Bytes()
	case n.kind == kindLayer:
		fmt.Fprintf(&out, "\treturn &%s\n}\n\n", n.layer.literal())
		return out.Bytes()
	case n.kind == kindGroup:
		c.made[g.start] = "m"
		c.fill(g.start, "m")
	default:
		c.fill(g.start, "(*m)")
	}
	fmt.Fprintf(&out, "\tm := new(%s)\n", w.root)
	out.Write(c.body.Bytes())
	out.WriteString("\treturn m\n}\n\n")
	return out.Bytes()
}

// withOptions returns the layers with options, and the objects that hold such layers.
func (w *writer) withOptions() []bool {
	g := w.graph
	needed := make([]bool, len(g.nodes))
	holders := make([][]int, len(g.nodes))
	var queue []int
	for _, id := range g.order {
		for _, e := range g.nodes[id].edges {
			holders[e.to] = append(holders[e.to], id)
		}
		if l := g.nodes[id].layer; l != nil && l.options != "" {
			needed[id] = true
			queue = append(queue, id)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, up := range holders[queue[0]] {
			if !needed[up] {
				needed[up] = true
				queue = append(queue, up)
			}
		}
	}
	return needed
}

// A constructor writes a constructor's statements.
type constructor struct {
	*writer
	needed []bool
	made   map[int]string // objects behind pointers → the first expression for them
	body   bytes.Buffer
}

// fill writes the statements that initialize the existing object at expr.
func (c *constructor) fill(id int, expr string) {
	n, class := &c.graph.nodes[id], c.graph.like[id]
	switch n.kind {
	case kindLayer:
		fmt.Fprintf(&c.body, "\t%s = %s\n", expr, n.layer.literal())
	case kindGroup:
		for i, e := range n.edges {
			c.place(e.to, expr+"."+c.fields[class][i], c.pointers[class][i])
		}
	case kindList:
		fmt.Fprintf(&c.body, "\t%s = make(%s, %d)\n", expr, c.underlying(n, class), len(n.edges))
		for i, e := range n.edges {
			c.place(e.to, fmt.Sprintf("%s[%d]", expr, i), c.pointers[class][0])
		}
	case kindDict:
		fmt.Fprintf(&c.body, "\t%s = make(%s)\n", expr, c.underlying(n, class))
		for _, e := range n.edges {
			c.place(e.to, fmt.Sprintf("%s[%q]", expr, e.name), c.pointers[class][0])
		}
	}
}

// place makes the object at expr if it must be initialized.
func (c *constructor) place(id int, expr string, pointer bool) {
	if !c.needed[id] {
		return
	}
	if !pointer {
		c.fill(id, expr)
		return
	}
	if first, ok := c.made[id]; ok {
		fmt.Fprintf(&c.body, "\t%s = %s\n", expr, first)
		return
	}
	c.made[id] = expr
	if l := c.graph.nodes[id].layer; l != nil {
		fmt.Fprintf(&c.body, "\t%s = &%s\n", expr, l.literal())
		return
	}
	fmt.Fprintf(&c.body, "\t%s = new(%s)\n", expr, c.goType(id))
	c.fill(id, expr)
}
