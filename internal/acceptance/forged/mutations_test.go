package forged

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/gockpt/ckpt/format/pb"
	"github.com/gockpt/ckpt/tensor"
)

// forge returns a copy of s with a few changes that a recipe determines, and its files. An empty recipe changes nothing.
func forge(s *specimen, recipe []byte) (*specimen, map[string][]byte) {
	d, c := &dice{recipe}, s.clone()
	for range min(len(recipe), 1+d.n(4)) {
		mutations[d.n(len(mutations))](c, d)
	}
	return c, c.assemble(d)
}

// mutations are the ways in which a specimen is forged. The more important ones are in the list several times.
var mutations = []func(*specimen, *dice){
	mutateEntry, mutateEntry, mutateEntry, mutateType, mutateShape, mutateChecksum, mutateEntryBytes, mutateKey, removeEntry, copyEntry, swapEntries,
	mutateHeader,
	mutateGraph, mutateGraph, mutateGraph, mutateEdge, mutateAttribute, growGraph, mutateGraphBytes,
	mutateData, mutateData, resizeData, loseData,
	mutateLayout, mutateBlocks, mutateIndex,
}

// entry returns an entry of a tensor (or, in a V1 file, any entry).
func (s *specimen) entry(d *dice) *specimenEntry {
	if len(s.entries) < 2 {
		return new(specimenEntry)
	}
	return &s.entries[1+d.n(len(s.entries)-1)]
}

func (s *specimen) bundleEntry(d *dice) *pb.BundleEntry {
	if b, ok := s.entry(d).value.(*pb.BundleEntry); ok {
		return b
	}
	return new(pb.BundleEntry)
}

func mutateEntry(s *specimen, d *dice) {
	if e := s.entry(d); e.value != nil {
		d.message(e.value.ProtoReflect())
	}
}

func mutateType(s *specimen, d *dice) {
	s.bundleEntry(d).Dtype = int32(d.n(60) + 100*d.n(2))
}

// mutateShape gives a tensor another shape with as many elements, or changes its axes but not its bytes.
func mutateShape(s *specimen, d *dice) {
	b := s.bundleEntry(d)
	switch n := elements(b); d.n(5) {
	case 0:
		b.Shape = &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{Size: n}}}
	case 1:
		b.Shape = &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{Size: n}, {Size: 1}, {Size: 1}}}
	case 2: // a product that wraps around to the old one
		b.Shape = &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{Size: math.MaxInt64/2 + 1}, {Size: 4}, {Size: n}}}
	case 3:
		b.Shape = &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{Size: 0}, {Size: d.number(n)}}}
	default:
		b.Shape = &pb.TensorShape{Dim: []*pb.TensorShape_Dim{{Size: n}}}
		for range d.n(300) {
			b.Shape.Dim = append(b.Shape.Dim, &pb.TensorShape_Dim{Size: 1})
		}
	}
}

// mutateChecksum changes an entry or its checksum, which assemble then does not correct.
func mutateChecksum(s *specimen, d *dice) {
	e := s.entry(d)
	e.broken = true
	if b, ok := e.value.(*pb.BundleEntry); ok && d.n(2) == 0 {
		b.Crc32C = uint32(d.number(int64(b.Crc32C)))
	} else {
		mutateEntry(s, d)
	}
}

func mutateEntryBytes(s *specimen, d *dice) {
	if len(s.entries) == 0 {
		return
	}
	e := &s.entries[d.n(len(s.entries))]
	if e.value != nil {
		e.raw, _ = proto.Marshal(e.value)
	}
	e.raw, e.value = d.bytes(e.raw), nil
}

func mutateKey(s *specimen, d *dice) {
	e := s.entry(d)
	e.key = d.text(e.key)
	s.order(d)
}

func removeEntry(s *specimen, d *dice) {
	if len(s.entries) > 0 {
		i := d.n(len(s.entries))
		s.entries = slices.Delete(s.entries, i, i+1)
	}
}

// copyEntry gives one tensor's bytes to others, sometimes to very many.
func copyEntry(s *specimen, d *dice) {
	e := *s.entry(d)
	for i := range 1 + d.n(3)*d.n(100) {
		c := e
		c.key = fmt.Sprint(d.text(e.key), i)
		if e.value != nil {
			c.value = proto.Clone(e.value)
		}
		s.entries = append(s.entries, c)
	}
	s.order(d)
}

func swapEntries(s *specimen, d *dice) {
	a, b := s.entry(d), s.entry(d)
	a.value, a.raw, b.value, b.raw = b.value, b.raw, a.value, a.raw
}

// order sorts the entries by their keys, mostly.
func (s *specimen) order(d *dice) {
	if d.n(8) > 0 {
		slices.SortStableFunc(s.entries, func(a, b specimenEntry) int { return cmp.Compare(a.key, b.key) })
	}
}

