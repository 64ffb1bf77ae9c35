package cli

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// modelOutputs is the output of run, and the recorded outputs of a model.
type modelOutputs struct {
	Outputs []struct {
		Name   string
		DType  string
		Shape  []int
		Values []float64
	}
}

func readOutputs(t *testing.T, data []byte) modelOutputs {
	t.Helper()
	var o modelOutputs
	require.NoError(t, json.Unmarshal(data, &o))
	return o
}

// runModel runs one command line, and returns its status and its output.
func runModel(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	r := runCkpt(t, append([]string{"run"}, args...)...)
	return r.status, r.stdout, r.stderr
}

func TestRunMatchesKeras(t *testing.T) {
	for _, tt := range []struct{ name, dir, weights, io string }{
		{"one input and one output", "../../testdata/cnn", "train", "predictions.json"},
		{"inputs and outputs of several dtypes, a mask, a shared layer", "testdata/mixed", "model", "io.json"},
		{"a Sequential model", "testdata/unnamed", "model", "io.json"},
		{"most layers", "testdata/wide", "model.index", "io.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(tt.dir, tt.io)
			status, stdout, stderr := runModel(t, "--config", filepath.Join(tt.dir, "model.json"), "--weights", filepath.Join(tt.dir, tt.weights),
				"--at", "model", "--input", file)
			require.Empty(t, stderr)
			require.Zero(t, status)
			record, err := os.ReadFile(file)
			require.NoError(t, err)
			want, got := readOutputs(t, record), readOutputs(t, []byte(stdout))
			require.Len(t, got.Outputs, len(want.Outputs))
			for i, w := range want.Outputs {
				g := got.Outputs[i]
				require.Equal(t, w.Name, g.Name)
				require.Equal(t, w.DType, g.DType)
				require.Equal(t, w.Shape, g.Shape)
				require.Len(t, g.Values, len(w.Values))
				largest := 0.0
				for _, v := range w.Values {
					largest = max(largest, math.Abs(v))
				}
				require.InDeltaSlice(t, w.Values, g.Values, 1e-5*largest)
			}
		})
	}
}

// mixed returns the arguments that run testdata/mixed on the given inputs.
func mixed(t *testing.T, inputs string, more ...string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "in.json")
	require.NoError(t, os.WriteFile(file, []byte(inputs), 0o600))
	return append([]string{"--config", "testdata/mixed/model.json", "--weights", "testdata/mixed/model", "--input", file}, more...)
}

func TestRunTakesInputs(t *testing.T) {
	const (
		words   = `"dtype": "int32", "shape": [1, 5], "values": [3, 1, 4, 0, 0]}`
		numbers = `"dtype": "float32", "shape": [1, 3], "values": [0.5, -1, 2e-1]}`
		ordered = `{"inputs": [{"name": "words", ` + words + `, {"name": "numbers", ` + numbers + `]}`
	)
	status, want, stderr := runModel(t, mixed(t, ordered, "--at", "model")...)
	require.Empty(t, stderr)
	require.Zero(t, status)
	for _, tt := range []struct{ name, inputs string }{
		{"in any order by their names", `{"inputs": [{"name": "numbers", ` + numbers + `, {"name": "words", ` + words + `]}`},
		{"in the model's order without names", `{"inputs": [{` + words + `, {` + numbers + `]}`},
		{"in the model's order with names that the model does not have", `{"inputs": [{"name": "a", ` + words + `, {"name": "b", ` + numbers + `]}`},
		{"with the model's dtypes if they do not give any", strings.NewReplacer(`"dtype": "int32", `, "", `"dtype": "float32", `, "").Replace(ordered)},
		{"integers with a decimal point", strings.Replace(ordered, "[3, 1, 4, 0, 0]", "[3.0, 1.0, 4, 0.00, 0.0]", 1)},
		{"with other dtypes", strings.NewReplacer("int32", "uint8", "float32", "float64").Replace(ordered)},
		{"with unknown members", strings.Replace(ordered, `{"inputs"`, `{"outputs": [], "inputs"`, 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, got, stderr := runModel(t, mixed(t, tt.inputs)...)
			require.Empty(t, stderr)
			require.Zero(t, status)
			require.Equal(t, want, got)
		})
	}
}

// Without --at, the error is that of the attempt that found more of the model.
func TestRunSaysWhatIsWrongWhereTheModelIs(t *testing.T) {
	text, err := os.ReadFile("testdata/mixed/model.json")
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "model.json")
	require.NoError(t, os.WriteFile(config, bytes.Replace(text, []byte(`"units": `), []byte(`"units": 1`), 1), 0o600))
	status, _, stderr := runModel(t, mixed(t, `{"inputs": [{"shape": [1, 5], "values": [3, 1, 4, 0, 0]}, {"shape": [1, 3], "values": [1, 2, 3]}]}`, "--config", config)...)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "in the checkpoint, [")
	require.NotContains(t, stderr, "missing from the checkpoint")
}

