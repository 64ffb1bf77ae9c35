package layers

import (
	"encoding/json"
)

// A KerasOption changes the behaviour of [FromKeras].
type KerasOption func(*kerasLibrary)

// A Constructor makes a layer from the configuration that the layer's get_config gave in Python, as JSON. The layer is a [Layer]
// or a [MultiLayer], usually a pointer to a struct with tagged weights; a [Masker] passes masks on.
type Constructor func(config json.RawMessage) (any, error)

// WithLayer makes FromKeras use the caller's layer for a Keras class: a class that Python registered under this name, with or
// without its package ("Swirl" or "shapes>Swirl"), or a class of Keras.
func WithLayer(class string, construct Constructor) KerasOption {
	return func(k *kerasLibrary) { k.custom[class] = construct }
}

// constructed returns the result of construct, or an error if that is not a layer.
func constructed(class string, raw json.RawMessage, construct Constructor) (any, error) {
	who := id{class, nameIn(raw)}
	layer, err := construct(raw)
	if err != nil {
		return nil, errorf(who, "%w", err)
	}
	switch layer.(type) {
	case Layer, MultiLayer:
		return layer, nil
	}
	return nil, errorf(who, "its constructor returned a %T, want a Layer or a MultiLayer", layer)
}

// nameIn returns the name in a layer's configuration, "" if there is none.
func nameIn(raw json.RawMessage) string {
	var named struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(raw, &named) // a constructor reports errors
	return named.Name
}

// runsCode reports whether a Keras class runs code that its configuration only names, or contains as Python bytecode.
func runsCode(class string) bool {
	switch class {
	case "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer":
		return true
	}
	return false
}
