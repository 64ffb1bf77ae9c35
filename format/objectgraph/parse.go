package objectgraph

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gockpt/ckpt/format"
)

// The field numbers of TrackableObjectGraph and what it consists of (trackable_object_graph.proto).
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

// Parse returns the graph that data, the value of the tensor at [GraphKey], describes. The errors satisfy
// errors.Is(err, [format.ErrCorrupt]); what they are is said at [Graph.Check].
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

// A parser makes a graph in two passes. The first finds every error of the encoding and counts; the second fills
// arrays of exactly that size, and cannot fail.
type parser struct {
	nodes      []Node
	children   []Child
	attributes []Attribute
	slots      []Slot
	savers     []RegisteredSaver
	values     []bool
}

func (p *parser) parse(data []byte) error {
	var nodes, children, attributes, slots, savers, values int
	err := each(data, func(f field) error {
		if !f.isMessage(graphNodes) {
			return nil
		}
		id := nodes
		nodes++
		saver, value := 0, 0
		err := each(f.bytes, func(f field) error {
			switch {
			case f.isMessage(nodeChildren):
				children++
			case f.isMessage(nodeAttributes):
				attributes++
			case f.isMessage(nodeSlots):
				slots++
			case f.isMessage(nodeSaver):
				saver = 1
			case f.isMessage(nodeHasValues):
				value = 1
			default:
				return nil
			}
			return each(f.bytes, func(field) error { return nil })
		})
		if err != nil {
			return fmt.Errorf("node %d: %w", id, err)
		}
		savers, values = savers+saver, values+value
		return nil
	})
	if err != nil {
		return fmt.Errorf("object graph: %w: %w", err, format.ErrCorrupt)
	}
	*p = parser{
		make([]Node, 0, nodes), make([]Child, 0, children), make([]Attribute, 0, attributes),
		make([]Slot, 0, slots), make([]RegisteredSaver, 0, savers), make([]bool, 0, values),
	}
	return each(data, func(f field) error {
		if f.isMessage(graphNodes) {
			p.node(f.bytes)
		}
		return nil
	})
}

// node appends a node. Its lists are runs of the parser's arrays, which are of the right size and do not move.
func (p *parser) node(data []byte) {
	var n Node
	child, attribute, slot := len(p.children), len(p.attributes), len(p.slots)
	_ = each(data, func(f field) error {
		switch {
		case f.isMessage(nodeChildren):
			p.children = append(p.children, parseChild(f.bytes))
		case f.isMessage(nodeAttributes):
			p.attributes = append(p.attributes, parseAttribute(f.bytes))
		case f.isMessage(nodeSlots):
			p.slots = append(p.slots, parseSlot(f.bytes))
		case f.isMessage(nodeSaver):
			if n.Saver == nil {
				p.savers = append(p.savers, RegisteredSaver{})
				n.Saver = &p.savers[len(p.savers)-1]
			}
			mergeSaver(n.Saver, f.bytes)
		case f.isMessage(nodeHasValues):
			if n.HasValues == nil {
				p.values = append(p.values, false)
				n.HasValues = &p.values[len(p.values)-1]
			}
			mergeBool(n.HasValues, f.bytes)
		}
		return nil
	})
	n.Children = run(p.children, child)
	n.Attributes = run(p.attributes, attribute)
	n.Slots = run(p.slots, slot)
	p.nodes = append(p.nodes, n)
}

// run returns the elements of list from start on, nil where there are none, so that appending to it copies.
func run[T any](list []T, start int) []T {
	if start == len(list) {
		return nil
	}
	return list[start:len(list):len(list)]
}

func parseChild(data []byte) (c Child) {
	_ = each(data, func(f field) error {
		switch {
		case f.isVarint(childID):
			c.ID = f.int32()
		case f.isMessage(childName):
			c.Name = string(f.bytes)
		}
		return nil
	})
	return c
}

func parseAttribute(data []byte) (a Attribute) {
	_ = each(data, func(f field) error {
		switch {
		case f.isMessage(attributeName):
			if a.Name = VariableValue; string(f.bytes) != VariableValue { // nearly all have this one: no copy of it
				a.Name = string(f.bytes)
			}
		case f.isMessage(attributeFullName):
			a.FullName = string(f.bytes)
		case f.isMessage(attributeKey):
			a.Key = string(f.bytes)
		}
		return nil
	})
	return a
}

func parseSlot(data []byte) (s Slot) {
	_ = each(data, func(f field) error {
		switch {
		case f.isVarint(slotOriginal):
			s.Original = f.int32()
		case f.isMessage(slotName):
			s.Name = string(f.bytes)
		case f.isVarint(slotVariable):
			s.Variable = f.int32()
		}
		return nil
	})
	return s
}

// A message that occurs twice where one is expected is merged, field by field.

func mergeSaver(s *RegisteredSaver, data []byte) {
	_ = each(data, func(f field) error {
		switch {
		case f.isMessage(saverName):
			s.Name = string(f.bytes)
		case f.isMessage(saverObjectName):
			s.ObjectName = string(f.bytes)
		}
		return nil
	})
}

func mergeBool(v *bool, data []byte) {
	_ = each(data, func(f field) error {
		if f.isVarint(boolValue) {
			*v = f.number != 0
		}
		return nil
	})
}

// A field is one field of a message: its number, and what the wire holds of it.
type field struct {
	num    protowire.Number
	typ    protowire.Type
	number uint64 // of a varint
	bytes  []byte // of a length-delimited value: a message or a string
}

// A field in another encoding than that of its number is one that nobody knows, as in protocol buffers.

func (f field) isMessage(num protowire.Number) bool {
	return f.num == num && f.typ == protowire.BytesType
}

func (f field) isVarint(num protowire.Number) bool {
	return f.num == num && f.typ == protowire.VarintType
}

// int32 is what protocol buffers read as an int32: the lower half.
func (f field) int32() int { return int(int32(f.number)) }

// each yields the fields of a message until yield returns an error.
func each(message []byte, yield func(field) error) error {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return encodingError(n)
		}
		message = message[n:]
		f := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(num, typ, message)
		}
		if n < 0 {
			return fmt.Errorf("field %d: %w", num, encodingError(n))
		}
		message = message[n:]
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

// encodingError says what the code n of protowire means: its own words change from one program to the next.
func encodingError(n int) error {
	if errors.Is(protowire.ParseError(n), io.ErrUnexpectedEOF) {
		return errors.New("the message ends too early")
	}
	return errors.New("not the encoding of a protocol buffer")
}
