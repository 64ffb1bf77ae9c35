package layers

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// A keras2Case is one line of testdata/keras2.golden.gz, which testdata/keras2.py explains.
type keras2Case struct {
	Name            string
	Model           json.RawMessage
	Weights         map[string]json.RawMessage
	Inputs, Outputs []sweepTensor
}

// setWeights gives the layers of m the values of Keras's get_weights, in the order of the fields.
func setWeights(t *testing.T, m *Model, weights map[string]json.RawMessage) {
	t.Helper()
	for name, raw := range weights {
		layer := m.Layer(name)
		require.NotNil(t, layer, name)
		if inner, ok := layer.(*Model); ok {
			var below map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(raw, &below))
			setWeights(t, inner, below)
			continue
		}
		var values []any
		d := json.NewDecoder(bytes.NewReader(raw))
		require.NoError(t, d.Decode(&values))
		fields := weightFields(reflect.ValueOf(layer))
		require.LessOrEqual(t, len(values), len(fields), name)
		at := 0
		for _, v := range values {
			x := nested(t, v)
			for at < len(fields) && !takes(layer, fields[at], x.Shape()) { // skips an optional weight that the layer does not have
				at++
			}
			require.Less(t, at, len(fields), "%s: no field for shape %v", name, x.Shape())
			*fields[at] = *x
			at++
		}
	}
}

// takes reports whether a field of layer accepts a weight of that shape. A field accepts every shape that the layer's options do
// not exclude.
func takes(layer any, field *Tensor, shape tensor.Shape) bool {
	ok := true
	for _, s := range shapers(reflect.ValueOf(layer)) {
		s.WantShapes(func(v tensor.Any, want ...int) {
			ok = ok && (v != tensor.Any(field) || fitsPattern(shape, want))
		})
	}
	return ok
}

func nested(t *testing.T, v any) *Tensor {
	t.Helper()
	var shape []int
	for at := v; ; {
		list, ok := at.([]any)
		if !ok {
			break
		}
		shape = append(shape, len(list))
		at = list[0]
	}
	var values []float32
	var walk func(v any)
	walk = func(v any) {
		if list, ok := v.([]any); ok {
			for _, item := range list {
				walk(item)
			}
			return
		}
		values = append(values, float32(v.(float64)))
	}
	walk(v)
	return newTensor(t, values, shape...)
}

// weightFields returns the tensors that are reachable from v by exported tagged fields, in order, built or not.
func weightFields(v reflect.Value) []*Tensor {
	var found []*Tensor
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return weightFields(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Tensor]() {
			return []*Tensor{v.Addr().Interface().(*Tensor)}
		}
		for i := range v.NumField() {
			tag, tagged := v.Type().Field(i).Tag.Lookup("ckpt")
			if strings.HasPrefix(tag, "lora_") || strings.HasPrefix(tag, "kernel_scale") || strings.HasPrefix(tag, "inputs_scale") || strings.HasPrefix(tag, "embeddings_scale") {
				continue // Keras 2 does not have these
			}
			if tagged || v.Type().Field(i).Anonymous {
				found = append(found, weightFields(v.Field(i))...)
			}
		}
	}
	return found
}

func TestKeras2Golden(t *testing.T) {
	packed, err := os.ReadFile(filepath.Join("testdata", "keras2.golden.gz"))
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	for line := range bytes.Lines(text) {
		c := new(keras2Case)
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		require.NoError(t, d.Decode(c))
		t.Run(c.Name, func(t *testing.T) {
			m, err := FromKeras(bytes.NewReader(c.Model))
			require.NoError(t, err)
			setWeights(t, m, c.Weights)
			inputs := make([]tensor.Any, len(c.Inputs))
			for i := range c.Inputs {
				inputs[i] = c.Inputs[i].tensor(t)
			}
			ys, err := m.Run(nil, inputs...)
			require.NoError(t, err)
			require.Len(t, ys, len(c.Outputs))
			for i := range c.Outputs {
				requireClose(t, asFloats(t, c.Outputs[i].tensor(t)), asFloats(t, ys[i]))
			}
		})
	}
}

// For an unsupported TensorFlow function, making the model returns an error that names it. For an unsupported argument, running
// the model does.
func TestKeras2Functions(t *testing.T) {
	model := func(function, kwargs string) (*Model, error) {
		return FromKeras(strings.NewReader(`{"class_name":"Functional","keras_version":"2.15.0","config":{"name":"m","layers":[
			{"class_name":"InputLayer","config":{"batch_input_shape":[null,2],"dtype":"float32","name":"x"},"name":"x","inbound_nodes":[]},
			{"class_name":"TFOpLambda","config":{"name":"f","function":"` + function + `"},"name":"f","inbound_nodes":[["x",0,0,` + kwargs + `]]}],
			"input_layers":[["x",0,0]],"output_layers":[["f",0,0]]}}`))
	}
	_, err := model("image.resize", `{"size":[4,4]}`)
	require.ErrorIs(t, err, ErrUnknownLayer)
	require.ErrorContains(t, err, `TFOpLambda "f": the function tf.image.resize is not supported`)
	x := tensor.New[float32](1, 2)
	for kwargs, want := range map[string]string{
		`{"y":1}`:                             "",
		`{"y":null}`:                          `TFOpLambda "f": argument "x2"`,
		`{"y":1,"surprise":2}`:                `argument "surprise"`,
		`{"y":{"class_name":"__ellipsis__"}}`: `argument "x2"`,
	} {
		m, err := model("math.add", kwargs)
		require.NoError(t, err, kwargs)
		_, err = m.Run(nil, x)
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want, kwargs)
		}
	}
	m, err := model("nn.silu", `{"beta":2.0}`)
	require.NoError(t, err)
	_, err = m.Run(nil, x)
	require.ErrorContains(t, err, `argument "beta" is 2`)
}
