package layers

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMakeLayer(t *testing.T) {
	for _, tt := range []struct {
		name, class, config, want string
	}{
		{"an unsupported class", "Lambda", `{}`, `layers: Lambda: unsupported layer class: the layer runs code that is not in the description; pass a Go layer to FromKeras: WithLayer("Lambda", …)`},
		{"no JSON", "Dense", `{`, `layers: Dense: config: unexpected end of JSON input`},
		{"an unknown option", "Dense", `{"name": "d", "units": 3, "sharpness": 2}`, `layers: Dense "d": config: unknown option "sharpness"`},
		{"an option of another type", "Dense", `{"units": "three"}`, `layers: Dense: config: option "units" is "three": json: cannot unmarshal string into Go value of type int`},
		{"an unknown activation", "Dense", `{"units": 3, "activation": "boom"}`, `layers: Dense: config: option "activation": activation: "boom": unknown activation`},
		{"a layer of another kind as the activation", "Dense", `{"activation": {"class_name": "Dense", "config": {}}}`, `layers: Dense: config: option "activation" is a "Dense", which is not an activation`},
		{"a function as the activation", "Dense", `{"activation": {"class_name": "function", "config": "relu"}}`, ``},
		{"null counts as missing", "Dense", `{"units": 3, "activation": null, "sharpness": null}`, ``},
		{"options for initial weights and training are ignored", "Dense", `{"kernel_initializer": {}, "embeddings_constraint": {}, "trainable": false}`, ``},
		{"TF 2.0's name of a slope", "LeakyReLU", `{"alpha": 0.25}`, ``},
		{"axes that are not integers", "Softmax", `{"axis": "last"}`, `layers: Softmax: config: option "axis" is "last", want integers`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kerasLibrary{}.Make(tt.class, json.RawMessage(tt.config))
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
		})
	}
}

func FuzzMakeLayer(f *testing.F) {
	f.Add("Dense", `{"units": 3, "activation": {"class_name": "ReLU", "config": {"max_value": 2}}}`)
	f.Add("Softmax", `{"axis": [1, -1]}`)
	f.Fuzz(func(t *testing.T, class, config string) {
		layer, err := kerasLibrary{}.Make(class, json.RawMessage(config))
		if l, ok := layer.(Layer); ok && err == nil {
			_, _ = l.Call(random(t, 1, 2, 3)) // it returns an error or an output, and does not panic
		}
	})
}
