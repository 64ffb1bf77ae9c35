package walk

import (
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/gockpt/ckpt/internal/object"
)

// MakeSlot implements [object.Walk].
func (w *Walker) MakeSlot(owner *object.Node, name string, variable *object.Node) (*object.Node, error) {
	return w.slot(owner, name, variable, true)
}

// slot returns the node of an optimizer's slot variable, or nil. It returns an error if the optimizer returns a value that is not
// a variable.
func (w *Walker) slot(owner *object.Node, name string, variable *object.Node, create bool) (*object.Node, error) {
	if !owner.Obj.CanAddr() || !variable.Obj.CanAddr() {
		return nil, nil
	}
	o, ok := owner.Obj.Addr().Interface().(slotOwner)
	if !ok {
		return nil, nil
	}
	get := o.Slot
	if create {
		get = o.CreateSlot
	}
	s := get(name, variable.Obj.Addr().Interface())
	if s == nil || reflect.ValueOf(s).Kind() == reflect.Pointer && reflect.ValueOf(s).IsNil() {
		return nil, nil
	}
	e := object.Edge{
		Name: ".OPTIMIZER_SLOT/" + name + "/" + strconv.Itoa(variable.ID), Opt: object.Options{Explicit: true, Alloc: w.AllocAll},
		Field: &object.Field{Step: fmt.Sprintf(".Slot(%q)", name), FullName: slotFullName(o, name, variable.GlobalName())},
	}
	count := len(w.graph.Nodes)
	n, err := w.Resolve(reflect.ValueOf(s), &e, owner)
	switch {
	case err != nil:
		return nil, fmt.Errorf("ckpt: slot variable %q of %s for %s: %w", name, owner.GoPath(), variable.GoPath(), err)
	case n == nil && e.Missing() != nil:
		return nil, nil // a pointer to nil
	case n == nil || n.Group || len(n.Values) != 1:
		return nil, fmt.Errorf("ckpt: slot variable %q of %s for %s: a %T is %w as one variable: return a pointer to a tensor", name, owner.GoPath(), variable.GoPath(), s, ErrNotTrackable)
	}
	if n.ID >= count { // otherwise it was visited before
		n.SetSlotOf(&object.Slot{Owner: owner, Name: name, Variable: variable, Slot: n})
	}
	return n, nil
}

func slotFullName(o slotOwner, slot, variable string) string {
	if namer, ok := o.(slotNamer); ok {
		return namer.SlotFullName(slot, variable)
	}
	return variable + "/" + slot
}

// AddSlots implements [object.Walk]. It appends every optimizer's slot variables to the graph, after all other nodes: by
// optimizer, then by the optimizer's order of slots, then by variable (serialize_slot_variables in checkpoint/util.py). It is an
// error if a slot variable is also an ordinary child.
func (w *Walker) AddSlots() error {
	count := len(w.graph.Nodes)
	for _, owner := range w.graph.Nodes[:count] {
		if !owner.Group || !roleOf(owner.Key().Type).slotOwner {
			continue
		}
		for _, name := range owner.Obj.Addr().Interface().(slotOwner).SlotNames() {
			if !utf8.ValidString(name) {
				return fmt.Errorf("ckpt: the name %q of a slot of %s is not UTF-8, so no program could read the checkpoint", name, owner.GoPath())
			}
			for _, variable := range w.graph.Nodes[:count] {
				if len(variable.Values) == 0 {
					continue
				}
				n, err := w.slot(owner, name, variable, false)
				if err != nil {
					return err
				}
				if n == nil {
					continue
				}
				if n.ID < count {
					return fmt.Errorf("ckpt: slot variable %q of %s for %s is also the object %s: it can be only one of them",
						name, owner.GoPath(), variable.GoPath(), n.GoPath())
				}
				owner.AddSlot(object.Slot{Owner: owner, Name: name, Variable: variable, Slot: n})
			}
		}
	}
	return nil
}
