package objectgraph

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/pb"
)

// The field numbers of TrackableObjectGraph and its messages (trackable_object_graph.proto).
const (
	graphNodes protowire.Number = 1

	nodeChildren   protowire.Number = 1
	nodeAttributes protowire.Number = 2
	nodeSlots      protowire.Number = 3
	nodeSaver      protowire.Number = 4
	nodeHasValues  protowire.Number = 5

	childID   protowire.Number = 1
	childName protowire.Number = 2

	attributeName     protowire.Number = 1
	attributeFullName protowire.Number = 2
	attributeKey      protowire.Number = 3

	slotOriginal protowire.Number = 1
	slotName     protowire.Number = 2
	slotVariable protowire.Number = 3

	saverName       protowire.Number = 1
	saverObjectName protowire.Number = 2

	boolValue protowire.Number = 1
)

// Parse decodes data, the value of the tensor at GraphKey. Errors satisfy errors.Is(err, format.ErrCorrupt). Graph.Check
// lists them.
func Parse(data []byte) (*Graph, error) {
	var p parser
	if err := p.parse(data); err != nil {
		return nil, err
	}
	g := &Graph{Nodes: p.nodes}
	if err := g.Check(); err != nil {
		return nil, err
	}
	return g, nil
}

// A parser makes a graph in two passes. The first pass finds every error in the encoding and counts the elements. The second
// pass fills arrays of exactly that size and cannot fail.
type parser struct {
	nodes      []Node
	children   []Child
	attributes []Attribute
	slots      []Slot
	savers     []RegisteredSaver
	values     []bool
	text       strings.Builder // names and keys are parts of it
}

func (p *parser) parse(data []byte) error {
	var nodes, children, attributes, slots, savers, values, text int
	for f, err := range pb.Fields(data) {
		if err != nil {
			return fmt.Errorf("object graph: %w: %w", err, format.ErrCorrupt)
		}
		if !isMessage(f, graphNodes) {
			continue
		}
		c, length, err := countNode(f.Bytes)
		if err != nil {
			return fmt.Errorf("object graph: node %d: %w: %w", nodes, err, format.ErrCorrupt)
		}
		nodes++
		text += length
		children += c[nodeChildren]
		attributes += c[nodeAttributes]
		slots += c[nodeSlots]
		savers += min(c[nodeSaver], 1) // several in one node are merged
		values += min(c[nodeHasValues], 1)
	}
	*p = parser{
		make([]Node, 0, nodes), make([]Child, 0, children), make([]Attribute, 0, attributes),
		make([]Slot, 0, slots), make([]RegisteredSaver, 0, savers), make([]bool, 0, values), strings.Builder{},
	}
	p.text.Grow(text)
	for f := range pb.Fields(data) {
		if isMessage(f, graphNodes) {
			p.node(f.Bytes)
		}
	}
	return nil
}

// countNode returns how often each field of a node occurs and how many bytes of text to keep. It checks the encoding of the
// node's messages.
func countNode(data []byte) (n [nodeHasValues + 1]int, text int, err error) {
	for f, err := range pb.Fields(data) {
		if err != nil {
			return n, text, err
		}
		if f.Type != protowire.BytesType || f.Num > nodeHasValues {
			continue
		}
		n[f.Num]++
		for inner, err := range pb.Fields(f.Bytes) {
			if err != nil {
				return n, text, err
			}
			if f.Num == nodeChildren && isMessage(inner, childName) || f.Num == nodeAttributes && isMessage(inner, attributeKey) {
				text += len(inner.Bytes)
			}
		}
	}
	return n, text, nil
}

// keep returns b as a string. There is room for it.
func (p *parser) keep(b []byte) string {
	at := p.text.Len()
	p.text.Write(b)
	return p.text.String()[at:]
}

// node appends a node. Its lists are parts of the parser's arrays, which have the right size and do not move.
func (p *parser) node(data []byte) {
	var n Node
	child, attribute, slot := len(p.children), len(p.attributes), len(p.slots)
	for f := range pb.Fields(data) {
		switch {
		case isMessage(f, nodeChildren):
			p.children = append(p.children, p.child(f.Bytes))
		case isMessage(f, nodeAttributes):
			p.attributes = append(p.attributes, p.attribute(f.Bytes))
		case isMessage(f, nodeSlots):
			p.slots = append(p.slots, parseSlot(f.Bytes))
		case isMessage(f, nodeSaver):
			if n.Saver == nil {
				p.savers = append(p.savers, RegisteredSaver{})
				n.Saver = &p.savers[len(p.savers)-1]
			}
			mergeSaver(n.Saver, f.Bytes)
		case isMessage(f, nodeHasValues):
			if n.HasValues == nil {
				p.values = append(p.values, false)
				n.HasValues = &p.values[len(p.values)-1]
			}
			mergeBool(n.HasValues, f.Bytes)
		}
	}
	n.Children = run(p.children, child)
	n.Attributes = run(p.attributes, attribute)
	n.Slots = run(p.slots, slot)
	p.nodes = append(p.nodes, n)
}

// run returns the elements of list from start on, or nil if there are none. Appending to the result copies it.
func run[T any](list []T, start int) []T {
	if start == len(list) {
		return nil
	}
	return list[start:len(list):len(list)]
}

func (p *parser) child(data []byte) (c Child) {
	for f := range pb.Fields(data) {
		switch {
		case isNumber(f, childID):
			c.ID = toID(f)
		case isMessage(f, childName):
			c.Name = p.keep(f.Bytes)
		}
	}
	return c
}

func (p *parser) attribute(data []byte) (a Attribute) {
	var fullName []byte
	for f := range pb.Fields(data) {
		switch {
		case isMessage(f, attributeName):
			if a.Name = VariableValue; string(f.Bytes) != VariableValue { // nearly all attributes have this name: do not copy it
				a.Name = string(f.Bytes)
			}
		case isMessage(f, attributeFullName):
			fullName = f.Bytes
		case isMessage(f, attributeKey):
			a.Key = p.keep(f.Bytes)
		}
	}
	if n := len(fullName); n <= len(a.Key) && a.Key[:n] == string(fullName) { // usual: do not copy it
		a.FullName = a.Key[:n]
	} else {
		a.FullName = string(fullName)
	}
	return a
}

func parseSlot(data []byte) (s Slot) {
	for f := range pb.Fields(data) {
		switch {
		case isNumber(f, slotOriginal):
			s.Original = toID(f)
		case isMessage(f, slotName):
			s.Name = string(f.Bytes)
		case isNumber(f, slotVariable):
			s.Variable = toID(f)
		}
	}
	return s
}

// If a single message occurs twice, the two are merged, field by field.

func mergeSaver(s *RegisteredSaver, data []byte) {
	for f := range pb.Fields(data) {
		switch {
		case isMessage(f, saverName):
			s.Name = string(f.Bytes)
		case isMessage(f, saverObjectName):
			s.ObjectName = string(f.Bytes)
		}
	}
}

func mergeBool(v *bool, data []byte) {
	for f := range pb.Fields(data) {
		if isNumber(f, boolValue) {
			*v = f.Number != 0
		}
	}
}

// isMessage reports whether f is field num and a message. It is also true for a string.
func isMessage(f pb.Field, num protowire.Number) bool { return f.Has(num, protowire.BytesType) }
func isNumber(f pb.Field, num protowire.Number) bool  { return f.Has(num, protowire.VarintType) }

// toID returns the lower half of the number, as protocol buffers do for an int32.
func toID(f pb.Field) int { return int(int32(f.Number)) }
