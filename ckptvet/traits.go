package ckptvet

import (
	"fmt"
	"go/types"
	"reflect"
)

// This file tells how package ckpt treats a type. It uses go/types, and the root package's traits.go uses
// reflect for the same purpose. A test compares the two.

// A trait tells how a checkpoint treats a type without a tag.
type trait int

const (
	isPlain     trait = iota // tracked only if it has a tag
	isLeaf                   // a tensor, or something that acts as one
	isTrackable              // leads to leaves, or has tags
	isDynamic                // an interface: its value decides
)

const tensorPath = ckptPath + "/tensor"

// isNamed reports whether t is the type called name in the package at path.
func isNamed(t types.Type, path, name string) bool {
	if t == nil {
		return false
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == name && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path
}

// isModule reports whether t is Module, or a pointer to it.
func isModule(t types.Type) bool {
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem()
	}
	return isNamed(t, ckptPath, "Module")
}

// methods returns the methods of a pointer to t by name, or no methods if t is an interface or a pointer.
func methods(t types.Type) map[string]*types.Func {
	switch t.Underlying().(type) {
	case *types.Interface, *types.Pointer:
		return nil
	}
	return methodSet(types.NewPointer(t))
}

func methodSet(t types.Type) map[string]*types.Func {
	set := types.NewMethodSet(t)
	out := make(map[string]*types.Func, set.Len())
	for m := range set.Methods() {
		if f, ok := m.Obj().(*types.Func); ok {
			out[f.Name()] = f
		}
	}
	return out
}

// has reports whether ms has a method with that name, and with parameters and results that print like params and results.
func has(ms map[string]*types.Func, name string, params, results string) bool {
	f, ok := ms[name]
	if !ok {
		return false
	}
	s := f.Signature()
	print := func(t *types.Tuple) string {
		text := ""
		for v := range t.Variables() {
			text += types.TypeString(types.Unalias(v.Type()), (*types.Package).Path) + " "
		}
		return text
	}
	return print(s.Params()) == params && print(s.Results()) == results && !s.Variadic()
}

func marshals(t types.Type) bool {
	ms := methods(t)
	return has(ms, "MarshalBinary", "", "[]byte error ") && has(ms, "UnmarshalBinary", "[]byte ", "error ")
}

func slotOwner(t types.Type) bool {
	ms := methods(t)
	return has(ms, "SlotNames", "", "[]string ") && ms["Slot"] != nil && ms["CreateSlot"] != nil
}

// maxRank is the largest number of axes in TensorFlow's shapes.
const maxRank = 254

// plain returns the kind of t's numbers, bools or strings, and the number of slices and arrays around them. ok is false if t is
// not a plain value.
func plain(t types.Type) (b *types.Basic, rank int, ok bool) {
	for ; rank <= maxRank; rank++ {
		switch u := t.Underlying().(type) {
		case *types.Basic:
			return u, rank, u.Info()&(types.IsBoolean|types.IsNumeric|types.IsString) != 0 && u.Kind() != types.Uintptr
		case *types.Slice:
			if leaf(t) {
				return nil, 0, false
			}
			t = u.Elem()
		case *types.Array:
			if leaf(t) {
				return nil, 0, false
			}
			t = u.Elem()
		default:
			return nil, 0, false
		}
	}
	return nil, 0, false
}

// A planner remembers the traits of types.
type planner struct{ traits map[types.Type]trait }

func newPlanner() *planner { return &planner{make(map[types.Type]trait)} }

func (p *planner) trait(t types.Type) trait {
	t = types.Unalias(t)
	if got, ok := p.traits[t]; ok {
		return got
	}
	got := p.traitOf(t, make(map[types.Type]bool))
	p.traits[t] = got
	return got
}

// elem returns the element type of a pointer, slice, array or map.
func elem(t types.Type) (types.Type, bool) {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return types.Unalias(u.Elem()), true
	case *types.Slice:
		return types.Unalias(u.Elem()), true
	case *types.Array:
		return types.Unalias(u.Elem()), true
	case *types.Map:
		return types.Unalias(u.Elem()), true
	}
	return nil, false
}

