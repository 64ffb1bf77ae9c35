//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A description is a program in JSON, for random graphs. oracle/described.py builds it in Python.
type description struct {
	Root     int      `json:"root"` // an object; -1: no root, only attached objects
	Objects  []object `json:"objects"`
	Attached []link   `json:"attached"` // keyword arguments, sorted
}

// An object is a group, list, dict, variable or state. To of a link in a list or dict may be -1, a plain value.
type object struct {
	Kind     string   `json:"kind"`
	Edges    []link   `json:"edges,omitempty"`
	DType    string   `json:"dtype,omitempty"`
	Shape    []int    `json:"shape"`
	Data     []byte   `json:"data,omitempty"`    // for a tensor of numbers or a state
	Strings  [][]byte `json:"strings,omitempty"` // for a tensor of strings
	FullName string   `json:"full_name"`

	tag string // the full name in a tag, or ""
}

type link struct {
	Name string `json:"name"`
	To   int    `json:"to"`
}

func (o object) holds() bool { return o.Kind == "group" || o.Kind == "list" || o.Kind == "dict" }

// TestSameBytesOfAnyGraph is [TestSameBytes] for graphs of any shape: shared objects, cycles, edges of any name.
func TestSameBytesOfAnyGraph(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDescription(rt, manifold)
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(rt, err)
		theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
		ask[string](rt, "write", arguments{"program": "described", "prefix": filepath.Join(theirs, "ckpt"), "description": d})
		c := d.checkpoint(rt, true)
		_, err = c.Write(t.Context(), filepath.Join(ours, "ckpt"))
		require.NoError(rt, err)
		requireSameFiles(rt, theirs, ours)

		again := filepath.Join(dir, "again")
		c = d.checkpoint(rt, false)
		status, err := c.Read(t.Context(), filepath.Join(theirs, "ckpt"))
		require.NoError(rt, err)
		require.NoError(rt, status.Assert(ckpt.Consumed, ckpt.ExistingObjectsMatched))
		_, err = c.Write(t.Context(), filepath.Join(again, "ckpt"))
		require.NoError(rt, err)
		requireSameFiles(rt, theirs, again)

		back := filepath.Join(dir, "back")
		ask[string](rt, "rewrite", arguments{"program": "described", "source": filepath.Join(ours, "ckpt"), "prefix": filepath.Join(back, "ckpt"), "description": d})
		requireSameFiles(rt, back, ours)
	})
}

// A style describes random graphs.
type style struct {
	names *rapid.Generator[string] // number of edges
	// alike graphs have variables of one dtype and shape, and no states. TensorFlow fails if a variable
	// matches a state, and accepts a number for a state. This package reports both as mismatches (P-07).
	alike bool
}

// manifold graphs differ in every way. similar graphs are so similar that one can be restored into another in
// part.
var (
	manifold = style{names: rapid.OneOf(
		rapid.StringMatching(`[a-z][a-z0-9_]{0,8}`),
		rapid.StringOfN(rapid.RuneFrom([]rune(`ab01./ '"\,-=é日🙂`)), 0, 5, -1),
	)}
	similar = style{names: rapid.StringMatching(`[ab]`), alike: true}
)

func drawDescription(t *rapid.T, s style) description {
	count := rapid.IntRange(1, 14).Draw(t, "objects")
	d := description{Root: rapid.SampledFrom([]int{0, -1}).Draw(t, "root"), Objects: make([]object, count)}
	kinds := []string{"group", "group", "list", "dict", "variable", "variable", "variable", "state"}
	if s.alike {
		kinds = kinds[:len(kinds)-1]
	}
	holders := []int{0}
	for i := range d.Objects {
		o := &d.Objects[i]
		o.Kind, o.Shape = "group", []int{}
		if i > 0 {
			o.Kind = rapid.SampledFrom(kinds).Draw(t, "kind")
			d.link(t, s, rapid.SampledFrom(holders).Draw(t, "parent"), i)
		}
		switch {
		case o.holds():
			holders = append(holders, i)
		case o.Kind == "state":
			o.Data = rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "state")
		default:
			drawValues(t, s, o)
		}
	}
	for range rapid.IntRange(0, 5).Draw(t, "more edges") {
		d.link(t, s, rapid.SampledFrom(holders).Draw(t, "from"), rapid.IntRange(0, count-1).Draw(t, "to"))
	}
	d.fillNested()
	for i := range d.Objects {
		if o := &d.Objects[i]; o.Kind == "dict" { // Go's maps are not ordered
			slices.SortFunc(o.Edges, func(a, b link) int { return strings.Compare(a.Name, b.Name) })
		}
	}
	most := 3
	switch {
	case d.Root >= 0 && s.alike: // attached objects are matched in another order than in TensorFlow
		most = 0
	case d.Root >= 0: // the root is not attached to itself, except by TensorFlow's edge
		most = min(most, count-1)
	}
	for i := range rapid.IntRange(-d.Root, most).Draw(t, "attached") {
		to := rapid.IntRange(d.Root+1, count-1).Draw(t, "attached object")
		d.Attached = append(d.Attached, link{"attached_" + strconv.Itoa(i), to})
	}
	d.nameVariables()
	return d
}

