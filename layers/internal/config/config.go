package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/fault"
)

// A Maker makes a layer of a Keras class from its configuration. It reads every option that changes results with the method for
// the option's type. [Config.Done] returns the errors.
type Maker func(c *Config) any

// A Config reads the configuration that Keras writes for a layer (get_config). It keeps the first error, which [Config.Done]
// returns. After an error, methods return zero values.
type Config struct {
	who     fault.Who
	options map[string]json.RawMessage
	read    map[string]bool
	makers  Makers
	policy  policy
	Err     error
}

// Makers make the layers that another layer's configuration contains.
type Makers interface {
	// Make makes a layer from the name of its class and its configuration, without building the weights. The error names the
	// unknown class or option.
	Make(class string, raw json.RawMessage) (any, error)

	// Keras2 reports whether Keras 2 wrote the configuration.
	Keras2() bool

	// Activation returns the function of an activation layer. ok is false for any other layer.
	Activation(layer any) (f activation.Func, ok bool, err error)
}

// errNoLayers reports a layer in a configuration that must not contain layers.
var errNoLayers = errors.New("unexpected layer")

// isHarmless reports whether every layer accepts the option and inference does not depend on it. Any other unread option is an error.
func isHarmless(key string) bool {
	switch key {
	case "name", "batch_input_shape", "batch_shape", "build_config", "shared_object_id": // known from elsewhere
		return true
	case "trainable", "activity_regularizer", "seed": // only for training
		return true
	case "dtype", "autocast": // layers compute in float32; Done rejects unsupported quantized policies
		return true
	}
	return strings.HasSuffix(key, "_initializer") || strings.HasSuffix(key, "_regularizer") || strings.HasSuffix(key, "_constraint")
}

// New returns a Config for the JSON object that Keras wrote for a layer of the given class.
func New(class string, raw json.RawMessage, makers Makers) (*Config, error) {
	c := &Config{who: fault.Who{Kind: class}, read: make(map[string]bool), makers: makers}
	if err := json.Unmarshal(raw, &c.options); err != nil {
		return nil, fault.Errorf(c.who, "config: %w", err)
	}
	c.who.Name = c.Name()
	c.readPolicy()
	return c, c.Err
}

// A policy is a quantized dtype policy. Quantized layers have different weights.
type policy struct {
	ClassName string `json:"class_name"`
	Config    struct {
		Name string `json:"name"`
		Mode string `json:"mode"`
	} `json:"config"`
	known bool // the layer supports the policy
}

// readPolicy reads the dtype policy if it is quantized.
func (c *Config) readPolicy() {
	p := policy{}
	if json.Unmarshal(c.options["dtype"], &p) != nil {
		return // a name, or missing
	}
	if strings.Contains(p.ClassName, "Quantized") || p.ClassName == "DTypePolicyMap" {
		c.policy = p
	}
}

// Quantized returns the mode of the layer's policy if it is in modes, and "" otherwise. The caller must support the returned mode.
// Done returns an error for a quantized policy with any other mode.
func (c *Config) Quantized(modes ...string) string {
	switch c.policy.ClassName {
	case "QuantizedDTypePolicy", "QuantizedFloat8DTypePolicy":
	default:
		return ""
	}
	for _, mode := range modes {
		if c.policy.Config.Mode == mode || strings.HasPrefix(c.policy.Config.Name, mode+"_from_") {
			c.policy.known = true
			return mode
		}
	}
	return ""
}

// Done returns the first error, or an error that names an unread option.
func (c *Config) Done() error {
	if p := c.policy; p.ClassName != "" && !p.known {
		return fault.Errorf(c.who, "dtype policy %s %q: %w", p.ClassName, cmp.Or(p.Config.Name, p.Config.Mode), fault.ErrUnknownOption)
	}
	for _, key := range slices.Sorted(maps.Keys(c.options)) {
		if c.Err == nil && !c.read[key] && !isHarmless(key) && string(c.options[key]) != "null" {
			c.Fail("%w %q", fault.ErrUnknownOption, key)
		}
	}
	return c.Err
}