// mutateHeader changes the first entry, which describes the whole checkpoint.
func mutateHeader(s *specimen, d *dice) {
	if len(s.entries) > 0 && s.entries[0].value != nil {
		d.message(s.entries[0].value.ProtoReflect())
	}
}

func mutateGraph(s *specimen, d *dice) {
	if s.graph != nil {
		d.message(s.graph.ProtoReflect())
	}
}

// node returns one of the graph's objects.
func (s *specimen) node(d *dice) *pb.TrackableObjectGraph_TrackableObject {
	if n := len(s.graph.GetNodes()); n > 0 {
		return s.graph.Nodes[d.n(n)]
	}
	return new(pb.TrackableObjectGraph_TrackableObject)
}

// mutateEdge makes a new or existing edge lead to another object.
func mutateEdge(s *specimen, d *dice) {
	n := s.node(d)
	if len(n.Children) == 0 || d.n(3) == 0 {
		n.Children = append(n.Children, &pb.TrackableObjectGraph_TrackableObject_ObjectReference{LocalName: d.text("v")})
	}
	e := n.Children[d.n(len(n.Children))]
	if e.NodeId = int32(d.n(len(s.graph.GetNodes()) + 1)); d.n(8) == 0 {
		e.NodeId = int32(d.number(int64(e.NodeId)))
	}
}

// mutateAttribute gives an object a tensor, or another one.
func mutateAttribute(s *specimen, d *dice) {
	n := s.node(d)
	if len(n.Attributes) == 0 || d.n(3) == 0 {
		n.Attributes = append(n.Attributes, &pb.TrackableObjectGraph_TrackableObject_SerializedTensor{Name: "VARIABLE_VALUE"})
	}
	a := n.Attributes[d.n(len(n.Attributes))]
	if a.CheckpointKey = s.entry(d).key; d.n(4) == 0 {
		a.Name = d.text(a.Name)
	}
}

// growGraph adds many objects: in a chain, side by side, or side by side under one name and with edges back to the root.
func growGraph(s *specimen, d *dice) {
	if s.graph == nil {
		return
	}
	from, key := s.node(d), s.entry(d).key
	name := []string{"next", "kids", "named", ""}[d.n(4)]
	shape, valued := d.n(3), d.n(2) == 0
	for i := range d.n(1000) {
		id := int32(len(s.graph.Nodes))
		n := new(pb.TrackableObjectGraph_TrackableObject)
		if valued {
			n.Attributes = []*pb.TrackableObjectGraph_TrackableObject_SerializedTensor{{Name: "VARIABLE_VALUE", CheckpointKey: key}}
		}
		s.graph.Nodes = append(s.graph.Nodes, n)
		edge := &pb.TrackableObjectGraph_TrackableObject_ObjectReference{NodeId: id, LocalName: name}
		switch shape {
		case 0:
			from.Children = append(from.Children, edge)
			from = n
		case 1:
			edge.LocalName = fmt.Sprint(i)
			from.Children = append(from.Children, edge)
		default:
			from.Children = append(from.Children, edge)
			n.Children = append(n.Children, &pb.TrackableObjectGraph_TrackableObject_ObjectReference{LocalName: name})
		}
	}
}

func mutateGraphBytes(s *specimen, d *dice) {
	if s.graph != nil {
		s.blob, _ = proto.Marshal(s.graph)
		s.blob = d.bytes(s.blob)
	}
}

// data returns the name of one of the data files.
func (s *specimen) data(d *dice) string {
	names := s.dataFiles()
	if len(names) == 0 {
		return ""
	}
	return names[d.n(len(names))]
}

// mutateData changes bytes of a tensor, of strings' lengths first of all.
func mutateData(s *specimen, d *dice) {
	b := s.bundleEntry(d)
	if some, ok := bytesOfEntry(b, s.files[s.dataFile(b.ShardId)]); ok && len(some) > 0 {
		at := d.n(len(some))
		if tensor.DType(b.Dtype) == tensor.DTString {
			at = d.n(min(len(some), 4))
		}
		some[at] = byte(d.take())
	}
}

func resizeData(s *specimen, d *dice) {
	if name := s.data(d); name != "" {
		s.files[name] = d.bytes(s.files[name])
	}
}

func loseData(s *specimen, d *dice) {
	delete(s.files, s.data(d))
}

func mutateLayout(s *specimen, d *dice) {
	s.tableLayout = tableLayout{perBlock: 1 + d.n(20), restart: 1 + d.n(20), snappy: d.n(2) == 0}
}

func mutateBlocks(s *specimen, d *dice) {
	mutateLayout(s, d)
	s.tableLayout.edits = 1 + d.n(3)
}

func mutateIndex(s *specimen, d *dice) {
	mutateLayout(s, d)
	s.tableLayout.lies = 1 + d.n(3)
}
