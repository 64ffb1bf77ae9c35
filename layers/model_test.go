package layers

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

func TestModelGolden(t *testing.T) { runGolden(t, "model", callModel) }

// callModel runs a model on a case's inputs, in the dtypes that Keras received.
func callModel(t testing.TB, c *goldenCase, layer any, ctx *Context, xs []*Tensor) ([]*Tensor, error) {
	inputs := make([]tensor.Any, len(xs))
	for i, x := range xs {
		d, err := tensor.ParseDType(c.Inputs[i].DType)
		require.NoError(t, err)
		v, err := ops.FloatValue(x).Cast(d)
		require.NoError(t, err)
		inputs[i], err = v.Tensor()
		require.NoError(t, err)
	}
	m := layer.(*Model)
	ys, err := m.Run(ctx, inputs...)
	if err != nil {
		return nil, err
	}
	out := make([]*Tensor, len(ys))
	for i, y := range ys {
		spec := m.Outputs()[i]
		require.Equal(t, c.Outputs[i].DType, y.DType().String(), "dtype of output %d, %s", i, spec.Name)
		require.Equal(t, y.DType(), spec.DType, "dtype in Outputs of output %d, %s", i, spec.Name)
		v, err := ops.NewValue(y)
		require.NoError(t, err)
		out[i], err = v.Float()
		require.NoError(t, err)
	}
	return out, nil
}

// functional is the description of a Functional model with an input x of shape [batch 3] and the given layers and outputs.
func functional(layers, outputs string) string {
	return `{"module": "keras.src.models.functional", "class_name": "Functional", "config": {"name": "m", "layers": [
		{"module": "keras.layers", "class_name": "InputLayer", "name": "x", "inbound_nodes": [],
		 "config": {"batch_shape": [null, 3], "dtype": "float32", "sparse": false, "name": "x"}}` + layers + `],
		"input_layers": [["x", 0, 0]], "output_layers": ` + outputs + `}}`
}

// operatorJSON is the description of an operator and one call of it.
func operatorJSON(class, name, config, args string) string {
	return fmt.Sprintf(`,{"module": "keras.src.ops.numpy", "class_name": %q, "name": %q, "config": {"name": %q%s}, "inbound_nodes": [{"args": [%s], "kwargs": {}}]}`,
		class, name, name, config, args)
}

// tensorJSON refers to a tensor in a call's arguments.
func tensorJSON(name string) string {
	return fmt.Sprintf(`{"class_name": "__keras_tensor__", "config": {"shape": [null, 3], "dtype": "float32", "keras_history": [%q, 0, 0]}}`, name)
}

func TestFromKerasErrors(t *testing.T) {
	x := tensorJSON("x")
	for _, tt := range []struct{ name, json, want string }{
		{"no JSON", `{`, "layers: model: unexpected end of JSON input"},
		{"a layer", `{"class_name": "Dense", "config": {}}`, "layers: Dense: unsupported layer class: want a Functional or a Sequential model"},
		{"a subclassed model", `{"class_name": "Mine", "config": {"name": "mine"}}`, "layers: Mine: unsupported layer class: want a Functional or a Sequential model"},
		{"a model without outputs", `{"class_name": "Functional", "config": {"name": "m", "layers": []}}`, `layers: functional "m": config has no input_layers and output_layers: unknown option`},
		{"an unsupported layer", functional(`,{"module": "keras.layers", "class_name": "Lambda", "name": "f", "config": {}, "inbound_nodes": []}`, `["f", 0, 0]`), "layers: Lambda: unsupported layer class: the layer runs code that is not in the description; pass a Go layer to FromKeras: WithLayer(\"Lambda\", …)"},
		{"a user's layer", functional(`,{"module": "my", "class_name": "Swirl", "name": "f", "config": {}, "inbound_nodes": []}`, `["f", 0, 0]`), "layers: Swirl: unsupported layer class"},
		{"an unsupported operator", functional(operatorJSON("Svd", "s", "", x), `["s", 0, 0]`), "layers: keras.ops Svd: unsupported layer class"},
		{"an unknown option of an operator", functional(operatorJSON("Sum", "s", `, "axis": 1, "where": 3`, x), `["s", 0, 0]`), `layers: Sum "s": config: unknown option "where"`},
		{"an unknown option of a layer", functional(`,{"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2, "twist": 1}, "inbound_nodes": []}`, `["d", 0, 0]`), `layers: Dense "d": config: unknown option "twist"`},
		{"a quantized layer", functional(`,{"module": "keras.layers", "class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2, "dtype": {"class_name": "QuantizedDTypePolicy", "config": {"name": "int4_from_float32"}}}, "inbound_nodes": []}`, `["d", 0, 0]`), `layers: Dense "d": dtype policy QuantizedDTypePolicy "int4_from_float32": unknown option`},
		{"a sparse input", `{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 3], "sparse": true}}]}}`, `layers: InputLayer "i": config: option "sparse" is true: unknown option`},
		{"an output of a missing layer", functional("", `["y", 0, 0]`), `layers: functional "m": no layer is called "y"`},
		{"an invalid output", functional("", `"x"`), `layers: functional "m": output_layers: x is not a reference to a tensor`},
		{"a missing call", functional(operatorJSON("Negative", "n", "", x), `["n", 1, 0]`), `layers: functional "m": call 1 of layer "n", which is called 1 times`},
		{"two layers with one name", functional(operatorJSON("Negative", "x", "", x), `["x", 0, 0]`), `layers: functional "m": two layers are called "x"`},
		{"a layer that depends on itself", functional(operatorJSON("Negative", "a", "", tensorJSON("b"))+operatorJSON("Negative", "b", "", tensorJSON("a")), `["a", 0, 0]`), `layers: functional "m": layer "a" depends on itself`},
		{"an argument of an unknown class", functional(operatorJSON("Negative", "n", "", `{"class_name": "__lambda__", "config": {}}`), `["n", 0, 0]`), `layers: Negative "n": config: argument of class "__lambda__": unknown option`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FromKeras(strings.NewReader(tt.json))
			require.EqualError(t, err, tt.want)
		})
	}
	t.Run("errors.Is finds the unsupported part", func(t *testing.T) {
		_, err := FromKeras(strings.NewReader(functional(operatorJSON("Svd", "s", "", x), `["s", 0, 0]`)))
		require.ErrorIs(t, err, ErrUnknownLayer)
		_, err = FromKeras(strings.NewReader(functional(operatorJSON("Sum", "s", `, "initial": 3`, x), `["s", 0, 0]`)))
		require.ErrorIs(t, err, ErrUnknownOption)
	})
}

