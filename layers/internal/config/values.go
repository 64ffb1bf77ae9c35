package config

import (
	"encoding/json"
	"errors"
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/layers/internal/kernel"
	"github.com/gockpt/ckpt/tensor"
)

// Skip ignores options that do not change inference.
func (c *Config) Skip(keys ...string) {
	for _, key := range keys {
		c.read[key] = true
	}
}

// Refuse reports an error if one of the options is set, because this module does not support them.
func (c *Config) Refuse(keys ...string) {
	for _, key := range keys {
		var value json.RawMessage
		if c.Get(key, &value) && string(value) != "false" {
			c.Fail("option %q is %s: %w", key, Short(value), fault.ErrUnknownOption)
		}
	}
}

// Only reports an error if an option differs from the only supported value, such as 1 for groups.
func (c *Config) Only(key string, value int) {
	if n := c.Int(key, value); n != value {
		c.Fail("option %q is %d, want %d: %w", key, n, value, fault.ErrUnknownOption)
	}
}

// Array returns an option that is a number or an array: nested lists, or Keras's form for a NumPy array or a tensor. It returns nil
// if the option is missing.
func (c *Config) Array(key string) *kernel.Tensor {
	var raw json.RawMessage
	if !c.Get(key, &raw) {
		return nil
	}
	x, err := ParseArray(raw)
	if err != nil {
		c.Fail("option %q is %s: %w", key, Short(raw), err)
		return nil
	}
	return x
}

// Number returns an option that is a number, or an array with one element.
func (c *Config) Number(key string, def float32) float32 {
	x := c.Array(key)
	switch {
	case x == nil:
		return def
	case x.Len() != 1:
		c.Fail("option %q has shape %v, want a number", key, x.Shape())
		return def
	}
	return x.Data()[0]
}

// ParseArray reads a number, nested lists of numbers, or Keras's object that wraps either.
func ParseArray(raw json.RawMessage) (*kernel.Tensor, error) {
	var o struct {
		ClassName string `json:"class_name"`
		Config    struct {
			Value json.RawMessage `json:"value"`
		} `json:"config"`
	}
	if json.Unmarshal(raw, &o) == nil && (o.ClassName == "__numpy__" || o.ClassName == "__tensor__") {
		raw = o.Config.Value
	}
	nested, err := Decode(raw)
	if err != nil {
		return nil, err
	}
	var values []float32
	shape, err := flatten(nested, &values)
	if err != nil {
		return nil, err
	}
	return tensor.FromSlice(values, shape...)
}

// flatten appends the numbers in nested lists to values, row-major, and returns their shape.
func flatten(nested any, values *[]float32) (tensor.Shape, error) {
	switch v := nested.(type) {
	case json.Number:
		n, _, err := ParseNumber(v)
		*values = append(*values, float32(n))
		return tensor.Shape{}, err
	case string:
		if v != "NaN" { // written by PlainJSON
			return nil, errNoNumber
		}
		*values = append(*values, float32(math.NaN()))
		return tensor.Shape{}, nil
	case bool:
		n := float32(0)
		if v {
			n = 1
		}
		*values = append(*values, n)
		return tensor.Shape{}, nil
	case []any:
		shape := tensor.Shape{len(v)}
		for i, item := range v {
			inner, err := flatten(item, values)
			if err != nil {
				return nil, err
			}
			if i > 0 && !inner.Equal(shape[1:]) {
				return nil, errRagged
			}
			if i == 0 {
				shape = append(shape, inner...)
			}
		}
		return shape, nil
	}
	return nil, errNoNumber
}

var (
	errRagged   = errors.New("its lists differ in length")
	errNoNumber = errors.New("want numbers")
)

// Dims returns an option that is a length or a list of lengths. A null length becomes -1. It returns nil if the option is missing.
func (c *Config) Dims(key string) []int {
	var raw json.RawMessage
	if !c.Get(key, &raw) {
		return nil
	}
	dims, err := ParseDims(raw)
	if err != nil {
		c.Fail("option %q is %s, want lengths", key, Short(raw))
	}
	return dims
}

// ParseDims reads a length or a list of lengths. A null length becomes -1. It returns nil for null.
func ParseDims(raw json.RawMessage) ([]int, error) {
	var list []*int
	if one := new(int); string(raw) != "null" && json.Unmarshal(raw, one) == nil {
		list = []*int{one}
	} else if err := json.Unmarshal(raw, &list); err != nil || list == nil {
		return nil, err
	}
	dims := make([]int, len(list))
	for i, n := range list {
		if dims[i] = -1; n != nil {
			dims[i] = *n
		}
	}
	return dims, nil
}

// ChannelsFirst reports whether the option data_format is channels_first.
func (c *Config) ChannelsFirst() bool {
	switch text := c.Text("data_format", "channels_last"); text {
	case "channels_last":
	case "channels_first":
		return true
	default:
		c.Fail("data format %q is neither channels_last nor channels_first", text)
	}
	return false
}

// Pairs returns an option that gives two numbers for each of rank axes. The option is one number for all axes, or a list with one or
// two numbers per axis. Pairs returns nil if the option is missing.
func (c *Config) Pairs(key string, rank int) [][2]int {
	var raw json.RawMessage
	if !c.Get(key, &raw) {
		return nil
	}
	var one int
	if json.Unmarshal(raw, &one) == nil {
		return slices.Repeat([][2]int{{one, one}}, rank)
	}
	var axis []int
	err := json.Unmarshal(raw, &axis)
	if err == nil && rank == 1 && len(axis) == 2 {
		return [][2]int{{axis[0], axis[1]}}
	}
	if err == nil && len(axis) == rank {
		var list [][2]int
		for _, n := range axis {
			list = append(list, [2]int{n, n})
		}
		return list
	}
	var list [][]int
	if err := json.Unmarshal(raw, &list); err != nil {
		c.Fail("option %q is %s, want pairs of integers", key, Short(raw))
		return nil
	}
	var pairs [][2]int
	for _, p := range list {
		if len(p) != 2 {
			c.Fail("option %q is %s, want pairs of integers", key, Short(raw))
			return nil
		}
		pairs = append(pairs, [2]int{p[0], p[1]})
	}
	return pairs
}

// Dtype returns an option that names a dtype; InvalidDType if it is missing.
func (c *Config) Dtype(key string) tensor.DType {
	name := c.Text(key, "")
	if name == "" {
		return tensor.InvalidDType
	}
	d, err := tensor.ParseDType(name)
	if err != nil {
		c.Fail("option %q: %w", key, err)
	}
	return d
}

// IsNumber reports whether an option is a number, not a list or null.
func (c *Config) IsNumber(key string) bool {
	raw := c.options[key]
	return len(raw) > 0 && raw[0] != '[' && string(raw) != "null"
}

// Has reports whether the configuration has key, even if its value is null.
func (c *Config) Has(key string) bool { return c.options[key] != nil }

// IsNull reports whether an option is written as null.
func (c *Config) IsNull(key string) bool { return string(c.options[key]) == "null" }

// Raw returns the JSON text of an option; nil if it is missing.
func (c *Config) Raw(key string) json.RawMessage {
	c.read[key] = true
	return c.options[key]
}
