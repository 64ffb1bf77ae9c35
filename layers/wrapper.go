package layers

import (
	"errors"

	"github.com/gockpt/ckpt/layers/internal/config"
	"github.com/gockpt/ckpt/tensor"
)

// errNoLayer is in the error of a wrapper without a layer.
var errNoLayer = errors.New("no wrapped layer")

// buildLayer makes the weights of the layer that who wraps, if it has some.
func buildLayer(who id, layer Layer, input tensor.Shape) error {
	if layer == nil {
		return errorf(who, "%w", errNoLayer)
	}
	if b, ok := layer.(Builder); ok {
		return b.Build(input)
	}
	return nil
}

// layerOption returns an option that is a layer with one input and one output.
func layerOption(c *config.Config, key string) Layer {
	object, made := c.Object(key)
	layer, ok := made.(Layer)
	if !ok {
		c.Fail("option %q is a %q, want a layer of one input", key, object.ClassName)
	}
	return layer
}

// axisOption returns the option "axis", which is one axis or a list of one, or def. Axis 0 is the batch, which is not allowed.
func axisOption(c *config.Config, def int) int {
	switch axes := c.Ints("axis"); {
	case len(axes) == 0:
		return def
	case len(axes) > 1 || axes[0] == 0:
		c.Fail("axes %v: want one axis other than the batch", axes)
		return def
	default:
		return axes[0]
	}
}

// axisOrLast returns an option that is an axis, or the last axis if the option is 0.
func axisOrLast(axis int) int {
	if axis == 0 {
		return -1
	}
	return axis
}
