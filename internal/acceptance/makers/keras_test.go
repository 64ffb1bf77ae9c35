package makers

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// A scaler is a layer of a class that Keras does not know.
type scaler struct {
	Scale  tensor.Tensor[float32]
	Shifts []tensor.Tensor[float32]
	Dense  layers.Dense
}

func newScaler(t *testing.T, n int) *scaler {
	return &scaler{*numbers(t, n), []tensor.Tensor[float32]{*numbers(t, n), *numbers(t, n)}, dense(t, n, n)}
}

func dense(t *testing.T, in, out int) layers.Dense {
	return layers.Dense{Kernel: *numbers(t, in, out), Bias: *numbers(t, out)}
}

func pointer[T any](v T) *T { return &v }

// TestSaveWeightsKerasNames compares the keys with those of Keras 3.15 for models with the same attributes, and loads the saved file.
func TestSaveWeightsKerasNames(t *testing.T) {
	shared, empty := dense(t, 3, 3), new(layers.Dense)
	for name, c := range map[string]struct {
		model, into any
		keys        string
	}{
		"attributes": {
			&struct{ Dense1, Head layers.Dense }{dense(t, 1, 2), dense(t, 2, 2)}, &struct{ Dense1, Head layers.Dense }{},
			"dense1/vars/0 dense1/vars/1 head/vars/0 head/vars/1",
		},
		"attributes after layers, in the order of the fields": {
			&struct{ Zeta, Alpha, Output layers.Dense }{dense(t, 1, 2), dense(t, 2, 2), dense(t, 2, 2)}, &struct{ Zeta, Alpha, Output layers.Dense }{},
			"alpha/vars/0 alpha/vars/1 layers/dense/vars/0 layers/dense/vars/1 layers/dense_2/vars/0 layers/dense_2/vars/1",
		},
		"a private attribute": {
			&struct {
				Hidden layers.Dense `ckpt:"_a"`
			}{dense(t, 2, 2)}, &struct {
				Hidden layers.Dense `ckpt:"_a"`
			}{},
			"layers/dense/vars/0 layers/dense/vars/1",
		},
		"a shared layer, by its first attribute": {
			&struct{ B, A *layers.Dense }{&shared, &shared}, &struct{ B, A *layers.Dense }{empty, empty},
			"a/vars/0 a/vars/1",
		},
		"a layer of another class": {
			&struct{ Block *scaler }{newScaler(t, 2)}, &struct{ Block *scaler }{},
			"block/dense/vars/0 block/dense/vars/1 block/vars/0 block/vars/1 block/vars/2",
		},
		"lists": {
			&struct{ Blocks []*scaler }{[]*scaler{newScaler(t, 2), newScaler(t, 3)}}, &struct{ Blocks []*scaler }{},
			"blocks/scaler/dense/vars/0 blocks/scaler/dense/vars/1 blocks/scaler/vars/0 blocks/scaler/vars/1 blocks/scaler/vars/2 " +
				"blocks/scaler_1/dense/vars/0 blocks/scaler_1/dense/vars/1 blocks/scaler_1/vars/0 blocks/scaler_1/vars/1 blocks/scaler_1/vars/2",
		},
		"a map": {
			&struct{ Heads map[string]*layers.Dense }{map[string]*layers.Dense{"right": pointer(dense(t, 2, 2)), "left": pointer(dense(t, 1, 2))}}, &struct{ Heads map[string]*layers.Dense }{},
			"heads/dense/vars/0 heads/dense/vars/1 heads/dense_1/vars/0 heads/dense_1/vars/1",
		},
		"lists in a list": {
			&struct{ Grid [][]layers.Dense }{[][]layers.Dense{{dense(t, 2, 2)}, {dense(t, 1, 2), dense(t, 2, 2)}}}, &struct{ Grid [][]layers.Dense }{},
			"grid/container/dense/vars/0 grid/container/dense/vars/1 grid/container_1/dense/vars/0 grid/container_1/dense/vars/1 " +
				"grid/container_1/dense_1/vars/0 grid/container_1/dense_1/vars/1",
		},
		"a Sequential model and numbers": {
			&struct {
				Body layers.Sequential
				Step int64 `ckpt:"step"`
			}{layers.NewSequential(pointer(dense(t, 2, 2)), &layers.ReLU{}, pointer(dense(t, 1, 2))), 7},
			&struct {
				Body layers.Sequential
				Step int64 `ckpt:"step"`
			}{Body: layers.NewSequential(&layers.Dense{}, &layers.ReLU{}, &layers.Dense{})},
			"body/layers/dense/vars/0 body/layers/dense/vars/1 body/layers/dense_1/vars/0 body/layers/dense_1/vars/1 vars/0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.weights.h5")
			require.NoError(t, ckpt.SaveWeights(t.Context(), path, c.model))
			r, err := ckpt.Open(path)
			require.NoError(t, err)
			var keys []string
			for _, v := range r.Variables() {
				keys = append(keys, v.Key)
			}
			require.NoError(t, r.Close())
			require.Equal(t, c.keys, strings.Join(keys, " "))
			require.NoError(t, ckpt.LoadWeights(t.Context(), path, c.into, ckpt.Strict()))
			again := path + ".again.weights.h5"
			require.NoError(t, ckpt.SaveWeights(t.Context(), again, c.into))
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			got, err := os.ReadFile(again)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got), "the same model gives the same file")
		})
	}
}

