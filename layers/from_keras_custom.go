package layers

import (
	"encoding/json"
)

// A KerasOption changes what [FromKeras] does.
type KerasOption func(*kerasLibrary)

// A Constructor makes a layer from the configuration that the layer's get_config gave in Python, as JSON. The layer is a [Layer] or a
// [MultiLayer], usually a pointer to a struct with tagged weights; a [Masker] hands on masks.
type Constructor func(config json.RawMessage) (any, error)

// WithLayer makes FromKeras use a layer of the caller's for a Keras class: one that Python registered under that name, with or without
// its package ("Swirl" or "shapes>Swirl"), or one of Keras's own.
func WithLayer(class string, construct Constructor) KerasOption {
	return func(k *kerasLibrary) { k.custom[class] = construct }
}

// constructed returns what construct makes, or an error where it makes no layer.
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
	_ = json.Unmarshal(raw, &named) // a constructor says what is wrong
	return named.Name
}

// runsCode reports Keras's classes that run code which their configuration only names, or has as bytes of Python.
func runsCode(class string) bool {
	switch class {
	case "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer":
		return true
	}
	return false
}
