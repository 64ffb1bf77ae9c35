package layers

import (
	"reflect"

	lay "github.com/gockpt/ckpt/layout"
)

// Layer returns the layer with the given name, or nil. It is a pointer to a layer of this package, to a [Model], or to a layer of
// the caller. To find a layer of an inner model, call Layer on that Model.
func (m *Model) Layer(name string) any {
	for _, c := range m.program.Callees {
		if c.Who.Name == name {
			return c.Layer
		}
	}
	return nil
}

// LayerNames returns the names of the model's layers in Keras's order, without inputs and operations.
func (m *Model) LayerNames() []string {
	var names []string
	for _, c := range m.program.Callees {
		if c.Layer != nil {
			names = append(names, c.Who.Name)
		}
	}
	return names
}

// Tap returns a model with the same inputs and layers but other outputs: those of the named layers or operations. If a layer is
// called several times, it takes the first call, and of several outputs the first. The new model computes only the layers that its
// outputs need. Both models share the weights.
func (m *Model) Tap(names ...string) (*Model, error) {
	p, err := m.program.Tap(names)
	if err != nil {
		return nil, err
	}
	tapped := &Model{Operations: m.Operations, program: p, idle: m.idle, first: m.first.of()}
	if m.Functional != nil {
		tapped.Functional = &Model{Operations: m.Functional.Operations, program: p, idle: m.idle, first: tapped.first}
	}
	return tapped, nil
}

// TF2 returns the layers that have weights, under their names in a checkpoint of Keras 2, "layer_with_weights-0", …, like
// [Sequential.TF2]:
//
//	err := ckpt.LoadWeights(ctx, "training/ckpt-7", ckpt.Group(m.TF2()), ckpt.At("model"))
func (m *Model) TF2() map[string]any {
	var layers []any
	for _, c := range m.program.Callees {
		if c.Layer != nil {
			layers = append(layers, c.Layer)
		}
	}
	return tf2Edges(layers)
}

func hasLayerWeights(layer any) bool {
	if l, ok := layer.(lay.Optional); ok && l.CheckpointOptional() {
		return false
	}
	return hasWeights(reflect.TypeOf(layer), make(map[reflect.Type]bool))
}
