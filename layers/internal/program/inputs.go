package program

import (
	"encoding/json"
	"strings"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/layers/internal/fault"
	"github.com/gockpt/ckpt/tensor"
)

// inputSpec reads the configuration of an InputLayer.
func inputSpec(who fault.Who, raw json.RawMessage) (*Spec, error) {
	c, err := config.New(who.Kind, raw, nil)
	if err != nil {
		return nil, err
	}
	c.Skip("optional", "input_dtype")
	c.Refuse("sparse", "ragged")
	s := &Spec{Name: who.Name, DType: tensor.DTFloat32, Shape: c.Dims("batch_shape")}
	if shape := c.Dims("batch_input_shape"); s.Shape == nil {
		s.Shape = shape
	}
	if d := c.Dtype("dtype"); d != tensor.InvalidDType {
		s.DType = d
	}
	return s, c.Done()
}

// checkPolicy refuses a layer whose dtype policy is a quantized one: its weights are others.
func checkPolicy(who fault.Who, raw json.RawMessage) error {
	var config struct {
		DType json.RawMessage `json:"dtype"`
	}
	if json.Unmarshal(raw, &config) != nil {
		return nil // says so where it is read
	}
	var policy struct {
		ClassName string `json:"class_name"`
		Config    struct {
			Name string `json:"name"`
		} `json:"config"`
	}
	if json.Unmarshal(config.DType, &policy) == nil && (strings.Contains(policy.ClassName, "Quantized") || policy.ClassName == "DTypePolicyMap") {
		return fault.Errorf(who, "dtype policy %s %q: %w", policy.ClassName, policy.Config.Name, fault.ErrUnknownOption)
	}
	return nil
}
