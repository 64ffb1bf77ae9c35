package layers

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/layers/internal/config"
)

// maxShapeDepth is the depth to which a description is searched for shapes: calls nest lists and dicts a few levels deep.
const maxShapeDepth = 64

// describe returns, by the names of layers, what a description says about them: the shapes of outputs as Keras writes them,
// "(None, 4)"; the tensors that they are called with, "dense[0][0], b[0][0]", or nil if each layer takes the previous one; and
// which layers are not trained. The description has a shape if a layer takes the output, or was built for it. The shape of an
// output that no layer takes follows from the layer's class, or is not known.
func describe(source json.RawMessage) (shapes, before map[string]string, frozen map[string]bool) {
	var model struct {
		Config struct {
			Layers []describedLayer `json:"layers"`
		} `json:"config"`
	}
	if json.Unmarshal(config.PlainJSON(source), &model) != nil {
		return nil, nil, nil
	}
	layers := model.Config.Layers
	outputs := make(map[string][]any)
	frozen = make(map[string]bool)
	for i := range layers {
		if l := &layers[i]; l.Name == "" {
			l.Name = l.Config.Name
		}
		layers[i].tensors(layers[i].InboundNodes, outputs, 0)
		if t := layers[i].Config.Trainable; t != nil && !*t {
			frozen[layers[i].Name] = true
		}
	}
	for i := range layers {
		l := &layers[i]
		in := l.input(outputs)
		if i > 0 && l.InboundNodes == nil { // of a Sequential
			if before := layers[i-1].Name; in == nil {
				in = outputs[before]
			} else if outputs[before] == nil {
				outputs[before] = in
			}
		}
		if outputs[l.Name] == nil {
			if out := l.merged(outputs); out != nil {
				outputs[l.Name] = out
			} else if out := l.output(in); out != nil {
				outputs[l.Name] = out
			}
		}
	}
	shapes = make(map[string]string, len(outputs))
	for name, shape := range outputs {
		shapes[name] = shapeText(shape)
	}
	return shapes, connections(layers), frozen
}

// A describedLayer is a layer in a description, as far as shapes depend on it.
type describedLayer struct {
	ClassName string      `json:"class_name"`
	Name      string      `json:"name"`
	Config    layerConfig `json:"config"`
	Build     struct {
		InputShape any `json:"input_shape"`
	} `json:"build_config"`
	InboundNodes []any `json:"inbound_nodes"`
	first        string
}

// tensors notes the shapes of the tensors in nested arguments, and the layer that returned the first.
func (l *describedLayer) tensors(v any, shapes map[string][]any, depth int) {
	if depth > maxShapeDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		if len(v) >= 3 { // of Keras 2
			if name, ok := v[0].(string); ok && l.first == "" {
				l.first = name
			}
		}
		for _, item := range v {
			l.tensors(item, shapes, depth+1)
		}
	case map[string]any:
		c, _ := v["config"].(map[string]any)
		history, _ := c["keras_history"].([]any)
		shape, _ := c["shape"].([]any)
		if v["class_name"] == "__keras_tensor__" && len(history) == 3 && shape != nil {
			name, _ := history[0].(string)
			if l.first == "" {
				l.first = name
			}
			if history[2] == 0.0 && shapes[name] == nil {
				shapes[name] = shape
			}
			return
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			l.tensors(v[name], shapes, depth+1)
		}
	}
}

// input returns the shape of a layer's only input, or nil if it is not known.
func (l *describedLayer) input(outputs map[string][]any) []any {
	if shape, ok := l.Build.InputShape.([]any); ok && isShape(shape) {
		return shape
	}
	return outputs[l.first]
}