// link adds an edge with a name that from does not have yet. To a list it also adds plain values. Every cycle
// contains a group, because appending to a list in a cycle of only lists and dicts makes TensorFlow recurse
// forever.
func (d *description) link(t *rapid.T, s style, from, to int) {
	o := &d.Objects[from]
	if child := d.Objects[to]; o.Kind != "group" && child.holds() && child.Kind != "group" && to <= from {
		return
	}
	if o.Kind == "list" {
		for range rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "plain values") {
			o.Edges = append(o.Edges, link{strconv.Itoa(len(o.Edges)), -1})
		}
		o.Edges = append(o.Edges, link{strconv.Itoa(len(o.Edges)), to})
		return
	}
	name := s.names.Draw(t, "name")
	for _, e := range o.Edges {
		if e.Name == name {
			return
		}
	}
	if from == 0 && (name == "root" || name == "save_counter") {
		return
	}
	o.Edges = append(o.Edges, link{name, to})
}

// fillNested gives a variable to every list and dict in an interface, which is an element of another one or
// closes a cycle. In Go, a map or slice in an interface is a plain value if nothing trackable can be reached
// from it. In TensorFlow it is an object.
func (d *description) fillNested() {
	for i := range d.Objects {
		for _, e := range slices.Clone(d.Objects[i].Edges) {
			typed := d.Objects[i].Kind == "group" && e.To > i
			if e.To < 0 || typed || d.Objects[e.To].Kind != "list" && d.Objects[e.To].Kind != "dict" {
				continue
			}
			inner := &d.Objects[e.To]
			inner.Edges = append(inner.Edges, link{strconv.Itoa(len(inner.Edges)), len(d.Objects)})
			d.Objects = append(d.Objects, object{Kind: "variable", DType: "float32", Shape: []int{}, Data: make([]byte, 4)})
		}
	}
}

func drawValues(t *rapid.T, s style, o *object) {
	if s.alike {
		o.DType, o.Data = "float32", rapid.SliceOfN(rapid.ByteRange(1, 100), 4, 4).Draw(t, "number")
		return
	}
	d := rapid.SampledFrom([]tensor.DType{
		tensor.DTFloat32, tensor.DTFloat64, tensor.DTFloat16, tensor.DTBFloat16, tensor.DTComplex64, tensor.DTInt32, tensor.DTInt64, tensor.DTUInt8,
		tensor.DTInt16, tensor.DTBool, tensor.DTString,
	}).Draw(t, "dtype")
	o.DType, o.Shape = d.String(), rapid.SliceOfN(rapid.IntRange(0, 3), 0, 3).Draw(t, "shape")
	n := tensor.Shape(o.Shape).Len()
	switch d {
	case tensor.DTString:
		o.Strings = rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 20), n, n).Draw(t, "strings")
	case tensor.DTBool:
		o.Data = rapid.SliceOfN(rapid.ByteRange(0, 1), n, n).Draw(t, "bools")
	default:
		o.Data = rapid.SliceOfN(rapid.Byte(), n*d.Size(), n*d.Size()).Draw(t, "numbers")
	}
	o.tag = rapid.StringMatching(`([a-z]{1,5}(/[a-z0-9]{1,5}){0,2})?`).Draw(t, "full name")
}