func TestModelRunErrors(t *testing.T) {
	x := tensorJSON("x")
	for _, tt := range []struct {
		name, layers string
		input        tensor.Any
		want         string
	}{
		{"an input of another width", operatorJSON("Negative", "y", "", x), tensor.New[float32](2, 4), `layers: functional "m": input "x" shape [2 4], want [… 3]`},
		{"a string", operatorJSON("Negative", "y", "", x), tensor.New[string](2, 3), `layers: functional "m": input "x": string values where numbers are wanted`},
		{"a dtype without computations", operatorJSON("Negative", "y", "", x), tensor.New[complex64](2, 3), `layers: functional "m": input 0: models do not compute with dtype complex64`},
		{"a tensor without values", operatorJSON("Negative", "y", "", x), nil, `layers: functional "m": input 0: a tensor without values`},
		{"shapes that do not stretch", operatorJSON("Add", "y", "", x+`, [1, 2]`), tensor.New[float32](2, 3), `layers: keras.ops Add "y": shapes [2 3] and [2] do not stretch to each other`},
		{"a missing axis", operatorJSON("Sum", "y", `, "axis": 5`, x), tensor.New[float32](2, 3), `layers: keras.ops Sum "y": axes [5] for a tensor of rank 2`},
		{"a missing index", operatorJSON("GetItem", "y", "", x+`, [{"class_name": "__slice__", "config": {"start": null, "stop": null, "step": null}}, 3]`), tensor.New[float32](2, 3), `layers: keras.ops GetItem "y": index 3 into axis 1 of shape [2 3]`},
		{"a shape with another number of values", operatorJSON("Reshape", "y", `, "newshape": [-1, 4]`, x), tensor.New[float32](2, 3), `layers: keras.ops Reshape "y": tensor: got 6 values for shape [1 4], want 4`},
		{"a shape beyond memory", operatorJSON("BroadcastTo", "y", `, "shape": [1000000000, 1000000000, 2, 3]`, x), tensor.New[float32](2, 3), `layers: keras.ops BroadcastTo "y": shape [1000000000 1000000000 2 3] is beyond memory`},
		{"a tensor that a call does not return", operatorJSON("Negative", "a", "", x) + operatorJSON("Negative", "y", "", strings.Replace(tensorJSON("a"), "0, 0]", "0, 1]", 1)), tensor.New[float32](2, 3), `layers: Negative "a": tensor 1 of 1 is asked for`},
		{"an unknown argument", `,{"module": "keras.layers", "class_name": "Dense", "name": "y", "config": {"name": "y", "units": 2}, "inbound_nodes": [{"args": [` + x + `], "kwargs": {"mood": "good"}}]}`, tensor.New[float32](2, 3), `layers: Dense "y": argument "mood": unknown option`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := FromKeras(strings.NewReader(functional(tt.layers, `["y", 0, 0]`)))
			require.NoError(t, err)
			_, err = m.Run(nil, tt.input)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestModelInputs(t *testing.T) {
	m, err := FromKeras(strings.NewReader(functional(operatorJSON("Multiply", "y", "", tensorJSON("x")+", 2"), `[["y", 0, 0], ["x", 0, 0]]`)))
	require.NoError(t, err)
	require.Equal(t, "m", m.Name())
	require.Equal(t, []TensorSpec{{"x", tensor.DTFloat32, tensor.Shape{-1, 3}}}, m.Inputs())
	require.Equal(t, []TensorSpec{{Name: "y", DType: tensor.DTFloat32}, {Name: "x", DType: tensor.DTFloat32}}, m.Outputs())

	t.Run("they are converted to the input's dtype", func(t *testing.T) {
		x, err := tensor.FromSlice([]int32{1, 2, 3}, 1, 3)
		require.NoError(t, err)
		ys, err := m.Run(nil, x)
		require.NoError(t, err)
		require.Equal(t, []float32{2, 4, 6}, ys[0].Values())
		require.Equal(t, []float32{1, 2, 3}, ys[1].Values())
	})
	t.Run("half floats keep their values", func(t *testing.T) {
		x, err := tensor.FromSlice([]tensor.Float16{tensor.Float16FromFloat32(0.5), 0, 0}, 1, 3)
		require.NoError(t, err)
		ys, err := m.Run(nil, x)
		require.NoError(t, err)
		require.Equal(t, []float32{1, 0, 0}, ys[0].Values())
	})
	t.Run("a sole input may have any name", func(t *testing.T) {
		x := tensor.New[float32](1, 3)
		xs, err := m.Arrange(map[string]tensor.Any{"features": x})
		require.NoError(t, err)
		require.Equal(t, []tensor.Any{x}, xs)
		_, err = m.Arrange(nil)
		require.EqualError(t, err, `layers: functional "m": 0 inputs, want 1: ["x"]`)
	})
	t.Run("Python's infinities", func(t *testing.T) {
		m, err := FromKeras(strings.NewReader(functional(operatorJSON("Where", "y", "", `{"class_name": "__tensor__", "config": {"value": [true, false, true], "dtype": "bool"}}, `+tensorJSON("x")+", -Infinity")+
			operatorJSON("Clip", "z", `, "x_min": -Infinity, "x_max": 2.0`, tensorJSON("x")), `[["y", 0, 0], ["z", 0, 0]]`)))
		require.NoError(t, err)
		x, err := tensor.FromSlice([]float32{1, 2, 3}, 1, 3)
		require.NoError(t, err)
		ys, err := m.Run(nil, x)
		require.NoError(t, err)
		require.Equal(t, "[1 -Inf 3]", fmt.Sprint(ys[0].Values()))
		require.Equal(t, []float32{1, 2, 2}, ys[1].Values())
	})
}

func TestModelFromManyGoroutines(t *testing.T) {
	for _, c := range readGolden(t, "model") {
		if c.Name != "masks from an embedding" {
			continue
		}
		layer, err := kerasLibrary{}.Make(c.Class, c.Config)
		require.NoError(t, err)
		c.setWeights(t, layer)
		x := c.tensor(t, c.Inputs[0])
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				ys, err := layer.(*Model).ForwardAll(nil, []*Tensor{x})
				if err != nil || len(ys) != len(c.Outputs) {
					t.Errorf("%d outputs, error %v", len(ys), err)
					return
				}
				for i := range ys {
					requireClose(t, c.tensor(t, c.Outputs[i]), ys[i])
				}
			})
		}
		wg.Wait()
		return
	}
	t.Fatal("the case does not exist")
}

