package tensor

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A jsonTensor is the JSON form of a tensor.
type jsonTensor struct {
	DType  string     `json:"dtype"`
	Shape  []int64    `json:"shape"`
	Values jsonValues `json:"values"`
}

// jsonValues is a JSON array, which is split only when its elements are parsed, or "" for null.
type jsonValues string

// UnmarshalJSON takes b, which is valid JSON.
func (v *jsonValues) UnmarshalJSON(b []byte) error {
	*v = ""
	if text := bytes.TrimSpace(b); string(text) != "null" {
		if text[0] != '[' {
			return errors.New(`"values" is not an array`)
		}
		*v = jsonValues(text)
	}
	return nil
}

// all yields the array's elements with their numbers.
func (v jsonValues) all() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		text := strings.TrimSpace(string(v[1 : len(v)-1]))
		for i := 0; text != ""; i++ {
			end := elementEnd(text)
			if !yield(i, strings.TrimSpace(text[:end])) || end == len(text) {
				return
			}
			text = text[end+1:]
		}
	}
}

// elementEnd returns the index of the comma after the first element of text, or the length of text.
func elementEnd(text string) int {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == ',' && depth == 0:
			return i
		}
	}
	return len(text)
}

// MarshalJSON returns t as an object with TensorFlow's name of its dtype, its shape, and its elements in row-major order:
//
//	{"dtype":"float32","shape":[2,2],"values":[1,2.5,-3,"NaN"]}
//
// Floats are the shortest decimals from which [Tensor.UnmarshalJSON] makes the same element, or the strings "NaN", "Infinity" and
// "-Infinity", because JSON has no such numbers. The payload of a NaN is lost. A complex number is the list of its two parts.
// Strings that are not UTF-8, and every [Variant], are {"base64":"…"}. A tensor that is not built has null for shape and values.
func (t Tensor[T]) MarshalJSON() ([]byte, error) {
	b := fmt.Appendf(nil, `{"dtype":%q,"shape":`, t.DType())
	if t.shape == nil {
		return append(b, `null,"values":null}`...), nil
	}
	b = append(b, '[')
	for i, n := range t.shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = append(b, `],"values":[`...)
	for i, v := range t.data {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, v)
	}
	return append(b, "]}"...), nil
}

// appendJSON appends the element v.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v)
	case string:
		if utf8.ValidString(v) {
			text, _ := json.Marshal(v) // a string has no other error
			return append(b, text...)
		}
		return appendBase64(b, v)
	case Variant:
		return appendBase64(b, string(v))
	case float32:
		return appendJSONFloat(b, float64(v), 32)
	case float64:
		return appendJSONFloat(b, v, 64)
	case complex64:
		return appendJSONComplex(b, complex128(v), 32)
	case complex128:
		return appendJSONComplex(b, v, 64)
	case interface{ Float32() float32 }:
		return appendJSONFloat(b, float64(v.Float32()), 32)
	}
	return fmt.Append(b, v) // an integer: those of less than a byte print their value
}

