package layers

import (
	"reflect"
	"slices"
	"strconv"
)

// A NamedLayer is a layer of a model, or a model within it, with Keras's names for its class and for the layer.
type NamedLayer struct {
	Class, Name string
	Layer       any // a type of this package, or the result of a [Constructor]
}

// NamedLayers returns the layers of the model in Keras's order, without inputs and operators.
func (m *Model) NamedLayers() []NamedLayer {
	var all []NamedLayer
	for _, c := range m.program.Callees {
		if c.Layer != nil {
			all = append(all, NamedLayer{c.Class, c.Name(), c.Layer})
		}
	}
	return all
}

// KerasLayers calls visit for each layer of the model and of the models within it, in Keras's order, and a model before its
// layers. visit gets the edges from m to the layer, Keras's names for its class and for the layer, and whether it is a model.
// Inputs and operators, which have no weights, are left out. Keras's HDF5 files name weights by these names: see package
// format/keras.
func (m *Model) KerasLayers(visit func(edges []string, class, name string, model bool)) {
	m.visitLayers(nil, visit)
}

func (m *Model) visitLayers(edges []string, visit func(edges []string, class, name string, model bool)) {
	operations := m.Operations
	if m.Functional != nil {
		edges, operations = append(slices.Clip(edges), "_functional"), m.Functional.Operations
	}
	at := make(map[any]int, len(operations))
	for i, layer := range operations {
		if isPointer(layer) {
			at[layer] = i
		}
	}
	for _, l := range m.NamedLayers() {
		if !isPointer(l.Layer) { // nothing to restore
			continue
		}
		i, ok := at[l.Layer]
		if !ok {
			continue
		}
		to := append(slices.Clip(edges), "_operations", strconv.Itoa(i))
		inner := l.Layer
		model, isModel := inner.(*Model)
		visit(to, l.Class, l.Name, isModel)
		for !isModel {
			wrapper, ok := inner.(*TimeDistributed)
			if !ok {
				break
			}
			inner, to = wrapper.Layer, append(slices.Clip(to), "layer")
			if model, isModel = inner.(*Model); isModel {
				visit(to, kerasClass(model), model.Name(), true)
			}
		}
		if isModel {
			model.visitLayers(to, visit)
		}
	}
}

func isPointer(layer any) bool {
	return layer != nil && reflect.TypeOf(layer).Kind() == reflect.Pointer
}

func kerasClass(m *Model) string {
	if m.Functional != nil {
		return "Sequential"
	}
	return "Functional"
}