// nameVariables gives each variable its default full name, which consists of the edges on its path in a
// breadth-first walk. It skips variables with paths that end in a field with a full name in its tag.
func (d *description) nameVariables() {
	type place struct {
		object int
		path   []string
	}
	met := make(map[int]bool)
	var queue []place
	meet := func(from string, path []string, edges []link) {
		for _, e := range edges {
			if e.To < 0 || met[e.To] {
				continue
			}
			met[e.To] = true
			full := append(slices.Clone(path), e.Name)
			queue = append(queue, place{e.To, full})
			o := &d.Objects[e.To]
			switch {
			case o.Kind != "variable":
			case from == "group" && o.tag != "":
				o.FullName = o.tag
			default:
				o.FullName = strings.Join(full, "/")
			}
		}
	}
	if d.Root >= 0 {
		met[d.Root] = true
		meet("group", nil, d.Objects[d.Root].Edges)
	}
	meet("", nil, d.Attached)
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		meet(d.Objects[at.object].Kind, at.path, d.Objects[at.object].Edges)
	}
}

func (d *description) checkpoint(t require.TestingT, fill bool, opts ...ckpt.Option) *ckpt.Checkpoint {
	made := d.build(t, fill)
	var root any = ckpt.Group{}
	more := opts
	if d.Root >= 0 {
		root = made[d.Root].Interface()
	}
	for _, a := range d.Attached {
		if d.Root < 0 {
			root.(ckpt.Group)[a.Name] = made[a.To].Interface()
		} else {
			more = append(more, ckpt.With(a.Name, made[a.To].Interface()))
		}
	}
	c, err := ckpt.New(root, append(more, ckpt.AllowEmpty())...)
	require.NoError(t, err)
	return c
}

// build makes the objects as Go values: pointers or maps. Groups become structs with new types. A field has
// its child's type if that type is already known. On cycles it is not known, and the field is an interface.
func (d *description) build(t require.TestingT, fill bool) []reflect.Value {
	made := make([]reflect.Value, len(d.Objects))
	for i, o := range slices.Backward(d.Objects) {
		made[i] = d.shell(t, o, made, fill)
	}
	for i, o := range d.Objects {
		for k, e := range o.Edges {
			child := reflect.ValueOf(new(any)).Elem()
			if e.To >= 0 {
				child.Set(made[e.To])
			} else {
				child.Set(reflect.ValueOf(1))
			}
			switch o.Kind {
			case "group":
				made[i].Elem().Field(k + 1).Set(made[e.To])
			case "list":
				made[i].Elem().Index(k).Set(child)
			case "dict":
				made[i].SetMapIndex(reflect.ValueOf(e.Name), child)
			}
		}
	}
	return made
}

func (d *description) shell(t require.TestingT, o object, made []reflect.Value, fill bool) reflect.Value {
	switch o.Kind {
	case "group":
		return reflect.New(d.structType(o, made))
	case "list":
		list := make([]any, len(o.Edges))
		return reflect.ValueOf(&list)
	case "dict":
		return reflect.ValueOf(make(map[string]any))
	case "state":
		s := is(values{fill}, opaque{o.Data})
		return reflect.ValueOf(&s)
	}
	dtype, err := tensor.ParseDType(o.DType)
	require.NoError(t, err)
	v, err := tensor.NewAny(dtype, o.Shape...)
	require.NoError(t, err)
	if text, ok := tensor.As[string](v); ok && fill {
		for i, s := range o.Strings {
			text.Data()[i] = string(s)
		}
	} else if fill {
		memory, _ := tensor.Bytes(v)
		copy(memory, o.Data)
	}
	return reflect.ValueOf(v)
}

// structType makes the type of a group. Its first field gives it a size, because values of size zero may
// share an address.
func (d *description) structType(o object, made []reflect.Value) reflect.Type {
	fields := []reflect.StructField{{Name: "Apart", Type: reflect.TypeFor[int](), Tag: `ckpt:"-"`}}
	for k, e := range o.Edges {
		tag := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(e.Name) + "'"
		child := d.Objects[e.To]
		if child.tag != "" {
			tag += ",fullname=" + child.tag
		}
		typ := reflect.TypeFor[any]()
		if made[e.To].IsValid() {
			typ = made[e.To].Type()
		}
		fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(k), Type: typ, Tag: reflect.StructTag("ckpt:" + strconv.Quote(tag))})
	}
	return reflect.StructOf(fields)
}
