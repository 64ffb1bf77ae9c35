package layers

import (
	"encoding/json"
	"errors"
	"math"

	"github.com/gockpt/ckpt/tensor"
)

// skip passes over options that change nothing at inference.
func (c *config) skip(keys ...string) {
	for _, key := range keys {
		c.read[key] = true
	}
}

// refuse makes an option that is set an error: it changes numbers, and this package does not know how.
func (c *config) refuse(keys ...string) {
	for _, key := range keys {
		var value json.RawMessage
		if c.get(key, &value) && string(value) != "false" {
			c.fail("option %q is %s: %w", key, short(value), ErrUnknownOption)
		}
	}
}

// array returns an option that is a number or an array, nested lists or what Keras writes for an array of NumPy's or a tensor; nil
// where it is not there.
func (c *config) array(key string) *Tensor {
	var raw json.RawMessage
	if !c.get(key, &raw) {
		return nil
	}
	x, err := parseArray(raw)
	if err != nil {
		c.fail("option %q is %s: %w", key, short(raw), err)
		return nil
	}
	return x
}

// number returns an option that is a number, or an array that holds one.
func (c *config) number(key string, def float32) float32 {
	x := c.array(key)
	switch {
	case x == nil:
		return def
	case x.Len() != 1:
		c.fail("option %q has shape %v, want a number", key, x.Shape())
		return def
	}
	return x.Data()[0]
}

// parseArray reads a number, nested lists of them, or Keras's object around such.
func parseArray(raw json.RawMessage) (*Tensor, error) {
	var o struct {
		ClassName string `json:"class_name"`
		Config    struct {
			Value json.RawMessage `json:"value"`
		} `json:"config"`
	}
	if json.Unmarshal(raw, &o) == nil && (o.ClassName == "__numpy__" || o.ClassName == "__tensor__") {
		raw = o.Config.Value
	}
	nested, err := decode(raw)
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
		n, err := toScalar(v)
		*values = append(*values, float32(n.f))
		return tensor.Shape{}, err
	case string:
		if v != "NaN" { // what plainJSON makes of Python's
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

// dims returns an option that is a length or a list of lengths, -1 for one that is null; nil where it is not there.
func (c *config) dims(key string) []int {
	var raw json.RawMessage
	if !c.get(key, &raw) {
		return nil
	}
	var list []*int
	if one := new(int); json.Unmarshal(raw, one) == nil {
		list = []*int{one}
	} else if err := json.Unmarshal(raw, &list); err != nil {
		c.fail("option %q is %s, want lengths", key, short(raw))
		return nil
	}
	dims := make([]int, len(list))
	for i, n := range list {
		if dims[i] = -1; n != nil {
			dims[i] = *n
		}
	}
	return dims
}
