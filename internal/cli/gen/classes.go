package gen

import (
	"fmt"
	"slices"
	"strings"
)

// A classifier puts objects that can share a Go type into one class. It begins with objects without children, and continues with
// objects that hold only objects of known classes. It distinguishes objects on cycles by their children, round by round.
type classifier struct {
	*graph
	holders [][]int        // object → its parents, once per edge
	left    []int          // object → the number of its edges to objects without a class
	ready   []int          // objects without a class that hold only objects with one
	classes map[string]int // result of describe → class
	count   int
}

// unknown is the class of an object that is not yet classified.
const unknown = -1

// classify sets like and members. Containers of several classes become structs.
func (g *graph) classify() {
	c := &classifier{graph: g, holders: make([][]int, len(g.nodes)), left: make([]int, len(g.nodes)), classes: make(map[string]int)}
	g.like = slices.Repeat([]int{unknown}, len(g.nodes))
	for _, id := range g.order {
		for _, e := range g.nodes[id].edges {
			c.holders[e.to] = append(c.holders[e.to], id)
		}
		if c.left[id] = len(g.nodes[id].edges); c.left[id] == 0 {
			c.ready = append(c.ready, id)
		}
	}
	c.climb()
	if cyclic := slices.DeleteFunc(slices.Clone(g.order), func(id int) bool { return g.like[id] != unknown || !g.cycles[id] }); len(cyclic) > 0 {
		c.refine(cyclic)
		c.climb()
	}
	g.members = make(map[int][]int)
	for _, id := range g.order {
		g.members[g.like[id]] = append(g.members[g.like[id]], id)
	}
}

// climb classifies the objects that are ready and those that then become ready.
func (c *classifier) climb() {
	for ; len(c.ready) > 0; c.ready = c.ready[1:] {
		id := c.ready[0]
		if n := &c.nodes[id]; n.kind == kindList || n.kind == kindDict {
			first := c.like[n.edges[0].to]
			if slices.ContainsFunc(n.edges, func(e edge) bool { return c.like[e.to] != first }) {
				n.kind = kindGroup
			}
		}
		key := c.describe(id)
		class, ok := c.classes[key]
		if !ok {
			class = c.count
			c.classes[key] = class
			c.count++
		}
		c.settle(id, class)
	}
}

// settle sets the class of an object.
func (c *classifier) settle(id, class int) {
	c.like[id] = class
	for _, h := range c.holders[id] {
		if c.left[h]--; c.left[h] == 0 && c.like[h] == unknown {
			c.ready = append(c.ready, h)
		}
	}
}

// maxRounds bounds how often refine compares objects. In a ring of equal objects except one, each round distinguishes one more.
const maxRounds = 64

// refine classifies objects on cycles. It begins with one class, and splits classes with different children until nothing changes. If
// that takes too many rounds, each object gets a separate class.
func (c *classifier) refine(ids []int) {
	classes := 1
	settled := false
	for range maxRounds {
		found, next := make(map[string]int), make([]int, len(ids))
		for i, id := range ids {
			key := fmt.Sprint(c.like[id], " ", c.describe(id))
			class, ok := found[key]
			if !ok {
				class = c.count + len(found)
				found[key] = class
			}
			next[i] = class
		}
		for i, id := range ids {
			c.like[id] = next[i]
		}
		if settled = len(found) == classes; settled {
			break
		}
		classes = len(found)
	}
	if !settled {
		classes = len(ids)
		for i, id := range ids {
			c.like[id] = c.count + i
		}
	}
	c.count += classes
	for _, id := range ids {
		c.classes[c.describe(id)] = c.like[id]
		c.settle(id, c.like[id])
	}
}

// describe returns the properties that define an object's class, as far as the classes of its children are known.
func (c *classifier) describe(id int) string {
	n := &c.nodes[id]
	var b strings.Builder
	fmt.Fprint(&b, n.kind)
	fmt.Fprintf(&b, " %q", n.slots)
	for _, v := range n.values {
		fmt.Fprintf(&b, " %q%v", v.name, v.dtype)
	}
	if n.layer != nil {
		b.WriteString(n.layer.goType)
	}
	if n.kind == kindList || n.kind == kindDict { // all elements are of one class
		fmt.Fprint(&b, " ", c.like[n.edges[0].to])
		return b.String()
	}
	for _, e := range n.edges {
		fmt.Fprintf(&b, " %q%q%d", e.name, e.also, c.like[e.to])
	}
	return b.String()
}

// cyclic returns the objects on cycles and between two cycles. It repeatedly removes objects without children, then objects without
// parents, and returns the rest.
func (g *graph) cyclic() []bool {
	down, up := make([]int, len(g.nodes)), make([]int, len(g.nodes))
	holders := make([][]int, len(g.nodes))
	on := make([]bool, len(g.nodes))
	for _, id := range g.order {
		on[id] = true
		for _, e := range g.nodes[id].edges {
			down[id]++
			up[e.to]++
			holders[e.to] = append(holders[e.to], id)
		}
	}
	var queue []int
	take := func(id int, left []int) {
		if left[id]--; left[id] == 0 && on[id] {
			on[id] = false
			queue = append(queue, id)
		}
	}
	for _, id := range g.order {
		if down[id] == 0 || up[id] == 0 {
			on[id] = false
			queue = append(queue, id)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		id := queue[0]
		for _, h := range holders[id] {
			take(h, down)
		}
		for _, e := range g.nodes[id].edges {
			take(e.to, up)
		}
	}
	return on
}