func appendJSONFloat(b []byte, f float64, bits int) []byte {
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

func appendJSONComplex(b []byte, c complex128, bits int) []byte {
	b = appendJSONFloat(append(b, '['), real(c), bits)
	return append(appendJSONFloat(append(b, ','), imag(c), bits), ']')
}

func appendBase64(b []byte, text string) []byte {
	b = append(b, `{"base64":"`...)
	return append(base64.StdEncoding.AppendEncode(b, []byte(text)), `"}`...)
}

// UnmarshalJSON gives t the shape and the elements in b, in the form that [Tensor.MarshalJSON] writes. A float that lies between
// two elements becomes the nearer one. It returns an error, and leaves t unchanged, if b has another dtype than t, a number of
// values that does not fit its shape, or a value that an element cannot hold.
//
// It takes memory in proportion to the length of b, whatever shape b claims.
func (t *Tensor[T]) UnmarshalJSON(b []byte) error {
	if string(bytes.TrimSpace(b)) == "null" {
		return nil // by convention
	}
	stored, err := parseJSON(b)
	if err != nil {
		return err
	}
	if want := t.DType().String(); stored.DType != want {
		return fmt.Errorf("tensor: the JSON has dtype %q, want %q", stored.DType, want)
	}
	return t.setJSON(stored)
}

// UnmarshalAny returns the tensor in b, of the dtype that b says. The errors are those of [Tensor.UnmarshalJSON], or that of
// [ParseDType].
func UnmarshalAny(b []byte) (Any, error) {
	stored, err := parseJSON(b)
	if err != nil {
		return nil, err
	}
	d, err := ParseDType(stored.DType)
	if err != nil {
		return nil, err
	}
	t, err := Zero(d)
	if err != nil {
		return nil, err
	}
	return t, t.setJSON(stored)
}

func parseJSON(b []byte) (*jsonTensor, error) {
	stored := new(jsonTensor)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(stored); err != nil {
		return nil, fmt.Errorf("tensor: JSON: %w", err)
	}
	if stored.DType == "" {
		return nil, errors.New(`tensor: JSON without "dtype"`)
	}
	if (stored.Shape == nil) != (stored.Values == "") {
		return nil, errors.New(`tensor: the JSON has only one of "shape" and "values", want both or neither`)
	}
	return stored, nil
}

// setJSON gives t the shape and the values of stored, which has t's dtype.
func (t *Tensor[T]) setJSON(stored *jsonTensor) error {
	if stored.Shape == nil {
		*t = Tensor[T]{}
		return nil
	}
	shape := make(Shape, len(stored.Shape))
	for i, n := range stored.Shape {
		if shape[i] = int(n); int64(shape[i]) != n {
			return fmt.Errorf("tensor: shape %v: more elements than an int can count", stored.Shape)
		}
	}
	if err := shape.Check(); err != nil {
		return err
	}
	n := 0
	for range stored.Values.all() {
		n++
	}
	if n != shape.Len() {
		return fmt.Errorf("tensor: the JSON has %d values for shape %v, want %d", n, shape, shape.Len())
	}
	read := New[T](shape...)
	if err := read.parseElements(stored.Values); err != nil {
		return err
	}
	*t = *read
	return nil
}

// parseElements fills t, through the widest type of their kind if JSON cannot hold the elements themselves.
func (t *Tensor[T]) parseElements(values jsonValues) error {
	switch dst := any(t).(type) {
	case *Tensor[bool]:
		return parseEach(dst, values, parseJSONBool)
	case *Tensor[string]:
		return parseEach(dst, values, parseJSONText)
	case *Tensor[Variant]:
		return parseEach(dst, values, func(raw string) (Variant, error) {
			text, err := parseJSONText(raw)
			return Variant(text), err
		})
	case *Tensor[float32]:
		return parseEach(dst, values, parseJSONFloat[float32])
	case *Tensor[float64]:
		return parseEach(dst, values, parseJSONFloat[float64])
	case *Tensor[complex64]:
		return parseEach(dst, values, func(raw string) (complex64, error) {
			re, im, err := parseJSONComplex[float32](raw)
			return complex(re, im), err
		})
	case *Tensor[complex128]:
		return parseEach(dst, values, func(raw string) (complex128, error) {
			re, im, err := parseJSONComplex[float64](raw)
			return complex(re, im), err
		})
	case *Tensor[int64]:
		return parseEach(dst, values, func(raw string) (int64, error) { return strconv.ParseInt(raw, 10, 64) })
	case *Tensor[uint64]:
		return parseEach(dst, values, func(raw string) (uint64, error) { return strconv.ParseUint(raw, 10, 64) })
	}
	if t.DType().kind() == floating {
		return parseThrough(t, New[float32](t.shape...), values)
	}
	return parseThrough(t, New[int64](t.shape...), values)
}

// parseThrough parses the values as those of wide and casts them to t.
func parseThrough[T, W Element](t *Tensor[T], wide *Tensor[W], values jsonValues) error {
	if err := wide.parseElements(values); err != nil {
		return err
	}
	return Cast(t, wide)
}

func parseEach[T Element](t *Tensor[T], values jsonValues, parse func(raw string) (T, error)) error {
	for i, raw := range values.all() {
		v, err := parse(raw)
		if err != nil {
			return fmt.Errorf("tensor: in the JSON, element %v is %.100s, which %v cannot hold", indexOf(i, t.shape), raw, t.DType())
		}
		t.data[i] = v
	}
	return nil
}

var errJSONValue = errors.New("wrong type of value")

func parseJSONBool(raw string) (bool, error) {
	if raw != "true" && raw != "false" {
		return false, errJSONValue
	}
	return raw == "true", nil
}

// parseJSONText parses a string, or an object with its bytes in base64.
func parseJSONText(raw string) (text string, err error) {
	if raw[0] == '"' {
		return text, json.Unmarshal([]byte(raw), &text)
	}
	var encoded struct {
		Base64 *[]byte `json:"base64"`
	}
	d := json.NewDecoder(bytes.NewReader([]byte(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(&encoded); err != nil {
		return "", err
	}
	if encoded.Base64 == nil {
		return "", errJSONValue
	}
	return string(*encoded.Base64), nil
}

// parseJSONFloat parses a number at the precision of F: through float64 it would be rounded twice.
func parseJSONFloat[F float32 | float64](raw string) (F, error) {
	switch raw {
	case `"NaN"`, `"Infinity"`, `"-Infinity"`:
		raw = raw[1 : len(raw)-1]
	default:
		if c := raw[0]; c != '-' && (c < '0' || c > '9') {
			return 0, errJSONValue
		}
	}
	bits := 64
	if _, single := any(F(0)).(float32); single {
		bits = 32
	}
	f, err := strconv.ParseFloat(raw, bits)
	return F(f), err
}

func parseJSONComplex[F float32 | float64](raw string) (re, im F, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(raw), &parts); err != nil {
		return 0, 0, err
	}
	if len(parts) != 2 {
		return 0, 0, errJSONValue
	}
	if re, err = parseJSONFloat[F](string(parts[0])); err == nil {
		im, err = parseJSONFloat[F](string(parts[1]))
	}
	return re, im, err
}
