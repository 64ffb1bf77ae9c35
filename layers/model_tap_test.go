package layers

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// layerJSON is the description of a layer and one call of it.
func layerJSON(class, name, config, args string) string {
	return fmt.Sprintf(`,{"module": "my", "class_name": %q, "registered_name": "shapes>%s", "name": %q, "config": {"name": %q%s}, "inbound_nodes": [{"args": [%s], "kwargs": {}}]}`,
		class, class, name, name, config, args)
}

func TestModelLayers(t *testing.T) {
	m, err := FromKeras(strings.NewReader(functional(layerJSON("Dense", "hidden", `, "units": 4`, tensorJSON("x"))+operatorJSON("Negative", "minus", "", tensorJSON("hidden"))+
		layerJSON("Dense", "out", `, "units": 2`, tensorJSON("minus")), `["out", 0, 0]`)))
	require.NoError(t, err)
	require.Equal(t, []string{"hidden", "out"}, m.LayerNames())
	require.IsType(t, &Dense{}, m.Layer("hidden"))
	require.Nil(t, m.Layer("minus"), "an operation")
	require.Nil(t, m.Layer("head"))
	x := random(t, 1, 2, 3)
	whole, err := m.Run(nil, x)
	require.NoError(t, err)

	tapped, err := m.Tap("minus", "out", "hidden", "x")
	require.NoError(t, err)
	ys, err := tapped.Run(nil, x)
	require.NoError(t, err)
	require.Len(t, ys, 4)
	require.Equal(t, whole[0], ys[1])
	require.Equal(t, x, ys[3])
	for i, v := range ys[2].(*Tensor).Data() {
		require.Equal(t, -v, ys[0].(*Tensor).Data()[i])
	}
	require.Same(t, m.Layer("out"), tapped.Layer("out"), "weights belong to both")
	again, err := m.Run(nil, x)
	require.NoError(t, err)
	require.Equal(t, whole, again)

	hidden, err := m.Tap("hidden")
	require.NoError(t, err)
	require.Equal(t, []TensorSpec{{Name: "hidden", DType: tensor.DTFloat32}}, hidden.Outputs())
	y, err := hidden.Call(x)
	require.NoError(t, err)
	require.Equal(t, ys[2], y)
	_, err = m.Tap("head")
	require.EqualError(t, err, `layers: functional "m": no layer is called "head": LayerNames has the names; the layers of an inner model are its own`)
}

// A swirl is a user's layer.
type swirl struct {
	Scale Tensor `ckpt:"scale"`
	times float32
}

func (s *swirl) Call(x *Tensor) (*Tensor, error) { return s.Forward(nil, x) }

func (s *swirl) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	y := x.Clone()
	for i := range y.Data() {
		y.Data()[i] *= s.times
	}
	return y, nil
}

func TestCustomLayers(t *testing.T) {
	construct := func(config json.RawMessage) (any, error) {
		var options struct {
			Times float32 `json:"times"`
		}
		err := json.Unmarshal(config, &options)
		return &swirl{times: options.Times}, err
	}
	description := functional(layerJSON("Swirl", "s", `, "times": 3`, tensorJSON("x")), `["s", 0, 0]`)
	for _, name := range []string{"Swirl", "shapes>Swirl"} {
		t.Run(name, func(t *testing.T) {
			m, err := FromKeras(strings.NewReader(description), WithLayer(name, construct))
			require.NoError(t, err)
			require.IsType(t, &swirl{}, m.Operations[1])
			y, err := m.Call(newTensor(t, []float32{1, 2, 3}, 1, 3))
			require.NoError(t, err)
			require.Equal(t, []float32{3, 6, 9}, y.Data())
		})
	}
	t.Run("options of one call do not affect the next", func(t *testing.T) {
		_, err := FromKeras(strings.NewReader(description))
		require.ErrorIs(t, err, ErrUnknownLayer)
	})
	t.Run("a layer of Keras can be replaced", func(t *testing.T) {
		lambda := functional(layerJSON("Lambda", "s", `, "times": 2`, tensorJSON("x")), `["s", 0, 0]`)
		_, err := FromKeras(strings.NewReader(lambda))
		require.ErrorIs(t, err, ErrUnknownLayer)
		require.ErrorContains(t, err, `Lambda "s": unsupported layer class: the layer runs code`)
		_, err = FromKeras(strings.NewReader(lambda), WithLayer("Lambda", construct))
		require.NoError(t, err)
	})
	t.Run("in a wrapper", func(t *testing.T) {
		inner := `, "layer": {"class_name": "Swirl", "config": {"times": 2}}`
		m, err := FromKeras(strings.NewReader(functional(layerJSON("TimeDistributed", "s", inner, tensorJSON("x")), `["s", 0, 0]`)), WithLayer("Swirl", construct))
		require.NoError(t, err)
		require.IsType(t, &swirl{}, m.Layer("s").(*TimeDistributed).Layer)
	})
	t.Run("a value that is not a layer is rejected", func(t *testing.T) {
		_, err := FromKeras(strings.NewReader(description), WithLayer("Swirl", func(json.RawMessage) (any, error) { return 5, nil }))
		require.EqualError(t, err, `layers: Swirl "s": its constructor returned a int, want a Layer or a MultiLayer`)
	})
}

func TestModelSummary(t *testing.T) {
	m, err := FromKeras(strings.NewReader(functional(layerJSON("Dense", "hidden", `, "units": 400`, tensorJSON("x"))+
		layerJSON("Add", "out", "", "["+tensorJSON("hidden")+","+tensorJSON("x")+"]"), `["hidden", 0, 0]`)))
	require.NoError(t, err)
	_, err = m.Call(random(t, 1, 1, 3))
	require.NoError(t, err)
	require.Equal(t, `Model: "m"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ x (InputLayer)      │ (None, 3)         │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ hidden (Dense)      │ (None, 3)         │      1,600 │ x[0][0]           │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ out (Add)           │ (None, 3)         │          0 │ hidden[0][0],     │
│                     │                   │            │ x[0][0]           │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 1,600 (6.25 KB)
 Trainable params: 1,600 (6.25 KB)
 Non-trainable params: 0 (0.00 B)
`, fmt.Sprint(m))
}

// The layers of a Sequential model have no "Connected to". The output shape of each layer is the shape for which the next one was built.
func TestModelSummaryOfChain(t *testing.T) {
	m, err := FromKeras(strings.NewReader(`{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
		{"class_name": "InputLayer", "config": {"batch_shape": [null, 4, 4, 1], "name": "x"}},
		{"class_name": "Conv2D", "config": {"name": "conv", "filters": 2, "kernel_size": [3, 3], "trainable": false}, "build_config": {"input_shape": [null, 4, 4, 1]}},
		{"class_name": "BatchNormalization", "config": {"name": "norm"}, "build_config": {"input_shape": [null, 2, 2, 2]}},
		{"class_name": "Flatten", "config": {"name": "flat"}},
		{"class_name": "Dense", "config": {"name": "out", "units": 3}, "build_config": {"input_shape": [null, 8]}}]}}`))
	require.NoError(t, err)
	_, err = m.Call(random(t, 1, 1, 4, 4, 1))
	require.NoError(t, err)
	require.Equal(t, `Model: "s"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ conv (Conv2D)                   │ (None, 2, 2, 2)        │            20 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ norm (BatchNormalization)       │ (None, 2, 2, 2)        │             8 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ flat (Flatten)                  │ (None, 8)              │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ out (Dense)                     │ (None, 3)              │            27 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 55 (220.00 B)
 Trainable params: 31 (124.00 B)
 Non-trainable params: 24 (96.00 B)
`, m.String())
}
