package layers

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/layers/activation"
)

// A maker makes a layer of a Keras class from its configuration. It reads every option that changes numbers, each by the
// config method of its type, and leaves what is wrong with them to config.done. What it returns is a Layer, a MultiLayer or both.
type maker func(c *config) any

// A config reads the configuration that Keras writes for a layer (get_config). The first thing found wrong is kept, and done
// returns it; until then the methods give zero values.
type config struct {
	who     id
	options map[string]json.RawMessage
	read    map[string]bool
	err     error
}

// isUnread reports whether key is an option that any layer may have and that changes nothing about inference.
func isUnread(key string) bool {
	switch key {
	case "name", "trainable", "dtype", "autocast", "activity_regularizer", "seed", "build_config", "batch_input_shape", "batch_shape",
		"sparse", "ragged", "quantization_config", "lora_rank", "lora_alpha":
		return true
	}
	return strings.HasSuffix(key, "_initializer") || strings.HasSuffix(key, "_regularizer") || strings.HasSuffix(key, "_constraint")
}

// ErrUnknownLayer is in the error for a Keras class that this package does not have.
var ErrUnknownLayer = errors.New("no such layer here")

// ErrUnknownOption is in the error for an option of a Keras layer that this package does not know: passing it over
// might give other numbers than Keras's.
var ErrUnknownOption = errors.New("unknown option")

// newConfig returns a config over the JSON object that Keras wrote for a layer of class.
func newConfig(class string, raw json.RawMessage) (*config, error) {
	c := &config{who: id{kind: class}, read: make(map[string]bool)}
	if err := json.Unmarshal(raw, &c.options); err != nil {
		return nil, errorf(c.who, "config: %w", err)
	}
	c.who.name = c.name()
	return c, c.err
}

// done returns the first error of what was read, or one that names an option which nobody read.
func (c *config) done() error {
	for _, key := range slices.Sorted(maps.Keys(c.options)) {
		if c.err == nil && !c.read[key] && !isUnread(key) && string(c.options[key]) != "null" {
			c.fail("%w %q", ErrUnknownOption, key)
		}
	}
	return c.err
}

// fail keeps an error about the configuration, if it is the first.
func (c *config) fail(format string, args ...any) {
	if c.err == nil {
		c.err = errorf(c.who, "config: "+format, args...)
	}
}

// get decodes option key into v and reports whether it is there and not null.
func (c *config) get(key string, v any) bool {
	c.read[key] = true
	raw, ok := c.options[key]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		c.fail("option %q is %s: %w", key, short(raw), err)
		return false
	}
	return true
}

func (c *config) name() string { return c.text("name", "") }

// text returns a string option, or def where it is not there.
func (c *config) text(key, def string) string {
	c.get(key, &def)
	return def
}

func (c *config) bool(key string, def bool) bool {
	c.get(key, &def)
	return def
}

func (c *config) int(key string, def int) int {
	c.get(key, &def)
	return def
}

func (c *config) float(key string, def float32) float32 {
	c.get(key, &def)
	return def
}

// optional returns an option that may be null or missing, then nil.
func (c *config) optional(key string) *float32 {
	v := new(float32)
	if !c.get(key, v) {
		return nil
	}
	return v
}

// ints returns an option that is an integer or a list of them; nil where it is not there.
func (c *config) ints(key string) []int {
	var raw json.RawMessage
	if !c.get(key, &raw) {
		return nil
	}
	var one int
	if json.Unmarshal(raw, &one) == nil {
		return []int{one}
	}
	var list []int
	if err := json.Unmarshal(raw, &list); err != nil {
		c.fail("option %q is %s, want integers", key, short(raw))
	}
	return list
}

// activation returns an option that is an activation: its name, what Keras writes for a function, or an activation layer without
// weights. The zero Func where it is not there.
func (c *config) activation(key string) activation.Func {
	var raw json.RawMessage
	if !c.get(key, &raw) {
		return activation.Func{}
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return c.parseActivation(key, name)
	}
	object, layer := c.object(key)
	if layer, ok := layer.(interface {
		function() (activation.Func, error)
	}); ok {
		f, err := layer.function()
		if err != nil {
			c.fail("option %q: %w", key, err)
		}
		return f
	}
	if object.ClassName != "function" {
		c.fail("option %q is a %q, which is no activation", key, object.ClassName)
	} else if json.Unmarshal(object.Config, &name) != nil {
		c.fail("option %q is %s, want a function's name", key, short(object.Config))
	}
	return c.parseActivation(key, name)
}

func (c *config) parseActivation(key, name string) activation.Func {
	f, err := activation.Parse(name)
	if err != nil {
		c.fail("option %q: %w", key, err)
	}
	return f
}

// An object is what Keras writes for anything with a configuration of its own.
type object struct {
	Module    string          `json:"module"`
	ClassName string          `json:"class_name"`
	Config    json.RawMessage `json:"config"`
}

// object returns an option that is an object, and the layer that it describes, nil where it describes a function or is not there.
func (c *config) object(key string) (object, any) {
	var o object
	if !c.get(key, &o) || o.ClassName == "function" {
		return o, nil
	}
	layer, err := makeLayer(o.ClassName, o.Config)
	if err != nil {
		c.fail("option %q: %w", key, err)
	}
	return o, layer
}

// short returns the beginning of raw for an error message.
func short(raw json.RawMessage) string {
	const most = 60
	if len(raw) <= most {
		return string(raw)
	}
	return fmt.Sprintf("%s… (%d bytes)", raw[:most], len(raw))
}