func FuzzFromKeras(f *testing.F) {
	x := tensorJSON("x")
	f.Add(functional(operatorJSON("Negative", "y", "", x), `["y", 0, 0]`))
	f.Add(functional(operatorJSON("GetItem", "y", "", x+`, [{"class_name": "__slice__", "config": {"start": -1, "stop": null, "step": -2}}, null, 0]`), `{"a": ["y", 0, 0]}`))
	f.Add(functional(operatorJSON("Pad", "y", `, "pad_width": [[0, 1], [2, 0]], "mode": "reflect"`, x), `["y", 0, 0]`))
	f.Add(functional(operatorJSON("Einsum", "y", `, "subscripts": "ij,kj->ik"`, x+", "+x), `["y", 0, 0]`))
	f.Add(`{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Embedding", "config": {"input_dim": 3, "output_dim": 2, "mask_zero": true}},
		{"class_name": "LSTM", "config": {"units": 2}}, {"class_name": "Dense", "config": {"units": 1, "activation": "tanh"}}], "build_input_shape": [null, 3]}}`)
	f.Fuzz(func(t *testing.T, description string) {
		m, err := FromKeras(strings.NewReader(description))
		if err != nil {
			return
		}
		inputs := make([]tensor.Any, len(m.Inputs()))
		for i := range inputs {
			inputs[i] = tensor.New[float32](2, 3)
		}
		_, _ = m.Run(nil, inputs...) // it returns outputs or an error, and does not panic
	})
}

