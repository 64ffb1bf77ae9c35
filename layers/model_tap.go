package layers

import (
	"reflect"

	lay "github.com/gockpt/ckpt/layout"
)

// Layer returns the layer of that name, nil where the model has none: a pointer to one of this package's layers, to a [Model] or to a
// layer of the caller's. The layers of a model within are those of that Model.
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

// Tap returns a model of the same inputs and layers with other outputs: those of the layers or operations of the given names, of the
// first call where there are several, and the first where a call gives several. What the outputs do not need is not computed. Weights
// belong to both models.
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

// TF2 returns the layers under the names that Keras 2 saves them with in a checkpoint, those that have weights:
// "layer_with_weights-0", … as [Sequential.TF2] does:
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
