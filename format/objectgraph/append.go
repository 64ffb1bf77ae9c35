package objectgraph

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Marshal returns the bytes that TensorFlow writes for g. g must have passed Graph.Check.
func (g *Graph) Marshal() []byte { return g.Append(nil) }

// Append appends the result of Marshal to b.
//
// The encoding is the deterministic one of protocol buffers: the fields are in the order of their numbers, and zero numbers and
// empty strings are omitted.
func (g *Graph) Append(b []byte) []byte {
	b = slices.Grow(b, g.size())
	for i := range g.Nodes {
		b = appendNode(b, &g.Nodes[i])
	}
	return b
}

// Text returns the result of Marshal as a string, without copying it.
func (g *Graph) Text() string {
	var out strings.Builder
	out.Grow(g.size())
	var buf []byte
	for i := range g.Nodes {
		n := &g.Nodes[i]
		buf = appendNode(slices.Grow(buf[:0], sizeMessage(graphNodes, sizeNode(n))), n)
		out.Write(buf)
	}
	return out.String()
}

func (g *Graph) size() (total int) {
	for i := range g.Nodes {
		total += sizeMessage(graphNodes, sizeNode(&g.Nodes[i]))
	}
	return total
}

func sizeNode(n *Node) (size int) {
	for _, c := range n.Children {
		size += sizeMessage(nodeChildren, sizeChild(c))
	}
	for _, a := range n.Attributes {
		size += sizeMessage(nodeAttributes, sizeAttribute(a))
	}
	for _, s := range n.Slots {
		size += sizeMessage(nodeSlots, sizeSlot(s))
	}
	if n.Saver != nil {
		size += sizeMessage(nodeSaver, sizeSaver(*n.Saver))
	}
	if n.HasValues != nil {
		size += sizeMessage(nodeHasValues, sizeInt(boolValue, toInt(*n.HasValues)))
	}
	return size
}

func appendNode(b []byte, n *Node) []byte {
	b = appendLength(b, graphNodes, sizeNode(n))
	for _, c := range n.Children {
		b = appendLength(b, nodeChildren, sizeChild(c))
		b = appendInt(b, childID, c.ID)
		b = appendString(b, childName, c.Name)
	}
	for _, a := range n.Attributes {
		b = appendLength(b, nodeAttributes, sizeAttribute(a))
		b = appendString(b, attributeName, a.Name)
		b = appendString(b, attributeFullName, a.FullName)
		b = appendString(b, attributeKey, a.Key)
	}
	for _, s := range n.Slots {
		b = appendLength(b, nodeSlots, sizeSlot(s))
		b = appendInt(b, slotOriginal, s.Original)
		b = appendString(b, slotName, s.Name)
		b = appendInt(b, slotVariable, s.Variable)
	}
	if s := n.Saver; s != nil {
		b = appendLength(b, nodeSaver, sizeSaver(*s))
		b = appendString(b, saverName, s.Name)
		b = appendString(b, saverObjectName, s.ObjectName)
	}
	if v := n.HasValues; v != nil {
		b = appendLength(b, nodeHasValues, sizeInt(boolValue, toInt(*v)))
		b = appendInt(b, boolValue, toInt(*v))
	}
	return b
}

func sizeChild(c Child) int { return sizeInt(childID, c.ID) + sizeString(childName, c.Name) }

func sizeAttribute(a Attribute) int {
	return sizeString(attributeName, a.Name) + sizeString(attributeFullName, a.FullName) + sizeString(attributeKey, a.Key)
}

func sizeSlot(s Slot) int {
	return sizeInt(slotOriginal, s.Original) + sizeString(slotName, s.Name) + sizeInt(slotVariable, s.Variable)
}

func sizeSaver(s RegisteredSaver) int {
	return sizeString(saverName, s.Name) + sizeString(saverObjectName, s.ObjectName)
}

func toInt(v bool) int {
	if v {
		return 1
	}
	return 0
}

func sizeMessage(num protowire.Number, size int) int {
	return protowire.SizeTag(num) + protowire.SizeBytes(size)
}

func appendLength(b []byte, num protowire.Number, size int) []byte {
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return protowire.AppendVarint(b, uint64(size))
}

func appendInt(b []byte, num protowire.Number, v int) []byte {
	if v == 0 {
		return b
	}
	b = protowire.AppendTag(b, num, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(v))
}

func sizeInt(num protowire.Number, v int) int {
	if v == 0 {
		return 0
	}
	return protowire.SizeTag(num) + protowire.SizeVarint(uint64(v))
}

func appendString(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return protowire.AppendString(b, s)
}

func sizeString(num protowire.Number, s string) int {
	if s == "" {
		return 0
	}
	return protowire.SizeTag(num) + protowire.SizeBytes(len(s))
}
