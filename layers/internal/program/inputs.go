package program

import (
	"encoding/json"

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
