package properties

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/ckpttest"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// A part is a value or an object of a random program, and of the checkpoint stored for it.
type part struct {
	value    tensor.Any // of a variable
	names    []string   // of an object: its edges, in order
	children map[string]*part
	list     bool // a slice of objects of one type
	optional bool
}

func (p *part) add(name string, child *part) {
	if p.children == nil {
		p.children = make(map[string]*part)
	}
	if p.children[name] == nil {
		p.names = append(p.names, name)
	}
	p.children[name] = child
}

func (p *part) remove(name string) {
	delete(p.children, name)
	p.names = slices.DeleteFunc(p.names, func(n string) bool { return n == name })
}

// drawPart draws a program: an object with variables, objects and lists of objects.
func drawPart(t *rapid.T, depth int, next *float32) *part {
	p := new(part)
	for i := range rapid.IntRange(1, 4).Draw(t, "fields") {
		name := fmt.Sprint(rapid.SampledFrom([]string{"kernel", "bias", "w", "layer", "x"}).Draw(t, "name"), i)
		var child *part
		switch {
		case depth == 0 || rapid.Bool().Draw(t, "variable"):
			*next++
			child = &part{value: ckpttest.Vector(*next, *next+0.5)}
		case rapid.IntRange(0, 2).Draw(t, "list") == 0:
			element := drawPart(t, depth-1, next)
			child = &part{list: true}
			for j := range rapid.IntRange(1, 3).Draw(t, "elements") {
				child.add(strconv.Itoa(j), element.copied(next))
			}
		default:
			child = drawPart(t, depth-1, next)
		}
		child.optional = rapid.IntRange(0, 4).Draw(t, "optional") == 0
		p.add(name, child)
	}
	return p
}

// copied returns p with other values.
func (p *part) copied(next *float32) *part {
	if p.value != nil {
		*next++
		return &part{value: ckpttest.Vector(*next, *next+0.5), optional: p.optional}
	}
	c := &part{list: p.list, optional: p.optional}
	for _, name := range p.names {
		c.add(name, p.children[name].copied(next))
	}
	return c
}

// goType draws the Go type of a program.
func (p *part) goType(t *rapid.T) reflect.Type {
	if p.value != nil {
		return rapid.SampledFrom([]reflect.Type{reflect.TypeFor[tensor.Tensor[float32]](), reflect.TypeFor[*tensor.Tensor[float32]](), reflect.TypeFor[[]float32]()}).Draw(t, "variable's type")
	}
	if p.list {
		element := p.children["0"].goType(t)
		return rapid.SampledFrom([]reflect.Type{reflect.SliceOf(element), reflect.SliceOf(reflect.PointerTo(element)), reflect.ArrayOf(len(p.names), element)}).Draw(t, "list's type")
	}
	var fields []reflect.StructField
	for i, name := range p.names {
		typ := p.children[name].goType(t)
		if typ.Kind() == reflect.Struct && p.children[name].value == nil && rapid.Bool().Draw(t, "pointer") {
			typ = reflect.PointerTo(typ)
		}
		tag := name
		if p.children[name].optional {
			tag += ",optional"
		}
		fields = append(fields, reflect.StructField{Name: fmt.Sprint("F", i), Type: typ, Tag: reflect.StructTag(fmt.Sprintf("ckpt:%q", tag))})
	}
	return reflect.StructOf(fields)
}

// goValue returns the object to save.
func (p *part) goValue(made map[*part]any) any {
	if made[p] != nil {
		return made[p]
	}
	if p.value != nil {
		made[p] = p.value
		return p.value
	}
	g := new(ckpttest.Node)
	made[p] = g
	for _, name := range p.names {
		if err := g.Track(name, p.children[name].goValue(made)); err != nil {
			panic(err)
		}
	}
	return g
}

// all calls yield for p and all parts in it, with their paths.
func (p *part) all(path string, yield func(path string, p *part)) {
	yield(path, p)
	for _, name := range p.names {
		p.children[name].all(strings.TrimPrefix(path+"."+name, "."), yield)
	}
}

// empty reports whether p has no values.
func (p *part) empty() bool {
	empty := true
	if p != nil {
		p.all("", func(_ string, p *part) { empty = empty && p.value == nil })
	}
	return empty
}

