package cli

import (
	"bytes"
	"fmt"
	"go/format"
	"reflect"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// A genSource writes a genGraph as Go.
type genSource struct {
	graph          *genGraph
	pkg, root      string // names of the package and the first type; "" means a default for the type
	from, at       string // the checkpoint and the edges in it, for the package comment
	renames        renames
	types          map[int]string
	fields         map[int][]string // class → names of its fields
	pointers       map[int][]bool   // class → which of its edges are pointers; for a list, only the first counts
	decls          bytes.Buffer
	state, slots   bool // whether the types State and Slots are used
	tensor, layers bool // whether the packages are used
	ckpt           bool
}

// write returns the source, formatted.
func (s *genSource) write() ([]byte, error) {
	s.name()
	s.findPointers()
	written := make(map[int]bool)
	for _, id := range s.graph.order {
		class := s.graph.like[id]
		if _, named := s.types[class]; named && !written[class] {
			written[class] = true
			s.declare(id)
		}
	}
	constructor := s.constructor()
	s.declareHelpers()

	var out bytes.Buffer
	fmt.Fprintf(&out, "// Package %s has the types of the checkpoint %s:\n//\n//\tm := %s.New%s()\n//\terr := ckpt.LoadWeights(ctx, path, m%s)\npackage %s\n\n",
		s.pkg, printable(s.from), s.pkg, s.root, s.options(), s.pkg)
	out.WriteString("import (\n")
	for _, p := range []struct {
		used bool
		path string
	}{{s.ckpt, ""}, {s.layers, "/layers"}, {s.tensor, "/tensor"}} {
		if p.used {
			fmt.Fprintf(&out, "\t%q\n", "github.com/gockpt/ckpt"+p.path)
		}
	}
	out.WriteString(")\n\n")
	out.Write(constructor)
	out.Write(s.decls.Bytes())
	source, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the generated source is not valid Go: %w", err)
	}
	return bytes.Replace(source, []byte("import ()\n\n"), nil, 1), nil
}

// options returns the options for loading the checkpoint.
func (s *genSource) options() string {
	var out strings.Builder
	for _, r := range s.renames {
		old, new, _ := s.renames.cut(r)
		fmt.Fprintf(&out, ", ckpt.Rename(%s, %s)", printable(strconv.Quote(old)), printable(strconv.Quote(new)))
	}
	if s.at != "" {
		fmt.Fprintf(&out, ", ckpt.At(%s)", printable(strconv.Quote(s.at)))
	}
	return out.String()
}

// printable returns text on one line, for a comment.
func printable(text string) string {
	return visible(strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " "))
}

// name names every class that becomes a declared type, after the first edge that leads to one of its objects, and names every field.
func (s *genSource) name() {
	g := s.graph
	s.types, s.fields = make(map[int]string), make(map[int][]string)
	taken := make(namer)
	taken.take("State", "Slots")
	if s.root == "" {
		s.root = "Model"
		for _, e := range g.nodes[g.start].edges {
			if n := &g.nodes[e.to]; e.name == "model" && n.kind == genGroup {
				s.root = "Training"
			}
		}
	}
	s.root = taken.pick(s.root)
	taken.take("New" + s.root)
	s.types[g.like[g.start]] = s.root
	names := map[int]string{g.start: s.root} // names of objects, as hints for the types of their children
	for _, id := range g.order {
		n := &g.nodes[id]
		class := g.like[id]
		if _, named := s.types[class]; !named && (n.kind == genGroup || n.kind == genTensors) {
			name := names[id]
			if class := s.className(id); class != "" {
				name = class
			}
			s.types[class] = taken.pick(goName(name, ""))
		}
		for _, e := range n.edges {
			if names[e.to] != "" {
				continue
			}
			names[e.to] = e.name
			if n.kind == genList || n.kind == genDict || isNumber(e.name) {
				names[e.to] = singular(names[id])
			}
		}
		if s.fields[class] == nil {
			s.fields[class] = s.fieldNames(n)
		}
	}
}

