package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// A runTensor is an input tensor of a model in JSON.
type runTensor struct {
	Name   string          `json:"name"`
	DType  string          `json:"dtype"`
	Shape  []int           `json:"shape"`
	Values json.RawMessage `json:"values"`
}

// readInputs decodes a model's inputs. It ignores unknown members, so that a file may hold the outputs as well.
func readInputs(r io.Reader) ([]runTensor, error) {
	var file struct {
		Inputs []runTensor `json:"inputs"`
	}
	d := json.NewDecoder(r)
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("expected one JSON object, got more text after it")
	}
	if file.Inputs == nil {
		return nil, errors.New(`"inputs" is missing`)
	}
	return file.Inputs, nil
}

// tensor returns the described tensor. def is the dtype if t does not give one.
func (t *runTensor) tensor(def tensor.DType) (tensor.Any, error) {
	if t.Shape == nil || t.Values == nil {
		return nil, errors.New(`"shape" or "values" is missing`)
	}
	d := def
	if t.DType != "" {
		var err error
		if d, err = tensor.ParseDType(t.DType); err != nil {
			return nil, err
		}
	}
	switch d {
	case tensor.DTFloat32:
		return decodeAs(t, func(f jsonFloat[float32]) float32 { return f.value })
	case tensor.DTBool:
		return decodeAs(t, func(b bool) bool { return b })
	case tensor.DTString:
		return decodeAs(t, func(s string) string { return s })
	case tensor.DTUInt64:
		return decodeAs(t, func(n uint64) uint64 { return n })
	case tensor.DTInt8, tensor.DTInt16, tensor.DTInt32, tensor.DTInt64, tensor.DTUInt8, tensor.DTUInt16, tensor.DTUInt32:
		wide, err := decodeAs(t, func(n jsonInt) int64 { return int64(n) })
		return castTo(d, wide, err)
	case tensor.DTFloat16, tensor.DTBFloat16, tensor.DTFloat64:
		wide, err := decodeAs(t, func(f jsonFloat[float64]) float64 { return f.value })
		return castTo(d, wide, err)
	}
	return nil, fmt.Errorf("models do not accept dtype %v", d)
}

// decodeAs decodes the values as J from JSON and converts them to T.
func decodeAs[J any, T tensor.Element](t *runTensor, value func(J) T) (tensor.Any, error) {
	var list []J
	if err := json.Unmarshal(t.Values, &list); err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	data := make([]T, len(list))
	for i, v := range list {
		data[i] = value(v)
	}
	return tensor.FromSlice(data, t.Shape...)
}

// castTo returns x in another dtype. The error names a value that the dtype cannot hold.
func castTo(d tensor.DType, x tensor.Any, err error) (tensor.Any, error) {
	if err != nil || x.DType() == d {
		return x, err
	}
	y, err := tensor.NewAny(d, x.Shape()...)
	if err != nil {
		return nil, err
	}
	return y, tensor.Cast(y, x)
}

// A jsonFloat is a number, or a string for NaN or an infinity.
type jsonFloat[T float32 | float64] struct{ value T }

// UnmarshalJSON parses a number at the precision of T: parsing it as float64 would round twice.
func (f *jsonFloat[T]) UnmarshalJSON(raw []byte) error {
	bits := 64
	if _, single := any(f.value).(float32); single {
		bits = 32
	}
	text := string(raw)
	switch text {
	case `"NaN"`, `"Infinity"`, `"-Infinity"`:
		text = text[1 : len(text)-1]
	default:
		if c := text[0]; c != '-' && (c < '0' || c > '9') {
			return fmt.Errorf("%s is not a number", text)
		}
	}
	v, err := strconv.ParseFloat(text, bits)
	f.value = T(v)
	return err
}

// A jsonInt is an integer. Python's json writes integers from an array of floats as 1.0.
type jsonInt int64

// UnmarshalJSON accepts a fraction if it has only zeros.
func (n *jsonInt) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if whole, fraction, ok := strings.Cut(text, "."); ok && strings.Trim(fraction, "0") == "" && fraction != "" {
		text = whole
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%s is not a 64-bit integer", raw)
	}
	*n = jsonInt(v)
	return nil
}

// writeOutputs prints a model's outputs, a tensor per line.
func writeOutputs(w io.Writer, specs []layers.TensorSpec, outputs []tensor.Any) error {
	if len(specs) != len(outputs) {
		return fmt.Errorf("got %d outputs, want %d", len(outputs), len(specs))
	}
	if _, err := io.WriteString(w, `{"outputs": `); err != nil {
		return err
	}
	list := jsonArray{out: w}
	for i, y := range outputs {
		values, err := encodeValues(y)
		if err != nil {
			return fmt.Errorf("output %q: %w", specs[i].Name, err)
		}
		t := runTensor{Name: specs[i].Name, DType: y.DType().String(), Shape: y.Shape(), Values: values}
		if t.Shape == nil {
			t.Shape = []int{}
		}
		if err := list.add(t); err != nil {
			return err
		}
	}
	if err := list.end(); err != nil {
		return err
	}
	_, err := io.WriteString(w, "}\n")
	return err
}

// encodeValues returns a tensor's values as one JSON array. Floats are the shortest numbers that parse to the same bits.
func encodeValues(y tensor.Any) (json.RawMessage, error) {
	switch y := y.(type) {
	case *tensor.Tensor[float32]:
		return appendEach(y.Data(), func(b []byte, f float32) []byte { return appendFloat(b, float64(f), 32) }), nil
	case *tensor.Tensor[float64]:
		return appendEach(y.Data(), func(b []byte, f float64) []byte { return appendFloat(b, f, 64) }), nil
	case *tensor.Tensor[bool]:
		return appendEach(y.Data(), strconv.AppendBool), nil
	case *tensor.Tensor[uint64]:
		return appendEach(y.Data(), func(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }), nil
	case *tensor.Tensor[string]:
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		err := enc.Encode(y.Data())
		return bytes.TrimSpace(out.Bytes()), err
	}
	wide := new(tensor.Tensor[int64])
	if err := wide.Build(y.Shape()...); err != nil {
		return nil, err
	}
	if err := tensor.Cast(wide, y); err != nil {
		return nil, err
	}
	return appendEach(wide.Data(), func(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }), nil
}

func appendEach[T any](data []T, value func([]byte, T) []byte) json.RawMessage {
	b := []byte{'['}
	for i, v := range data {
		if i > 0 {
			b = append(b, ',')
		}
		b = value(b, v)
	}
	return append(b, ']')
}

func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(f, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}