// damage changes a stored value or object, and returns a description.
func damage(t *rapid.T, root *part, next *float32) {
	var objects []*part
	root.all("", func(_ string, p *part) {
		if len(p.names) > 0 {
			objects = append(objects, p)
		}
	})
	if len(objects) == 0 {
		return
	}
	p := rapid.SampledFrom(objects).Draw(t, "object")
	name := rapid.SampledFrom(p.names).Draw(t, "edge")
	child := p.children[name]
	*next++
	switch rapid.SampledFrom([]string{"name", "removed", "level", "doubled", "extra", "type", "dtype", "shape", "swapped"}).Draw(t, "damage") {
	case "name":
		p.remove(name)
		p.add(name+"q", child)
	case "removed":
		p.remove(name)
	case "level":
		above := new(part)
		above.add("inner", child)
		p.children[name] = above
	case "doubled": // one stored value under two names
		p.add(name+"again", child)
	case "extra":
		p.add("lora_"+name, &part{value: ckpttest.Vector(*next)})
	case "type":
		p.children[name] = &part{value: ckpttest.Vector(*next)}
		if child.value != nil {
			p.children[name] = new(part)
			p.children[name].add("v", &part{value: ckpttest.Vector(*next)})
		}
	case "dtype":
		if child.value != nil {
			p.children[name] = &part{value: tensor.Scalar(int8(3))}
		}
	case "shape":
		if child.value != nil {
			p.children[name] = &part{value: ckpttest.Vector(*next, 0, 0)}
		}
	case "swapped":
		other := rapid.SampledFrom(p.names).Draw(t, "other")
		p.children[name], p.children[other] = p.children[other], child
	}
}

// prefill gives values to some of the tensors, and makes some pointers point to one tensor.
func prefill(t *rapid.T, v reflect.Value, tied *tensor.Tensor[float32]) {
	switch {
	case v.Type() == reflect.TypeOf(tied):
		if rapid.IntRange(0, 3).Draw(t, "tied") == 0 {
			v.Set(reflect.ValueOf(tied))
		}
	case v.Type() == reflect.TypeFor[tensor.Tensor[float32]]():
		if rapid.Bool().Draw(t, "built") {
			v.Set(reflect.ValueOf(ckpttest.Vector(-1, -2)).Elem())
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			prefill(t, v.Field(i), tied)
		}
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			prefill(t, v.Index(i), tied)
		}
	}
}

func keysIn(items []ckpt.Item) map[string]bool {
	paths := make(map[string]bool)
	for _, item := range items {
		paths[item.Path] = true
	}
	return paths
}

// TestDamagedPairing changes the checkpoint stored for a program. If LoadWeights returns nil, every variable of the program holds
// the stored value of its path, or the report lists it. Every stored value was taken, or the report lists it. If some values of a
// stored object were taken, all were. If LoadWeights returns an error, nothing has changed.
func TestDamagedPairing(t *testing.T) {
	outcomes := make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		next := float32(0)
		program := drawPart(t, 2, &next)
		typ := program.goType(t)
		for range rapid.IntRange(0, 3).Draw(t, "how much") {
			damage(t, program, &next)
		}
		if len(program.names) == 0 {
			t.Skip("everything was removed")
		}
		disk := errfs.New()
		_, err := ckpttest.Must(ckpt.New(program.goValue(make(map[*part]any)), ckpttest.On(disk))).Write(ctx, "d/w", ckpt.AllowEmpty())
		require.NoError(t, err)
		model := reflect.New(typ)
		tied := ckpttest.Vector(-3, -4)
		prefill(t, model.Elem(), tied)
		before := make(map[string][]float32)
		ckpttest.LeavesOf(model.Elem(), "", before)
		var report ckpt.Report
		partial, ignore, skip := rapid.Bool().Draw(t, "Partial"), rapid.Bool().Draw(t, "IgnoreUnknown"), rapid.Bool().Draw(t, "SkipMismatched")
		opts := []ckpt.LoadOption{ckpttest.On(disk), ckpt.ReportTo(&report)}
		for _, o := range []struct {
			on  bool
			opt ckpt.LoadOption
		}{{partial, ckpt.Partial()}, {ignore, ckpt.IgnoreUnknown()}, {skip, ckpt.SkipMismatched()}} {
			if o.on {
				opts = append(opts, o.opt)
			}
		}
		err = ckpt.LoadWeights(ctx, "d/w", model.Interface(), opts...)
		after := make(map[string][]float32)
		ckpttest.LeavesOf(model.Elem(), "", after)
		if err != nil {
			outcomes["error"]++
			require.Equal(t, before, after, "the program must not change after an error: %v", err)
			require.Empty(t, report.Restored)
			return
		}
		outcomes["nil"]++
		one := make(map[string]bool) // the paths of the object that several pointers point to
		for path, was := range before {
			if slices.Equal(was, []float32{-3, -4}) {
				one[path], before[path] = true, slices.Clone(tied.Data()) // it took one of its stored values
			}
		}
		checkPairing(t, program, typ, before, after, one, &report, ignore)
	})
	require.NotZero(t, outcomes["nil"])
	require.NotZero(t, outcomes["error"])
}