func (p *planner) traitOf(t types.Type, visiting map[types.Type]bool) trait {
	t = types.Unalias(t)
	if leaf(t) {
		return isLeaf
	}
	if visiting[t] {
		return isPlain // a cycle adds nothing
	}
	visiting[t] = true
	defer delete(visiting, t)
	if e, ok := elem(t); ok {
		got := p.traitOf(e, visiting)
		if _, pointer := t.Underlying().(*types.Pointer); got == isLeaf && !pointer {
			return isTrackable // a container of leaves
		}
		return got
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		return isDynamic
	case *types.Struct:
		return p.structTrait(t, u, visiting)
	}
	return isPlain
}

func (p *planner) structTrait(t types.Type, s *types.Struct, visiting map[types.Type]bool) trait {
	if slotOwner(t) {
		return isTrackable
	}
	got := isPlain
	for i := range s.NumFields() {
		f := s.Field(i)
		if isModule(f.Type()) {
			return isTrackable
		}
		if text, tagged := reflect.StructTag(s.Tag(i)).Lookup("ckpt"); tagged {
			if text != "-" {
				return isTrackable
			}
			continue
		}
		if !f.Exported() && !f.Embedded() {
			continue
		}
		switch p.traitOf(f.Type(), visiting) {
		case isLeaf, isTrackable:
			return isTrackable
		case isDynamic:
			got = isDynamic
		}
	}
	return got
}

// cannotSave returns the reason why a checkpoint cannot hold a value of type t, or "" if it can. relative prints types.
func cannotSave(t types.Type, relative types.Qualifier, seen []types.Type) string {
	t = types.Unalias(t)
	for _, s := range seen {
		if types.Identical(s, t) {
			return ""
		}
	}
	if leaf(t) || marshals(t) {
		return ""
	}
	if pointsNowhere(t) {
		return fmt.Sprintf("a %s points to pointers only", types.TypeString(t, relative))
	}
	switch u := t.Underlying().(type) {
	case *types.Chan, *types.Signature:
		return fmt.Sprintf("a %s cannot be saved", types.TypeString(t, relative))
	case *types.Basic:
		if u.Kind() == types.UnsafePointer || u.Kind() == types.Uintptr {
			return fmt.Sprintf("a %s cannot be saved", types.TypeString(t, relative))
		}
	case *types.Map:
		if b, ok := u.Key().Underlying().(*types.Basic); !ok || b.Kind() != types.String {
			return fmt.Sprintf("the keys of %s are not strings", types.TypeString(t, relative))
		}
	}
	if e, ok := elem(t); ok {
		return cannotSave(e, relative, append(seen, t))
	}
	return ""
}

// pointsNowhere reports whether t is a pointer type that leads to itself, such as type T *T.
func pointsNowhere(t types.Type) bool {
	var seen []types.Type
	for {
		ptr, ok := t.Underlying().(*types.Pointer)
		if !ok {
			return false
		}
		for _, s := range seen {
			if types.Identical(s, t) {
				return true
			}
		}
		seen = append(seen, t)
		t = types.Unalias(ptr.Elem())
	}
}

// structOf returns t, or the type that t points to, if that is a struct. Otherwise it returns nil.
func structOf(t types.Type) types.Type {
	t = types.Unalias(t)
	if ptr, ok := t.Underlying().(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	}
	if _, ok := t.Underlying().(*types.Struct); !ok {
		return nil
	}
	return t
}

// embedsItself reports whether inlining t leads back to owner or to a struct already being inlined.
func embedsItself(owner, t types.Type, path []types.Type) bool {
	s := structOf(t)
	if types.Identical(s, owner) {
		return true
	}
	for _, p := range path {
		if types.Identical(p, s) {
			return true
		}
	}
	str := s.Underlying().(*types.Struct)
	for i := range str.NumFields() {
		f := str.Field(i)
		if f.Embedded() && structOf(f.Type()) != nil && !leaf(structOf(f.Type())) && !isModule(f.Type()) && embedsItself(owner, f.Type(), append(path, s)) {
			return true
		}
	}
	return false
}

// parameterized reports whether t depends on a type parameter. Such types cannot be checked.
func parameterized(t types.Type, seen map[types.Type]bool) bool {
	t = types.Unalias(t)
	if seen[t] {
		return false
	}
	seen[t] = true
	if _, ok := t.(*types.TypeParam); ok {
		return true
	}
	if e, ok := elem(t); ok {
		return parameterized(e, seen)
	}
	return false
}
