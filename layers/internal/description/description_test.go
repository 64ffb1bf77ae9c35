package description

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/layers/internal/ops"
)

func TestCall(t *testing.T) {
	for name, test := range map[string]struct {
		node string
		want Call
		err  string
	}{
		"Keras 3, one tensor": {
			node: `{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["dense", 1, 2]}}], "kwargs": {"training": false}}`,
			want: Call{[]any{Reference{"dense", 1, 2}}, map[string]any{"training": false}},
		},
		"Keras 3, a list and a number": {
			node: `{"args": [[{"class_name": "__keras_tensor__", "config": {"keras_history": ["a", 0, 0]}}, 2.5]], "kwargs": {}}`,
			want: Call{[]any{[]any{Reference{"a", 0, 0}, ops.Scalar{F: 2.5}}}, map[string]any{}},
		},
		"Keras 2, one tensor":      {node: `[["dense", 0, 0, {"training": null}]]`, want: Call{[]any{Reference{"dense", 0, 0}}, map[string]any{"training": nil}}},
		"Keras 2, several tensors": {node: `[["a", 0, 0, {}], ["b", 1, 0, {}]]`, want: Call{[]any{[]any{Reference{"a", 0, 0}, Reference{"b", 1, 0}}}, map[string]any{}}},
		"no arguments":             {node: `{"args": {}, "kwargs": {}}`, err: "lacks args and kwargs"},
		"an invalid reference":     {node: `{"args": [{"class_name": "__keras_tensor__", "config": {}}], "kwargs": {}}`, err: "is not a reference to a tensor"},
		"a negative call":          {node: `[["a", -1, 0]]`, err: "is not a reference to a tensor"},
		"an unknown class":         {node: `{"args": [{"class_name": "__set__", "config": {}}], "kwargs": {}}`, err: `argument of class "__set__"`},
	} {
		t.Run(name, func(t *testing.T) {
			var n Node
			require.NoError(t, json.Unmarshal([]byte(test.node), &n))
			got, err := n.Call()
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Model{
		`{"class_name": "Functional", "config": {"a": NaN}}`:                                       {Class: "Functional"},
		`{"class_name": "Sequential", "config": [], "keras_version": "2.15.0"}`:                    {Class: "Sequential", Keras2: true},
		`{"class_name": "Sequential", "config": [{"config": {"batch_input_shape": [null, 2]}}]}`:   {Class: "Sequential", Keras2: true},
		`{"class_name": "Sequential", "config": {"batch_input_shape": 1}, "keras_version": "3.0"}`: {Class: "Sequential"},
	} {
		got, err := Parse([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want.Class, got.Class, text)
		require.Equal(t, want.Keras2, got.Keras2, text)
		require.NotEmpty(t, got.Config, text)
	}
}

func FuzzNode(f *testing.F) {
	f.Add([]byte(`{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["dense", 0, 0]}}], "kwargs": {"x": 1e400}}`))
	f.Add([]byte(`{"args": [{"class_name": "__slice__", "config": {"start": 1, "stop": null}}, {"class_name": "__tensor__", "config": {"value": [1, 2], "dtype": "int64"}}], "kwargs": {}}`))
	f.Add([]byte(`[["dense", 0, 0, {"mask": ["a", 0, 0]}], ["_CONSTANT_VALUE", -1, 3, null]]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var n Node
		if json.Unmarshal(raw, &n) != nil {
			return
		}
		call, err := n.Call()
		require.True(t, err != nil || call.Args != nil, "a call without arguments is an error")
	})
}
