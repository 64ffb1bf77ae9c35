package config

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// PlainJSON replaces Python's Infinity by the number 1e999, and NaN by the string "NaN", so that the result is valid JSON.
func PlainJSON(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("Infinity")) && !bytes.Contains(raw, []byte("NaN")) {
		return raw
	}
	out := make([]byte, 0, len(raw))
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch {
		case quoted && raw[i] == '\\' && i+1 < len(raw):
			out = append(out, raw[i])
			i++
		case raw[i] == '"':
			quoted = !quoted
		case !quoted && bytes.HasPrefix(raw[i:], []byte("Infinity")):
			out = append(out, "1e999"...)
			i += len("Infinity") - 1
			continue
		case !quoted && bytes.HasPrefix(raw[i:], []byte("NaN")):
			out = append(out, `"NaN"`...)
			i += len("NaN") - 1
			continue
		}
		out = append(out, raw[i])
	}
	return out
}

// Decode reads JSON into Go's plain types. Numbers become json.Number, because 2 and 2.0 differ in Python.
func Decode(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// ParseNumber returns a JSON number, and reports whether it is written as an integer.
func ParseNumber(n json.Number) (f float64, whole bool, err error) {
	f, err = strconv.ParseFloat(n.String(), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false, err
	}
	return f, !strings.ContainsAny(n.String(), ".eE"), nil
}