// Fail keeps an error about the configuration, if it is the first.
func (c *Config) Fail(format string, args ...any) {
	if c.Err == nil {
		c.Err = fault.Errorf(c.who, "config: "+format, args...)
	}
}

// Get decodes option key into v and reports whether the option is present and not null.
func (c *Config) Get(key string, v any) bool {
	c.read[key] = true
	raw, ok := c.options[key]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		c.Fail("option %q is %s: %w", key, Short(raw), err)
		return false
	}
	return true
}

func (c *Config) Name() string { return c.Text("name", "") }

// Text returns a string option, or def if it is missing.
func (c *Config) Text(key, def string) string {
	c.Get(key, &def)
	return def
}

func (c *Config) Bool(key string, def bool) bool {
	c.Get(key, &def)
	return def
}

func (c *Config) Int(key string, def int) int {
	c.Get(key, &def)
	return def
}

func (c *Config) Float(key string, def float32) float32 {
	c.Get(key, &def)
	return def
}

// Optional returns a number, or nil if the option is null or missing.
func (c *Config) Optional(key string) *float32 {
	v := new(float32)
	if !c.Get(key, v) {
		return nil
	}
	return v
}

// Ints returns an option that is an integer or a list of integers; nil if it is missing.
func (c *Config) Ints(key string) []int {
	var raw json.RawMessage
	if !c.Get(key, &raw) {
		return nil
	}
	var one int
	if json.Unmarshal(raw, &one) == nil {
		return []int{one}
	}
	var list []int
	if err := json.Unmarshal(raw, &list); err != nil {
		c.Fail("option %q is %s, want integers", key, Short(raw))
	}
	return list
}

// Activation returns an option that is an activation. Keras writes a name, a function object or an activation layer without
// weights. If the option is missing, it returns the zero Func.
func (c *Config) Activation(key string) activation.Func {
	var raw json.RawMessage
	if !c.Get(key, &raw) {
		return activation.Func{}
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		return c.ParseActivation(key, name)
	}
	object, layer := c.Object(key)
	if layer != nil {
		f, ok, err := c.makers.Activation(layer)
		if err != nil {
			c.Fail("option %q: %w", key, err)
		}
		if ok {
			return f
		}
	}
	if object.ClassName != "function" {
		c.Fail("option %q is a %q, which is not an activation", key, object.ClassName)
	} else if json.Unmarshal(object.Config, &name) != nil {
		c.Fail("option %q is %s, want a function's name", key, Short(object.Config))
	}
	return c.ParseActivation(key, name)
}

// Keras2 reports whether Keras 2 wrote the configuration.
func (c *Config) Keras2() bool { return c.makers != nil && c.makers.Keras2() }

func (c *Config) ParseActivation(key, name string) activation.Func {
	if name == "hard_sigmoid" && c.Keras2() {
		return activation.HardSigmoidV2() // Keras 3's hard_sigmoid is a different function
	}
	f, err := activation.Parse(name)
	if err != nil {
		c.Fail("option %q: %w", key, err)
	}
	return f
}

// An Object is Keras's form for anything that has a configuration.
type Object struct {
	Module    string          `json:"module"`
	ClassName string          `json:"class_name"`
	Config    json.RawMessage `json:"config"`
}

// Object returns an option that is an object, and the layer that it describes. The layer is nil if the object describes a function
// or is missing.
func (c *Config) Object(key string) (Object, any) {
	var o Object
	if !c.Get(key, &o) || o.ClassName == "function" {
		return o, nil
	}
	layer, err := c.Make(o.ClassName, o.Config)
	if err != nil {
		c.Fail("option %q: %w", key, err)
	}
	return o, layer
}

// Make makes a layer that the configuration contains.
func (c *Config) Make(class string, raw json.RawMessage) (any, error) {
	if c.makers == nil {
		return nil, errNoLayers
	}
	return c.makers.Make(class, raw)
}

// Short returns the beginning of raw for an error message.
func Short(raw json.RawMessage) string {
	const most = 60
	if len(raw) <= most {
		return string(raw)
	}
	return fmt.Sprintf("%s… (%d bytes)", raw[:most], len(raw))
}
