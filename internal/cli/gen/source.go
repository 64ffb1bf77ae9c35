package gen

import (
	"bytes"
	"fmt"
	"go/format"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/cli/text"
)

// A writer writes a graph as Go.
type writer struct {
	Options
	graph          *graph
	root           string // the name of the first type
	from           string // the checkpoint, for the package comment
	types          map[int]string
	fields         map[int][]string // class → names of its fields
	pointers       map[int][]bool   // class → which of its edges are pointers; for a list, only the first counts
	decls          bytes.Buffer
	state, slots   bool // whether the types State and Slots are used
	tensor, layers bool // whether the packages are used
	ckpt           bool
}

// write returns the source, formatted.
func (w *writer) write() ([]byte, error) {
	w.name()
	w.findPointers()
	written := make(map[int]bool)
	for _, id := range w.graph.order {
		class := w.graph.like[id]
		if _, named := w.types[class]; named && !written[class] {
			written[class] = true
			w.declare(id)
		}
	}
	constructor := w.constructor()
	w.declareHelpers()

	var out bytes.Buffer
	fmt.Fprintf(&out, "// Package %s has the types of the checkpoint %s:\n//\n//\tm := %s.New%s()\n//\terr := ckpt.LoadWeights(ctx, path, m%s)\npackage %s\n\n",
		w.Package, printable(w.from), w.Package, w.root, w.loadOptions(), w.Package)
	out.WriteString("import (\n")
	for _, p := range []struct {
		used bool
		path string
	}{{w.ckpt, ""}, {w.layers, "/layers"}, {w.tensor, "/tensor"}} {
		if p.used {
			fmt.Fprintf(&out, "\t%q\n", "github.com/gockpt/ckpt"+p.path)
		}
	}
	out.WriteString(")\n\n")
	out.Write(constructor)
	out.Write(w.decls.Bytes())
	source, err := format.Source(out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the generated source is not valid Go: %w", err)
	}
	return bytes.Replace(source, []byte("import ()\n\n"), nil, 1), nil
}

// loadOptions returns the options for loading the checkpoint.
func (w *writer) loadOptions() string {
	var out strings.Builder
	for _, r := range w.Renames {
		fmt.Fprintf(&out, ", ckpt.Rename(%s, %s)", printable(strconv.Quote(r.Old)), printable(strconv.Quote(r.New)))
	}
	if w.At != "" {
		fmt.Fprintf(&out, ", ckpt.At(%s)", printable(strconv.Quote(w.At)))
	}
	return out.String()
}

// printable returns s on one line, for a comment.
func printable(s string) string {
	return text.Visible(strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " "))
}

// declare writes the type of an object's class.
func (w *writer) declare(id int) {
	n, class := &w.graph.nodes[id], w.graph.like[id]
	name := w.types[class]
	out := &w.decls
	if n.kind != kindGroup && n.kind != kindTensors {
		equals := "" // "= " makes an alias, because a defined type would not have the methods
		if n.kind != kindList && n.kind != kindDict {
			equals = "= "
		}
		fmt.Fprintf(out, "// %s is the top-level object.\ntype %s %s%s\n\n", name, name, equals, w.underlying(n, class))
		return
	}
	fmt.Fprintf(out, "// %s is %s.\ntype %s struct {\n", name, w.describe(id), name)
	for i, e := range n.edges {
		fmt.Fprintf(out, "\t%s %s %s", w.fields[class][i], w.edgeType(class, i, e.to), fieldTag(e))
		if shape, ok := w.shapeOf(class, i); ok {
			fmt.Fprintf(out, " // %s", shape)
		} else if l := w.graph.nodes[e.to].layer; l != nil && l.note != "" {
			fmt.Fprintf(out, " // %s", l.note)
		}
		out.WriteByte('\n')
	}
	for i, v := range n.values {
		w.tensor = true
		fmt.Fprintf(out, "\t%s %s `ckpt:\"-\"` // %v\n", w.fields[class][i], tensorType(v.dtype), v.shape)
	}
	if len(n.slots) > 0 {
		w.slots = true
		out.WriteString("\n\tSlots `ckpt:\"-\"`\n")
	}
	out.WriteString("}\n\n")
	if len(n.slots) > 0 {
		fmt.Fprintf(out, "// SlotNames returns the names of the slots of each variable.\nfunc (*%s) SlotNames() []string { return %#v }\n\n", name, n.slots)
	}
	if n.kind == kindTensors {
		w.declareTensors(n, name, w.fields[class])
	}
}

// describe describes an object by its path in the checkpoint.
func (w *writer) describe(id int) string {
	g := w.graph
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
func (w *writer) shapeOf(class, edge int) (string, bool) {
	var axes []string
	first := true
	for _, id := range w.graph.members[class] {
		to := &w.graph.nodes[w.graph.nodes[id].edges[edge].to]
		if to.kind != kindVariable || !first && len(axes) != len(to.values[0].shape) {
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
func (w *writer) declareTensors(n *node, name string, fields []string) {
	w.ckpt, w.tensor = true, true
	out := &w.decls
	fmt.Fprintf(out, "// CheckpointTensors implements ckpt.Tensors.\nfunc (x *%s) CheckpointTensors() ([]ckpt.NamedTensor, error) {\n\treturn []ckpt.NamedTensor{\n", name)
	for i, v := range n.values {
		fmt.Fprintf(out, "\t\t{Name: %q, Tensor: &x.%s},\n", v.name, fields[i])
	}
	fmt.Fprintf(out, "\t}, nil\n}\n\n// SetCheckpointTensors implements ckpt.Tensors.\nfunc (x *%s) SetCheckpointTensors(values map[string]tensor.Any) error {\n", name)
	for i, v := range n.values {
		fmt.Fprintf(out, "\tif t, ok := values[%q].(*%s); ok {\n\t\tx.%s = *t\n\t}\n", v.name, tensorType(v.dtype), fields[i])
	}
	out.WriteString("\treturn nil\n}\n\n")
}
