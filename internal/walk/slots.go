package walk

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/gockpt/ckpt/internal/object"
)

// SlotOwner is implemented, on its pointer, by an optimizer whose state TensorFlow keeps in slot variables: one tensor per
// slot name and variable, stored under the variable's key (v1 and tf.keras.optimizers.legacy optimizers).
type SlotOwner interface {
	// SlotNames returns the names of the slots in the order in which they are saved.
	SlotNames() []string
	// Slot returns the slot variable called name of a variable, nil if it has none. variable is the pointer by which the
	// model holds the variable, and what is returned is a pointer to something trackable as one variable.
	Slot(name string, variable any) any
	// CreateSlot is Slot for a restore that has values: it makes the slot variable where there is none, nil where it will
	// not have one.
	CreateSlot(name string, variable any) any
}

// SlotNamer is implemented by a [SlotOwner] that says what its slot variables are called globally; without it the
// slot m of dense/kernel is dense/kernel/m. TensorFlow's own optimizers differ: dense/kernel/Adam and dense/kernel/Adam_1 are
// the slots m and v of tf.compat.v1.train.AdamOptimizer, Adam/dense/kernel/m one of tf.keras.optimizers.legacy.Adam.
type SlotNamer interface {
	// SlotFullName returns the global name of a slot variable, given its slot and the global name of its variable.
	SlotFullName(slot, variable string) string
}

// MakeSlot implements [object.Walk].
func (w *walker) MakeSlot(owner *object.Node, name string, variable *object.Node) *object.Node {
	return w.slot(owner, name, variable, true)
}

// slot returns the node of an optimizer's slot variable, nil if there is none.
func (w *walker) slot(owner *object.Node, name string, variable *object.Node, create bool) *object.Node {
	if !owner.Obj.CanAddr() || !variable.Obj.CanAddr() {
		return nil
	}
	o, ok := owner.Obj.Addr().Interface().(SlotOwner)
	if !ok {
		return nil
	}
	get := o.Slot
	if create {
		get = o.CreateSlot
	}
	s := get(name, variable.Obj.Addr().Interface())
	if s == nil || reflect.ValueOf(s).Kind() == reflect.Pointer && reflect.ValueOf(s).IsNil() {
		return nil
	}
	e := object.Edge{
		Name: ".OPTIMIZER_SLOT/" + name + "/" + strconv.Itoa(variable.ID), GoStep: fmt.Sprintf(".Slot(%q)", name),
		Field: &object.Field{FullName: slotFullName(o, name, variable.GlobalName())}, Opt: object.Options{Explicit: true, Alloc: w.allocAll},
	}
	count := len(w.graph.Nodes)
	n, err := w.resolve(reflect.ValueOf(s), &e, owner)
	if err != nil || n == nil || n.Group {
		return nil
	}
	if n.ID >= count { // else it has been met already
		n.SlotOf = &object.Slot{Owner: owner, Name: name, Variable: variable, Slot: n}
	}
	return n
}

func slotFullName(o SlotOwner, slot, variable string) string {
	if namer, ok := o.(SlotNamer); ok {
		return namer.SlotFullName(slot, variable)
	}
	return variable + "/" + slot
}

// AddSlots implements [object.Walk]. It appends every optimizer's slot variables to the graph, after all other nodes: by optimizer, then by the
// optimizer's order of slots, then by variable (serialize_slot_variables in checkpoint/util.py). The error says
// where a slot variable is an ordinary child as well.
func (w *walker) AddSlots() error {
	count := len(w.graph.Nodes)
	for _, owner := range w.graph.Nodes[:count] {
		if !owner.Group || !roleOf(owner.Key.Type).slotOwner {
			continue
		}
		for _, name := range owner.Obj.Addr().Interface().(SlotOwner).SlotNames() {
			for _, variable := range w.graph.Nodes[:count] {
				if len(variable.Values) == 0 {
					continue
				}
				n := w.slot(owner, name, variable, false)
				if n == nil {
					continue
				}
				if n.ID < count {
					return fmt.Errorf("ckpt: slot variable %q of %s for %s is also an object of its own, %s: it can be only one of them",
						name, owner.GoPath(), variable.GoPath(), n.GoPath())
				}
				owner.Slots = append(owner.Slots, object.Slot{Owner: owner, Name: name, Variable: variable, Slot: n})
			}
		}
	}
	return nil
}

// VariableNamer is implemented, on its pointer, by an object that says what variables below it are called globally where no tag
// does: an optimizer, whose variables have names that contain those of the model's.
type VariableNamer interface {
	// VariableName returns the global name of a variable, given the pointer by which the program holds it, or "" to
	// leave that to objects further up and to the default.
	VariableName(variable any) string
}

var variableNamerType = reflect.TypeFor[VariableNamer]()
