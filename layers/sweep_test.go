package layers

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
	"github.com/stretchr/testify/require"
)

// A sweepCase is one line of testdata/ops.sweep.gz, which testdata/sweep.py explains.
type sweepCase struct {
	Name            string
	Layers          json.RawMessage
	Outputs         json.RawMessage
	Inputs, Results []sweepTensor
}

type sweepTensor struct {
	DType  string
	Shape  []int
	Values []any
}

// tensor returns the values as a tensor of their dtype.
func (s *sweepTensor) tensor(t testing.TB) tensor.Any {
	t.Helper()
	d, err := tensor.ParseDType(s.DType)
	require.NoError(t, err)
	x, err := tensor.NewAny(d, s.Shape...)
	require.NoError(t, err)
	switch {
	case s.DType == "bool":
		for i, v := range s.Values {
			x.(*Mask).Data()[i] = v.(bool)
		}
	case strings.Contains(s.DType, "int"):
		wide := tensor.New[int64](s.Shape...)
		for i, v := range s.Values {
			wide.Data()[i], err = v.(json.Number).Int64()
			require.NoError(t, err)
		}
		require.NoError(t, tensor.Cast(x, wide))
	default:
		wide := tensor.New[float64](s.Shape...)
		for i, v := range s.Values {
			_, err := fmt.Sscan(fmt.Sprint(v), &wide.Data()[i])
			require.NoError(t, err)
		}
		require.NoError(t, tensor.Cast(x, wide))
	}
	return x
}

// reference is the sweep's notation for the output of a layer.
var reference = regexp.MustCompile(`\{"\$":("[^"]*")\}`)

// model returns the case's model.
func (c *sweepCase) model() (*Model, error) {
	layers := reference.ReplaceAllString(string(c.Layers), `{"class_name": "__keras_tensor__", "config": {"keras_history": [$1, 0, 0]}}`)
	return FromKeras(strings.NewReader(`{"class_name": "Functional", "config": {"name": "m", "layers": ` + layers +
		`, "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": ` + string(c.Outputs) + `}}`))
}

func readSweep(t testing.TB) []*sweepCase {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join("testdata", "ops.sweep.gz"))
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	var cases []*sweepCase
	for line := range bytes.Lines(text) {
		c := new(sweepCase)
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		require.NoError(t, d.Decode(c))
		cases = append(cases, c)
	}
	return cases
}

// TestOperationsBesideKeras runs every operation of keras.ops on every dtype, and compares values, shapes and dtypes with Keras's.
func TestOperationsBesideKeras(t *testing.T) {
	for _, c := range readSweep(t) {
		t.Run(c.Name, func(t *testing.T) {
			m, err := c.model()
			require.NoError(t, err)
			ys, err := m.Run(nil, c.Inputs[0].tensor(t), c.Inputs[1].tensor(t))
			require.NoError(t, err)
			require.Len(t, ys, len(c.Results))
			for i, want := range c.Results {
				require.Equal(t, want.DType, ys[i].DType().String(), "dtype of result %d", i)
				require.Equal(t, ys[i].DType(), m.Outputs()[i].DType, "dtype in Outputs of result %d", i)
				requireClose(t, asFloats(t, want.tensor(t)), asFloats(t, ys[i]))
			}
		})
	}
}

// asFloats returns x as float32. It can hold all values of the sweep.
func asFloats(t testing.TB, x tensor.Any) *Tensor {
	t.Helper()
	v, err := ops.NewValue(x)
	require.NoError(t, err)
	v, err = v.Cast(tensor.DTFloat32)
	require.NoError(t, err)
	return v.X.(*Tensor)
}
