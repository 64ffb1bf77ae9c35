package layers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/description"
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/layers/internal/program"
	"github.com/gockpt/ckpt/tensor"
)

// maxDescription is the largest size of a model's description. Keras's longest ones, those with a vocabulary, have a tenth of it.
const maxDescription = 64 << 20

// FromKeras makes a model from the JSON that Keras 2 and Keras 3 write: model.to_json(), config.json in a .keras file, or
// model_config in a .h5 file. It supports Functional and Sequential models, nested in each other or not, the layers of this package,
// and the operations of keras.ops that stand between layers. Weights are not in the JSON.
//
// If this package does not know a layer, an operation or an option, the error names it and has [ErrUnknownLayer] or
// [ErrUnknownOption]. Models compute in float32, whatever their dtype policy. It is an error if a layer runs Python code, as
// Lambda does; [WithLayer] replaces it with a Go layer.
func FromKeras(r io.Reader, options ...KerasOption) (*Model, error) {
	raw, err := readDescription(r, maxDescription)
	if err != nil {
		return nil, err
	}
	d, err := description.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("layers: model: %w", err)
	}
	k := kerasLibrary{keras2: d.Keras2, custom: make(map[string]Constructor)}
	for _, o := range options {
		o(&k)
	}
	m, err := k.model(d.Class, d.Config)
	if m == nil && err == nil {
		err = errorf(id{kind: d.Class}, "%w: want a Functional or a Sequential model", ErrUnknownLayer)
	}
	if err != nil {
		return nil, err
	}
	m.source, m.keras2 = raw, d.Keras2
	return m, nil
}

// readDescription reads JSON of at most limit bytes.
func readDescription(r io.Reader, limit int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("layers: model: %w", err)
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("layers: model: the JSON has more than %d MiB, which is too long for the description of a model", limit>>20)
	}
	return raw, nil
}

// A kerasLibrary makes and calls the layers of this package for the programs of models.
type kerasLibrary struct {
	depth  int  // the number of layers and models around this one
	keras2 bool // Keras 2 wrote the description
	custom map[string]Constructor
}

// Keras2 reports whether Keras 2 wrote the description.
func (k kerasLibrary) Keras2() bool { return k.keras2 }

// maxDepth is the largest depth of layers and models within each other.
const maxDepth = 32

// Custom reports whether there is a constructor for a registered name.
func (k kerasLibrary) Custom(registered string) bool { return k.custom[registered] != nil }

// Make makes the layer that Keras describes by its class's name and its configuration, weights not built.
func (k kerasLibrary) Make(class string, raw json.RawMessage) (any, error) {
	if k.depth++; k.depth > maxDepth {
		return nil, errorf(id{kind: class}, "layers and models are nested more than %d deep", maxDepth)
	}
	if construct := k.custom[class]; construct != nil {
		return constructed(class, raw, construct)
	}
	m := makerOf(class)
	if m == nil {
		if runsCode(class) {
			return nil, errorf(id{class, nameIn(raw)}, "%w: the layer runs code that is not in the description; pass a Go layer to FromKeras: WithLayer(%q, …)", ErrUnknownLayer, class)
		}
		model, err := k.model(class, raw)
		switch {
		case err != nil:
			return nil, err
		case model == nil:
			return nil, errorf(id{kind: class}, "%w", ErrUnknownLayer)
		}
		return model, nil
	}
	c, err := config.New(class, raw, k)
	if err != nil {
		return nil, err
	}
	layer := m(c)
	return layer, c.Done()
}

// model makes a model. It returns nil if class is not the class of a model.
func (k kerasLibrary) model(class string, raw json.RawMessage) (*Model, error) {
	p, err := program.New(class, raw, k)
	if p == nil || err != nil {
		return nil, err
	}
	m := &Model{Operations: []any{}, program: p, idle: newIdle(), first: newFirstRun()}
	if p.Chain {
		var links []link
		for _, c := range p.Steps() {
			links = append(links, link{c.Class, c.Layer})
		}
		m.Operations = chainOperations(links)
		return &Model{Operations: []any{}, Functional: m, program: p, idle: m.idle, first: m.first}, nil
	}
	for _, c := range p.Callees {
		m.Operations = append(m.Operations, c.Layer)
	}
	return m, nil
}

// Activation returns the function of an activation layer without weights.
func (kerasLibrary) Activation(layer any) (f activation.Func, ok bool, err error) {
	l, ok := layer.(interface {
		function() (activation.Func, error)
	})
	if !ok {
		return f, false, nil
	}
	f, err = l.function()
	return f, true, err
}

// Call calls a layer with a program's values.
func (kerasLibrary) Call(who, class string, layer any, a *ops.Arguments) ([]*ops.Value, error) {
	if l, ok := layer.(kerasLayer); ok {
		return l.callKeras(a)
	}
	return callLayer(id{kind: who}, class, layer, a)
}

// DType returns the dtype of a layer's output, or InvalidDType if it is that of the inputs.
func (kerasLibrary) DType(class string, layer any) tensor.DType {
	if l, ok := layer.(interface{ dtype() tensor.DType }); ok {
		return l.dtype()
	}
	if keepsDType(class) {
		return tensor.InvalidDType
	}
	return tensor.DTFloat32
}

// Program returns the program of a model.
func (kerasLibrary) Program(layer any) *program.Program {
	if m, ok := layer.(*Model); ok {
		return m.program
	}
	return nil
}

// shapeError returns err as a [*ShapeError] if it reports the wrong shape of a model's input.
func shapeError(err error) error {
	if e, ok := errors.AsType[*program.InputError](err); ok && error(e) == err {
		return &ShapeError{Layer: e.Who.String(), Tensor: fmt.Sprintf("input %q", e.Name), Got: e.Got, Want: e.Want}
	}
	return err
}