// If Keras numbered the layers, they do not match a struct with other layers, because the numbers do not tell which layer is which.
func TestLoadWeightsKerasNumbersDiffer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.weights.h5")
	require.NoError(t, ckpt.SaveWeights(t.Context(), path, &struct {
		A, Middle, Output layers.Dense
	}{dense(t, 2, 2), dense(t, 2, 2), dense(t, 2, 2)}))
	// If the file has names, they take precedence over numbers. Keras's own layers often have no names there.
	require.NoError(t, ckpt.LoadWeights(t.Context(), path, &struct{ A, Output layers.Dense }{}))
	err := ckpt.LoadWeights(t.Context(), path, &struct{ A, Y layers.Dense }{})
	var mismatch *ckpt.MismatchError
	require.ErrorAs(t, err, &mismatch)
	require.NoError(t, ckpt.LoadWeights(t.Context(), path, &struct{ A, Y, Z layers.Dense }{}), "the same number of layers match in order")
}

func TestSaveWeightsKerasFaults(t *testing.T) {
	d := dense(t, 2, 2)
	for name, c := range map[string]struct {
		file  string
		model any
		said  string
	}{
		"an archive of a struct": {"m.keras", &struct{ D layers.Dense }{d}, "description of a Keras model"},
		"a slash in a name": {"m.weights.h5", &struct {
			D layers.Dense `ckpt:"a/b"`
		}{d}, `"a/b"`},
		"opaque state": {"m.weights.h5", &struct {
			State *opaque `ckpt:"state"`
		}{&opaque{1}}, "state: only TensorFlow's format"},
	} {
		t.Run(name, func(t *testing.T) {
			err := ckpt.SaveWeights(t.Context(), filepath.Join(t.TempDir(), c.file), c.model)
			require.ErrorContains(t, err, c.said)
			require.ErrorIs(t, err, errors.ErrUnsupported)
		})
	}
}

// Variables of classes that Keras does not know have only numbers. They match the fields in order if there are as many fields.
func TestLoadWeightsKerasVariablesInOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.weights.h5")
	w := keras.CreateFile(path, nil)
	for i, key := range []string{"scale/vars/0", "scale/vars/1", "vars/0"} {
		x, err := tensor.FromSlice([]float32{float32(i)})
		require.NoError(t, err)
		require.NoError(t, w.Add(0, key, format.SourceOf(x)))
	}
	require.NoError(t, w.Commit(t.Context()))
	type scale struct{ Gain, Shift tensor.Tensor[float32] }
	var m struct {
		Scale scale
		Token tensor.Tensor[float32]
	}
	require.NoError(t, ckpt.LoadWeights(t.Context(), path, &m, ckpt.Strict()))
	require.Equal(t, []float32{0, 1, 2}, []float32{m.Scale.Gain.Data()[0], m.Scale.Shift.Data()[0], m.Token.Data()[0]})
	require.ErrorContains(t, ckpt.LoadWeights(t.Context(), path, &struct {
		Scale struct{ Gain tensor.Tensor[float32] }
	}{}), "scale.gain")
}