// className returns the part of Keras's names that comes from an object's class: block in block_1. Only the names of the variables
// in its layers contain it.
func (s *genSource) className(id int) string {
	g := s.graph
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

func (s *genSource) fieldNames(n *genNode) []string {
	taken := make(namer)
	if n.kind == genTensors || len(n.slots) > 0 {
		taken.take("CheckpointTensors", "SetCheckpointTensors", "SlotNames", "Slot", "CreateSlot", "Slots")
	}
	names := []string{}
	for _, e := range n.edges {
		hint := ""
		if l := s.graph.nodes[e.to].layer; l != nil {
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

// findPointers finds the fields that must be pointers: those that lead to an object with several parents.
func (s *genSource) findPointers() {
	g := s.graph
	s.pointers = make(map[int][]bool)
	for _, id := range g.order {
		n := &g.nodes[id]
		class := g.like[id]
		if s.pointers[class] == nil {
			s.pointers[class] = make([]bool, max(len(n.edges), 1))
		}
		for i, e := range n.edges {
			if n.kind == genList || n.kind == genDict {
				i = 0
			}
			to := &g.nodes[e.to]
			if (to.holds > 1 || n.kind == genDict) && to.kind != genList && to.kind != genDict {
				s.pointers[class][i] = true
			}
		}
	}
}

// goType returns the type of an object.
func (s *genSource) goType(id int) string {
	n := &s.graph.nodes[id]
	if name, ok := s.types[s.graph.like[id]]; ok {
		return name
	}
	return s.underlying(n, s.graph.like[id])
}

// underlying returns the type of an object without a named type.
func (s *genSource) underlying(n *genNode, class int) string {
	switch n.kind {
	case genVariable:
		s.tensor = true
		return tensorType(n.values[0].dtype)
	case genTable:
		s.ckpt = true
		key, value := elementType(n.values[0].dtype), elementType(n.values[1].dtype)
		s.tensor = s.tensor || strings.HasPrefix(value, "tensor.")
		return "ckpt.Table[" + key + ", " + value + "]"
	case genState:
		s.state = true
		return "State"
	case genLayers:
		s.layers = true
		return n.layer.goType
	case genList:
		return "[]" + s.edgeType(class, 0, n.edges[0].to)
	case genDict:
		return "map[string]" + s.edgeType(class, 0, n.edges[0].to)
	}
	return "struct{}"
}

func (s *genSource) edgeType(class, edge, to int) string {
	if s.pointers[class][edge] {
		return "*" + s.goType(to)
	}
	return s.goType(to)
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

// declare writes the type of an object's class.
func (s *genSource) declare(id int) {
	n, class := &s.graph.nodes[id], s.graph.like[id]
	name := s.types[class]
	w := &s.decls
	if n.kind != genGroup && n.kind != genTensors {
		equals := "" // "= " makes an alias, because a defined type would not have the methods
		if n.kind != genList && n.kind != genDict {
			equals = "= "
		}
		fmt.Fprintf(w, "// %s is the top-level object.\ntype %s %s%s\n\n", name, name, equals, s.underlying(n, class))
		return
	}
	fmt.Fprintf(w, "// %s is %s.\ntype %s struct {\n", name, s.describe(id), name)
	for i, e := range n.edges {
		fmt.Fprintf(w, "\t%s %s %s", s.fields[class][i], s.edgeType(class, i, e.to), fieldTag(e))
		if shape, ok := s.shapeOf(class, i); ok {
			fmt.Fprintf(w, " // %s", shape)
		} else if l := s.graph.nodes[e.to].layer; l != nil && l.note != "" {
			fmt.Fprintf(w, " // %s", l.note)
		}
		w.WriteByte('\n')
	}
	for i, v := range n.values {
		s.tensor = true
		fmt.Fprintf(w, "\t%s %s `ckpt:\"-\"` // %v\n", s.fields[class][i], tensorType(v.dtype), v.shape)
	}
	if len(n.slots) > 0 {
		s.slots = true
		w.WriteString("\n\tSlots `ckpt:\"-\"`\n")
	}
	w.WriteString("}\n\n")
	if len(n.slots) > 0 {
		fmt.Fprintf(w, "// SlotNames returns the names of the slots of each variable.\nfunc (*%s) SlotNames() []string { return %#v }\n\n", name, n.slots)
	}
	if n.kind == genTensors {
		s.declareTensors(n, name, s.fields[class])
	}
}

// describe describes an object by its path in the checkpoint.
func (s *genSource) describe(id int) string {
	g := s.graph
	if id == g.start {
		return "the top-level object"
	}
	up := func(yield func(string) bool) {
		for at := id; at != g.start; at = g.parent[at] {
			if !yield(g.nodes[g.parent[at]].edges[g.via[at]].name) {
				return
			}
		}
	}
	path := printable(strings.Join(objectgraph.LastSteps(up), "."))
	if len(g.members[g.like[id]]) > 1 {
		return "the type of " + path + " and others like it"
	}
	return "the object " + path
}

// shapeOf returns the shape of a field's variables over all objects of a class, with "_" for axes that differ.
func (s *genSource) shapeOf(class, edge int) (string, bool) {
	var axes []string
	first := true
	for _, id := range s.graph.members[class] {
		to := &s.graph.nodes[s.graph.nodes[id].edges[edge].to]
		if to.kind != genVariable || !first && len(axes) != len(to.values[0].shape) {
			return "", false
		}
		for i, n := range to.values[0].shape {
			switch length := strconv.Itoa(n); {
			case first:
				axes = append(axes, length)
			case axes[i] != length:
				axes[i] = "_"
			}
		}
		first = false
	}
	return "[" + strings.Join(axes, " ") + "]", true
}

// declareTensors writes the methods of an object with several tensors.
func (s *genSource) declareTensors(n *genNode, name string, fields []string) {
	s.ckpt, s.tensor = true, true
	w := &s.decls
	fmt.Fprintf(w, "// CheckpointTensors implements ckpt.Tensors.\nfunc (x *%s) CheckpointTensors() ([]ckpt.NamedTensor, error) {\n\treturn []ckpt.NamedTensor{\n", name)
	for i, v := range n.values {
		fmt.Fprintf(w, "\t\t{Name: %q, Tensor: &x.%s},\n", v.name, fields[i])
	}
	fmt.Fprintf(w, "\t}, nil\n}\n\n// SetCheckpointTensors implements ckpt.Tensors.\nfunc (x *%s) SetCheckpointTensors(values map[string]tensor.Any) error {\n", name)
	for i, v := range n.values {
		fmt.Fprintf(w, "\tif t, ok := values[%q].(*%s); ok {\n\t\tx.%s = *t\n\t}\n", v.name, tensorType(v.dtype), fields[i])
	}
	w.WriteString("\treturn nil\n}\n\n")
}

// declareHelpers writes the helper types that the source uses.
func (s *genSource) declareHelpers() {
	if s.state {
		s.decls.WriteString(stateSource)
	}
	if s.slots {
		s.tensor = true
		s.decls.WriteString(slotsSource)
	}
}

const stateSource = `// State is the state of a Python object, as Python wrote it.
type State struct {
	Data []byte ` + "`ckpt:\"-\"`" + `
}

// MarshalBinary returns the state.
func (s *State) MarshalBinary() ([]byte, error) { return s.Data, nil }

// UnmarshalBinary sets the state.
func (s *State) UnmarshalBinary(data []byte) error {
	s.Data = append([]byte{}, data...)
	return nil
}

`

const slotsSource = `// Slots are the slot variables of an optimizer: tensors by name and by the pointer to the variable. Together with the
// optimizer's SlotNames it implements ckpt.SlotOwner.
type Slots map[any]map[string]tensor.Any

// Slot returns the slot variable name of a variable, or nil.
func (s Slots) Slot(name string, variable any) any {
	if t, ok := s[variable][name]; ok {
		return t
	}
	return nil
}

// CreateSlot is Slot, but makes the slot variable if there is none.
func (s *Slots) CreateSlot(name string, variable any) any {
	if t := s.Slot(name, variable); t != nil {
		return t
	}
	v, ok := variable.(tensor.Any)
	if !ok {
		return nil
	}
	t, err := tensor.Zero(v.DType())
	if err != nil {
		return nil
	}
	if *s == nil {
		*s = make(Slots)
	}
	if (*s)[variable] == nil {
		(*s)[variable] = make(map[string]tensor.Any)
	}
	(*s)[variable][name] = t
	return t
}

`