func ExampleFromKeras() {
	description := `{"class_name": "Sequential", "config": {"name": "score", "layers": [
		{"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [null, 2], "dtype": "float32"}},
		{"class_name": "Dense", "config": {"name": "out", "units": 1, "activation": "relu"}}]}}`
	m, err := FromKeras(strings.NewReader(description))
	if err != nil {
		fmt.Println(err)
		return
	}
	// ckpt.LoadWeights(ctx, path, m, ckpt.At("model")) would load this from a checkpoint:
	out := m.Functional.Operations[1].(*Dense)
	weights, _ := tensor.FromSlice([]float32{1, 10}, 2, 1)
	out.Kernel = *weights

	x, _ := tensor.FromSlice([]float32{1, 2, 3, -4}, 2, 2)
	ys, err := m.Run(nil, x)
	fmt.Println(m.Inputs()[0].Name, ys[0].Shape(), ys[0].Values(), err)
	// Output: x [2 1] [21 0] <nil>
}

func TestModelOutputsAreTheCallersOwn(t *testing.T) {
	x := tensorJSON("x")
	flat := `,{"module": "keras.layers", "class_name": "Flatten", "name": "f", "config": {"name": "f"}, "inbound_nodes": [{"args": [` + x + `], "kwargs": {}}]}`
	layers := flat + operatorJSON("Reshape", "r", `, "newshape": [-1, 1]`, tensorJSON("f")) +
		operatorJSON("ExpandDims", "e", `, "axis": 0`, tensorJSON("r")) + operatorJSON("Negative", "n", "", x) + operatorJSON("Ravel", "l", "", tensorJSON("n")) +
		operatorJSON("Copy", "c", "", `{"class_name": "__tensor__", "config": {"value": [1.0, 2.0], "dtype": "float32"}}`)
	m, err := FromKeras(strings.NewReader(functional(layers, `[["x", 0, 0], ["f", 0, 0], ["r", 0, 0], ["e", 0, 0], ["n", 0, 0], ["l", 0, 0], ["f", 0, 0], ["c", 0, 0]]`)))
	require.NoError(t, err)
	in := random(t, 1, 2, 3)
	kept := in.Clone()
	first, err := m.Run(nil, in)
	require.NoError(t, err)
	var want []tensor.Any
	for _, y := range first {
		want = append(want, tensor.Clone(y))
	}
	for i, y := range first {
		for j := range y.(*Tensor).Data() {
			y.(*Tensor).Data()[j] = float32(1000 * (i + 1))
		}
		require.Equal(t, kept, in, "output %d shares the input's memory", i)
		for j := i + 1; j < len(first); j++ {
			require.Equal(t, want[j], first[j], "outputs %d and %d share memory", i, j)
		}
	}
	again, err := m.Run(nil, in)
	require.NoError(t, err)
	require.Equal(t, want, again, "an output shares the model's memory")
}

// Keras 3's predict overrides the training argument of a layer's call, and Keras 3 writes that argument for all layers that
// change images in training. Keras 2's predict does not override it.
func TestLayersCalledForTraining(t *testing.T) {
	x := newTensor(t, []float32{1, 2, 3}, 1, 3)
	layer := `,{"module": "keras.layers", "class_name": "Dropout", "name": "y", "config": {"name": "y", "rate": 0.5}, "inbound_nodes": [{"args": [` + tensorJSON("x") + `], "kwargs": {"training": true}}]}`
	m, err := FromKeras(strings.NewReader(functional(layer, `["y", 0, 0]`)))
	require.NoError(t, err)
	y, err := m.Call(x)
	require.NoError(t, err)
	require.Equal(t, x.Data(), y.Data())

	m, err = FromKeras(strings.NewReader(`{"class_name": "Functional", "keras_version": "2.15.0", "config": {"name": "m", "layers": [
		{"class_name": "InputLayer", "name": "x", "config": {"name": "x", "batch_input_shape": [null, 3], "dtype": "float32"}, "inbound_nodes": []},
		{"class_name": "Dropout", "name": "y", "config": {"name": "y", "rate": 0.5}, "inbound_nodes": [[["x", 0, 0, {"training": true}]]]}],
		"input_layers": [["x", 0, 0]], "output_layers": [["y", 0, 0]]}}`))
	require.NoError(t, err)
	_, err = m.Call(x)
	require.EqualError(t, err, `layers: Dropout "y": argument "training" is true: unknown option`)
}
