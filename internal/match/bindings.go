package match

import (
	"iter"
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/internal/object"
)

// bindings have, for each stored node, the object of the program that it belongs to.
type bindings struct {
	all   []binding // by stored node; the zero binding if there is no object
	count int
}

// A binding is the object of the program that a stored node belongs to.
type binding struct {
	obj reflect.Value    // keeps the address alive that is the object's identity
	own *object.Identity // only if obj does not determine the identity, which is rare
}

func (b *binding) bound() bool { return b.obj.IsValid() || b.own != nil }

// key returns the identity of the object, or the zero Identity for the zero binding.
func (b *binding) key() object.Identity {
	switch {
	case b.own != nil:
		return *b.own
	case !b.obj.IsValid():
		return object.Identity{}
	}
	return object.IdentityOf(b.obj, nil, nil)
}

func newBindings(nodes int) bindings { return bindings{all: make([]binding, nodes)} }

func (b *bindings) clone() bindings { return bindings{slices.Clone(b.all), b.count} }

// of returns the binding of a stored node. ok is false if it has none.
func (b *bindings) of(stored int) (bound binding, ok bool) {
	if stored < len(b.all) {
		bound = b.all[stored]
	}
	return bound, bound.bound()
}

func (b *bindings) has(stored int) bool { return stored < len(b.all) && b.all[stored].bound() }

// key returns the identity of a stored node's object, or the zero Identity.
func (b *bindings) key(stored int) object.Identity {
	bound, _ := b.of(stored)
	return bound.key()
}

// set binds a stored node that does not have an object yet.
func (b *bindings) set(stored int, n *object.Node) {
	if stored >= len(b.all) { // layouts add nodes to the stored graph
		b.all = append(b.all, make([]binding, stored+1-len(b.all))...)
	}
	b.all[stored].obj = n.Obj
	if key := n.Key(); !n.Obj.IsValid() || key.Addr == 0 || key.Len != 0 {
		own := key
		b.all[stored].own = &own
	}
	b.count++
}

// each yields the stored nodes that have objects, in their order.
func (b *bindings) each() iter.Seq2[int, binding] {
	return func(yield func(int, binding) bool) {
		for i := range b.all {
			if b.has(i) && !yield(i, b.all[i]) {
				return
			}
		}
	}
}

// A pair is a stored node with an object that takes its values.
type pair struct {
	stored int
	node   *object.Node
}