// output returns the shape of a layer's output for the shape of its input, or nil if it does not follow from the class.
func (l *describedLayer) output(in []any) []any {
	switch l.ClassName {
	case "InputLayer":
		if l.Config.BatchShape != nil {
			return l.Config.BatchShape
		}
		return l.Config.BatchInputShape
	case "Dense":
		if len(in) > 0 && l.Config.Units != nil {
			return append(slices.Clone(in[:len(in)-1]), float64(*l.Config.Units))
		}
	case "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "BatchNormalization", "LayerNormalization", "GroupNormalization",
		"UnitNormalization", "RMSNormalization", "Normalization", "Rescaling", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
		"GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization", "Masking", "Identity":
		return in
	case "GlobalAveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling3D", "GlobalMaxPooling3D":
		switch channels := len(in) - 1; {
		case len(in) < 3:
			return nil
		case l.Config.Is("data_format", `"channels_first"`):
			if l.Config.Is("keepdims", "true") {
				return append(slices.Clone(in[:2]), slices.Repeat([]any{1.0}, len(in)-2)...)
			}
			return []any{in[0], in[1]}
		case l.Config.Is("keepdims", "true"):
			out := append(slices.Clone(in[:1]), slices.Repeat([]any{1.0}, len(in)-2)...)
			return append(out, in[channels])
		default:
			return []any{in[0], in[channels]}
		}
	case "Embedding":
		if n, ok := l.Config.Number("output_dim"); ok && in != nil {
			return append(slices.Clone(in), float64(n))
		}
	case "SimpleRNN", "LSTM", "GRU":
		switch {
		case len(in) != 3 || l.Config.Units == nil || l.Config.Is("return_state", "true"):
		case l.Config.Is("return_sequences", "true"):
			return []any{in[0], in[1], float64(*l.Config.Units)}
		default:
			return []any{in[0], float64(*l.Config.Units)}
		}
	case "Bidirectional":
		var inner describedLayer
		if json.Unmarshal(l.Config.options["layer"], &inner) != nil {
			return nil
		}
		out := inner.output(in)
		units, known := 0.0, false
		if len(out) > 0 {
			units, known = out[len(out)-1].(float64)
		}
		switch {
		case !known || l.Config.Is("merge_mode", "null"):
			return nil
		case l.Config.Is("merge_mode", `"concat"`):
			return append(slices.Clone(out[:len(out)-1]), 2*units)
		}
		return out
	case "Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D":
		if n, ok := l.Config.Number("filters"); ok {
			return l.windows(in, "kernel_size", float64(n))
		}
	case "DepthwiseConv1D", "DepthwiseConv2D":
		if n, ok := l.Config.Number("depth_multiplier"); ok && len(in) > 0 {
			if channels, ok := in[len(in)-1].(float64); ok {
				return l.windows(in, "kernel_size", channels*float64(n))
			}
		}
	case "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D":
		if len(in) > 0 {
			return l.windows(in, "pool_size", in[len(in)-1])
		}
	}
	return nil
}

// windows returns the output shape of windows along all axes of in except the first and the last.
func (l *describedLayer) windows(in []any, size string, channels any) []any {
	sizes, strides, dilation := l.Config.Numbers(size, len(in)-2), l.Config.Numbers("strides", len(in)-2), l.Config.Numbers("dilation_rate", len(in)-2)
	if len(in) < 3 || sizes == nil || l.Config.Is("data_format", `"channels_first"`) {
		return nil
	}
	out := []any{in[0]}
	for i, n := range in[1 : len(in)-1] {
		length, known := n.(float64)
		stride, reach := 1, sizes[i]
		if strides != nil {
			stride = max(strides[i], 1)
		} else if size == "pool_size" {
			stride = max(sizes[i], 1)
		}
		if dilation != nil {
			reach = (sizes[i]-1)*dilation[i] + 1
		}
		switch n := int(length); {
		case !known:
			out = append(out, nil)
		case l.Config.Is("padding", `"same"`), l.Config.Is("padding", `"causal"`):
			out = append(out, float64((n+stride-1)/stride))
		default:
			out = append(out, float64(max(n-reach, -stride)/stride+1))
		}
	}
	return append(out, channels)
}

// A layerConfig is a layer's configuration. A member with an unexpected type is ignored.
type layerConfig struct {
	Name                        string
	BatchShape, BatchInputShape []any
	Units                       *int
	Trainable                   *bool
	options                     map[string]json.RawMessage
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *layerConfig) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &c.options) != nil {
		return nil
	}
	for name, to := range map[string]any{"name": &c.Name, "batch_shape": &c.BatchShape, "batch_input_shape": &c.BatchInputShape, "units": &c.Units, "trainable": &c.Trainable} {
		if raw, ok := c.options[name]; ok {
			_ = json.Unmarshal(raw, to)
		}
	}
	return nil
}

// Is reports whether an option equals the given JSON.
func (c *layerConfig) Is(option, text string) bool { return string(c.options[option]) == text }

// Number returns an option that is a whole number.
func (c *layerConfig) Number(option string) (n int, ok bool) {
	raw, ok := c.options[option]
	ok = ok && json.Unmarshal(raw, &n) == nil
	return n, ok
}

// Numbers returns an option that is n whole numbers, or one number for all n; otherwise nil.
func (c *layerConfig) Numbers(option string, n int) []int {
	var list []int
	if one, ok := c.Number(option); ok && n > 0 {
		return slices.Repeat([]int{one}, n)
	}
	if json.Unmarshal(c.options[option], &list) != nil || len(list) != n {
		return nil
	}
	return list
}

func isShape(list []any) bool {
	for _, n := range list {
		if _, number := n.(float64); !number && n != nil {
			return false
		}
	}
	return len(list) > 0
}

// shapeText returns a shape as Keras prints it.
func shapeText(shape []any) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = "None"
		if f, ok := n.(float64); ok {
			parts[i] = strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