// checkPairing compares the results of a load with the stored values.
func checkPairing(t *rapid.T, stored *part, typ reflect.Type, before, after map[string][]float32, one map[string]bool, report *ckpt.Report, ignore bool) {
	restored, told := keysIn(report.Restored), keysIn(slices.Concat(report.Missing, report.Unused, report.Mismatched))
	for _, said := range []map[string]bool{restored, told} { // the report has such an object only under its first path
		if slices.ContainsFunc(slices.Collect(maps.Keys(one)), func(path string) bool { return said[path] }) {
			maps.Copy(said, one)
		}
	}
	byPath, taken := make(map[string]*part), make(map[*part]bool)
	stored.all("", func(path string, p *part) { byPath[path] = p })
	paths := make(map[*part][]string)
	for path, p := range byPath {
		if p.value != nil {
			paths[p] = append(paths[p], path)
		}
	}
	for path, got := range after {
		p := byPath[path]
		if p == nil || p.value == nil {
			require.True(t, told[path] || one[path] && restored[path] || p.empty() && (optionalAt(typ, path) || hole(byPath, path)), "%s holds %v, the checkpoint lacks it, and it is not reported:\n%v", path, got, report)
			require.Equal(t, before[path], got, path)
			continue
		}
		if want, ok := p.value.(*tensor.Tensor[float32]); ok && slices.Equal(want.Data(), got) {
			// Nil pointers to one stored value become one object, which has one path.
			said := slices.ContainsFunc(paths[p], func(path string) bool { return restored[path] })
			require.True(t, said, "%s is not reported:\n%v", path, report)
			taken[p] = true
			continue
		}
		require.True(t, told[path], "%s holds %v, the checkpoint has %v, and it is not reported:\n%v", path, got, p.value, report)
		require.Equal(t, before[path], got, path)
	}
	for p, names := range paths {
		said := taken[p] || slices.ContainsFunc(names, func(path string) bool { return told[path] })
		require.True(t, said, "%v was stored under %v, not taken, and not reported:\n%v", p.value, names, report)
	}
	if ignore {
		return
	}
	for path, p := range byPath {
		mine := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
		object := slices.ContainsFunc(p.names, func(name string) bool {
			_, ok := after[mine(name)]
			return ok && taken[p.children[name]] && restored[mine(name)]
		})
		for _, name := range p.names {
			child := p.children[name]
			if object && child.value != nil && child.value.DType() == tensor.DTFloat32 && !taken[child] && !slices.ContainsFunc(paths[child], func(path string) bool { return one[path] }) {
				_, field := after[mine(name)]
				require.True(t, field, "%s was not taken, but other values of its object were", mine(name))
			}
		}
	}
}

// hole reports whether a path leads through an element that a stored list lacks, although the list has later ones: a module
// without weights.
func hole(stored map[string]*part, path string) bool {
	steps := strings.Split(path, ".")
	for i, step := range steps {
		if _, err := strconv.Atoi(step); err == nil && stored[strings.Join(steps[:i], ".")] != nil && stored[strings.Join(steps[:i+1], ".")] == nil {
			return true
		}
	}
	return false
}

// optionalAt reports whether a tag on the way to a path says optional.
func optionalAt(typ reflect.Type, path string) bool {
	for _, step := range strings.Split(path, ".") {
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch typ.Kind() {
		case reflect.Slice, reflect.Array:
			typ = typ.Elem()
			continue
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				name, rest, _ := strings.Cut(f.Tag.Get("ckpt"), ",")
				if name == step {
					if rest == "optional" {
						return true
					}
					typ = f.Type
					break
				}
			}
		}
	}
	return false
}