func TestRunRefuses(t *testing.T) {
	const words = `{"name": "words", "dtype": "int32", "shape": [1, 5], "values": [3, 1, 4, 0, 0]}`
	numbers := func(member string) string { return `{"inputs": [` + words + `, {"name": "numbers", ` + member + `}]}` }
	right := numbers(`"dtype": "float32", "shape": [1, 3], "values": [1, 2, 3]`)
	for _, tt := range []struct {
		name, inputs, want string
		more               []string
	}{
		{name: "no JSON", inputs: `inputs`, want: "invalid character"},
		{name: "no inputs", inputs: `{}`, want: `"inputs" is missing`},
		{name: "text after the object", inputs: right + `{}`, want: "got more text after it"},
		{name: "one input for a model with two", inputs: `{"inputs": [` + words + `]}`, want: `wants ["words" "numbers"]`},
		{name: "an input twice", inputs: `{"inputs": [` + words + `, ` + words + `]}`, want: `two inputs have the name "words"`},
		{name: "a wrong name among right ones", inputs: strings.Replace(right, "numbers", "numers", 1), want: `["words" "numers"]`},
		{name: "an unknown dtype", inputs: numbers(`"dtype": "float33", "shape": [1, 3], "values": [1, 2, 3]`), want: "float33"},
		{name: "a dtype that models do not accept", inputs: numbers(`"dtype": "complex64", "shape": [1, 3], "values": [1, 2, 3]`), want: "complex64"},
		{name: "no shape", inputs: numbers(`"values": [1, 2, 3]`), want: `"shape" or "values" is missing`},
		{name: "values that do not fill the shape", inputs: numbers(`"shape": [1, 3], "values": [1, 2]`), want: `"numbers"`},
		{name: "a shape beyond any memory", inputs: numbers(`"shape": [4611686018427387904, 4], "values": []`), want: `"numbers"`},
		{name: "text for a number", inputs: numbers(`"shape": [1, 3], "values": [1, 2, "three"]`), want: `"three" is not a number`},
		{name: "a fraction for a whole number", inputs: strings.Replace(right, "[3, 1,", "[3.5, 1,", 1), want: "3.5 is not a 64-bit integer"},
		{name: "a number that float32 cannot represent", inputs: numbers(`"shape": [1, 3], "values": [1, 2, 1e39]`), want: "1e39"},
		{name: "a shape that the model does not accept", inputs: numbers(`"shape": [1, 4], "values": [1, 2, 3, 4]`), want: "numbers"},
		{name: "edges to a missing object", inputs: right, more: []string{"--at", "optimizer"}, want: "optimizer"},
		{name: "another model's weights", inputs: right, more: []string{"--weights", "testdata/unnamed/model"}, want: "not in the checkpoint"},
		{name: "missing weights", inputs: right, more: []string{"--weights", "testdata/nothing"}, want: "nothing"},
		{name: "no description of a model", inputs: right, more: []string{"--config", "testdata/mixed/io.json"}, want: "io.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := runModel(t, mixed(t, tt.inputs, tt.more...)...)
			require.Equal(t, 1, status)
			require.Empty(t, stdout)
			require.Contains(t, stderr, tt.want)
			require.Equal(t, 1, strings.Count(strings.ReplaceAll(stderr, "\n  ", ""), "\n"), "a line and its list: %s", stderr)
		})
	}
}

func TestRunWrongUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"--config", "testdata/mixed/model.json"}, {"--confg", "x"}, {"x"}} {
		status, _, stderr := runModel(t, args...)
		require.Equal(t, 2, status)
		require.NotEmpty(t, stderr)
	}
}

func TestRunReadsKerasFiles(t *testing.T) {
	description, err := os.ReadFile("testdata/mixed/model.json")
	require.NoError(t, err)
	for _, tt := range []struct {
		name, member string
		status       int
	}{{"with a config.json", "config.json", 0}, {"without", "metadata.json", 1}} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "model.keras")
			f, err := os.Create(file)
			require.NoError(t, err)
			archive := zip.NewWriter(f)
			w, err := archive.Create(tt.member)
			require.NoError(t, err)
			_, err = w.Write(description)
			require.NoError(t, err)
			require.NoError(t, archive.Close())
			require.NoError(t, f.Close())
			status, _, stderr := runModel(t, "--config", file, "--weights", "testdata/mixed/model", "--input", "testdata/mixed/io.json")
			require.Equal(t, tt.status, status, stderr)
		})
	}
}

// TestRunNumbers checks that run reads its printed outputs as the same bits.
func TestRunNumbers(t *testing.T) {
	for _, tt := range []struct{ dtype, values string }{
		{"float32", `[0.1,1e-45,3.4028235e+38,1.6777216e+07,-0,"NaN","Infinity","-Infinity"]`},
		{"float64", `[0.1,5e-324,1.7976931348623157e+308,-0]`},
		{"float16", `[0.5,-2]`},
		{"int8", `[-128,127]`},
		{"uint32", `[4294967295]`},
		{"uint64", `[18446744073709551615]`},
		{"int64", `[-9223372036854775808,9007199254740993]`},
		{"bool", `[true,false]`},
		{"string", `["<a & b>","naïve",""]`},
	} {
		t.Run(tt.dtype, func(t *testing.T) {
			var list []json.RawMessage
			require.NoError(t, json.Unmarshal([]byte(tt.values), &list))
			in := runTensor{DType: tt.dtype, Shape: []int{len(list)}, Values: json.RawMessage(tt.values)}
			x, err := in.tensor(0)
			require.NoError(t, err)
			require.Equal(t, tt.dtype, x.DType().String())
			out, err := encodeValues(x)
			if tt.dtype == "float16" {
				require.Error(t, err, "models return float32")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.values, string(out))
		})
	}
	for _, tt := range []struct{ dtype, values string }{
		{"int8", `[128]`}, {"int32", `[1.5]`}, {"uint64", `[-1]`}, {"bool", `[1]`}, {"string", `[1]`}, {"float32", `[true]`}, {"float32", `[null]`},
	} {
		t.Run(tt.dtype+" refuses "+tt.values, func(t *testing.T) {
			_, err := (&runTensor{DType: tt.dtype, Shape: []int{1}, Values: json.RawMessage(tt.values)}).tensor(0)
			require.Error(t, err)
		})
	}
}
