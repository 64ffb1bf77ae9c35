package byname

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/tensor"
)

// A Variable is a tensor of the program under its name in a checkpoint.
type Variable struct {
	Name  string
	Node  *object.Node
	Value *object.Value
	Part  *object.Part // of the tensor of that name; nil: all of it
}

// Options of [Variables].
type Options struct {
	SkipSlots bool // leaves the slot variables of optimizers out
	// Parts returns the region of a variable that the program holds, or nil for the whole variable; see ckpt.Parts.
	Parts func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)
	// Partitioned reports whether n is one variable in parts, which follow each other along an axis below the edge "parts".
	Partitioned func(n *object.Node) (axis, parts int, ok bool)
}

// Variables returns the variables of g, sorted by name. The parts of one variable are in the order of their regions.
func Variables(g *object.Graph, o Options) ([]Variable, error) {
	var all []Variable
	inParts := make(map[*object.Node]bool)
	for _, n := range g.Nodes {
		axis, count, ok := o.Partitioned(n)
		if !ok {
			continue
		}
		parts, err := partsOf(n, axis, count)
		if err != nil {
			return nil, fmt.Errorf("%s (%s): %w", n.Path(), n.GoPath(), err)
		}
		for _, p := range parts {
			if inParts[p.Node] {
				return nil, fmt.Errorf("%s (%s) is more than one part", p.Node.Path(), p.Node.GoPath())
			}
			inParts[p.Node] = true
		}
		all = append(all, parts...)
	}
	for _, n := range g.Nodes {
		if inParts[n] || o.SkipSlots && n.SlotOf() != nil {
			continue
		}
		for i := range n.Values {
			v := Variable{Name: n.NameOfTensor(), Node: n, Value: &n.Values[i]}
			if n.Done() != nil {
				v.Name += v.Value.Attribute() // "-keys" and "-values" of a table, as in TensorFlow's Saver
			}
			if o.Parts != nil {
				if full, region := o.Parts(n.FullPath(), v.Value.Shape); region != nil {
					v.Part = &object.Part{Full: full, Region: region}
				}
			}
			all = append(all, v)
		}
	}
	slices.SortStableFunc(all, func(a, b Variable) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), slices.CompareFunc(a.region(), b.region(), func(x, y tensor.Extent) int { return cmp.Compare(x.Start, y.Start) }))
	})
	return all, nil
}

func (v *Variable) region() tensor.Slice {
	if v.Part == nil {
		return nil
	}
	return v.Part.Region
}

// partsOf returns the parts of the partitioned variable n, with the region that each of them is.
func partsOf(n *object.Node, axis, count int) ([]Variable, error) {
	list := n.Find("parts")
	if list == nil || list.Node == nil || len(list.Node.Edges) != count || count == 0 {
		return nil, errors.New("a partitioned variable has no parts, or a part that is not a variable")
	}
	var parts []Variable
	var full tensor.Shape
	for _, e := range list.Node.Edges {
		if e.Node == nil || len(e.Node.Values) != 1 || e.Node.Values[0].Shape == nil {
			return nil, fmt.Errorf("part %s of a partitioned variable is not a variable with a shape", e.Name)
		}
		shape := e.Node.Values[0].Shape
		if axis < 0 || axis >= len(shape) {
			return nil, fmt.Errorf("part %s of a partitioned variable has shape %v and no axis %d", e.Name, shape, axis)
		}
		region := make(tensor.Slice, len(shape))
		for i, size := range shape {
			region[i] = tensor.Extent{Start: 0, Length: size}
		}
		if full == nil {
			full = slices.Clone(shape)
		} else {
			if len(full) != len(shape) || !slices.Equal(full[:axis], shape[:axis]) || !slices.Equal(full[axis+1:], shape[axis+1:]) {
				return nil, fmt.Errorf("part %s of a partitioned variable has shape %v, which does not continue the others along axis %d", e.Name, shape, axis)
			}
			region[axis].Start = full[axis]
			full[axis] += shape[axis]
		}
		parts = append(parts, Variable{Name: n.NameOfTensor(), Node: e.Node, Value: &e.Node.Values[0], Part: &object.Part{Region: region}})
	}
	for i := range parts {
		parts[i].Part.Full = full
	}
	return parts, nil
}

