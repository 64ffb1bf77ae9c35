package walk

import (
	"reflect"
	"strings"

	"github.com/gockpt/ckpt/internal/object"
)

// wanted reports whether a checkpoint must have the edge of a field of type t in the struct owner, even if the field holds nil. It
// must if the type can hold a tensor, or if a tag says that it is a variable. If the type leads back to owner, like Next *Node in
// a list, nil is the end of the list.
func (p *Types) wanted(owner, t reflect.Type, tagged bool) bool {
	if t.Kind() == reflect.Interface {
		return tagged || !ofStandardLibrary(t)
	}
	switch p.Trait(t) {
	case Leaf, Trackable:
	case Dynamic:
		if !tagged {
			return false // a map[string]any holds options as often as layers
		}
	default:
		if !tagged {
			return false
		}
	}
	return !p.reaches(t, owner, make(map[reflect.Type]bool))
}

// ofStandardLibrary reports whether t is an interface of the standard library, such as error, context.Context or io.Writer: its
// value is not a layer.
func ofStandardLibrary(t reflect.Type) bool {
	if t == reflect.TypeFor[error]() {
		return true
	}
	first, _, _ := strings.Cut(t.PkgPath(), "/")
	switch first {
	case "bufio", "context", "crypto", "database", "encoding", "expvar", "flag", "fmt", "hash", "image", "io", "log", "math", "net", "os", "reflect", "sort", "sync", "testing", "text":
		return true
	}
	return false
}

// holdsTensor reports whether the declaration of the struct t leads to a variable, without interfaces and the children of a
// Module.
func (p *Types) holdsTensor(t reflect.Type) bool {
	if got, ok := p.holds.Load(t); ok {
		return got.(bool)
	}
	got := p.leadsToLeaf(t, true, make(map[reflect.Type]bool))
	p.holds.Store(t, got)
	return got
}

func (p *Types) leadsToLeaf(t reflect.Type, tagged bool, seen map[reflect.Type]bool) bool {
	if IsLeaf(t) {
		return true
	}
	if _, _, plain := plainType(t); plain {
		return tagged
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return p.leadsToLeaf(t.Elem(), tagged, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			text, tagged := f.Tag.Lookup("ckpt")
			if text != "-" && !p.IsModule(f.Type) && (tagged || f.IsExported() || f.Anonymous) && p.leadsToLeaf(f.Type, tagged, seen) {
				return true
			}
		}
	}
	return false
}

// reaches reports whether a value of type t can lead to one of type owner, without interfaces.
func (p *Types) reaches(t, owner reflect.Type, seen map[reflect.Type]bool) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		if seen[t] {
			return false
		}
		seen[t] = true
		return p.reaches(t.Elem(), owner, seen)
	case reflect.Struct:
	default:
		return false
	}
	if t == owner {
		return true
	}
	if seen[t] || IsLeaf(t) {
		return false
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("ckpt") != "-" && (f.IsExported() || f.Anonymous) && p.reaches(f.Type, owner, seen) {
			return true
		}
	}
	return false
}

// EndsChain reports whether n was reached from an object of its own type, directly or through a container. In such a chain an
// interface may hold nil.
func EndsChain(n *object.Node) bool {
	above := n.Parent
	if above != nil && above.Key().Type != n.Key().Type {
		above = above.Parent
	}
	return above != nil && above.Key().Type == n.Key().Type
}

// holdsNil reports whether v is nil, or leads to nil through pointers and interfaces.
func holdsNil(v reflect.Value) bool {
	for range maxPointerHops {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if v.IsNil() {
				return true
			}
			v = v.Elem()
		case reflect.Slice, reflect.Map:
			return v.IsNil()
		default:
			return false
		}
	}
	return false
}