// CheckNames rejects names that are not UTF-8, and two variables with one name that are not parts of one tensor. The variables are
// sorted.
func CheckNames(vars []Variable) error {
	for i := range vars {
		if !utf8.ValidString(vars[i].Name) {
			return fmt.Errorf("the name %q of %s is not UTF-8", vars[i].Name, vars[i].Node.GoPath())
		}
		for j := i - 1; j >= 0 && vars[j].Name == vars[i].Name; j-- {
			if err := checkParts(&vars[j], &vars[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkParts returns an error if two variables with one name are not parts of one tensor.
func checkParts(a, b *Variable) error {
	if a.Part == nil || b.Part == nil {
		return fmt.Errorf("at least two variables have the same name: %q (%s and %s); give one of them another name with the tag option fullname=",
			a.Name, a.Node.GoPath(), b.Node.GoPath())
	}
	regionB, _, err := b.Part.Region.Resolve(b.Part.Full)
	if err != nil {
		return fmt.Errorf("%q (%s): %w", b.Name, b.Node.GoPath(), err)
	}
	regionA, _, err := a.Part.Region.Resolve(a.Part.Full)
	if err != nil {
		return fmt.Errorf("%q (%s): %w", a.Name, a.Node.GoPath(), err)
	}
	if !a.Part.Full.Equal(b.Part.Full) {
		return fmt.Errorf("%q: its parts belong to different shapes: %v (%s) and %v (%s)", a.Name, a.Part.Full, a.Node.GoPath(), b.Part.Full, b.Node.GoPath())
	}
	if _, shared := regionB.Intersect(regionA); shared {
		return fmt.Errorf("%q: two parts overlap (%s and %s)", a.Name, a.Node.GoPath(), b.Node.GoPath())
	}
	return nil
}

// source returns v as a tensor to be written.
func (v *Variable) source() (stored.Tensor, error) {
	t := stored.Tensor{Node: v.Node, Key: v.Name, Source: v.Value.Source(), Part: v.Part}
	if v.Part == nil {
		return t, nil
	}
	_, shape, err := v.Part.Region.Resolve(v.Part.Full)
	switch {
	case err != nil:
		return t, fmt.Errorf("%s: %w", t.Path(), err)
	case shape.Equal(v.Value.Shape):
	case v.Part.Full.Equal(v.Value.Shape): // memory holds the whole variable
		t.Source = stored.Region(t.Source, v.Part.Region)
	default:
		return t, fmt.Errorf("%s: memory has shape %v, expected the part's shape %v or the whole shape %v", t.Path(), v.Value.Shape, shape, v.Part.Full)
	}
	return t, nil
}

// Sources returns the variables as tensors to be written. An optional variable that is not built is left out; any other is an
// error.
func Sources(g *object.Graph, vars []Variable, skipSlots bool) ([]stored.Tensor, error) {
	built := make(map[object.Identity]bool)
	for _, v := range vars {
		built[v.Node.Key()] = v.Node.Saved()
	}
	for _, n := range g.Required(object.Requirement{Matched: built, SkipSlots: skipSlots}) {
		return nil, fmt.Errorf("attempting to use uninitialized value %s (%s)", n.GlobalName(), n.GoPath())
	}
	var tensors []stored.Tensor
	for i := range vars {
		if !built[vars[i].Node.Key()] {
			continue
		}
		t, err := vars[i].source()
		if err != nil {
			return nil, err
		}
		tensors = append(tensors, t)
	}
	return tensors, nil
}
