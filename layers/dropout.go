package layers

import (
	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/layers/internal/config"
)

// unchanged has the methods of a layer that returns its input and mask unchanged.
type unchanged struct{}

// Call returns x.
func (u unchanged) Call(x *Tensor) (*Tensor, error) { return u.Forward(nil, x) }

// Forward is Call with a [Context].
func (u unchanged) Forward(_ *Context, x *Tensor) (*Tensor, error) {
	return x, checkInput(id{kind: "identity"}, x, 0, 0)
}

// OutputMask returns the input's mask.
func (u unchanged) OutputMask(c *Context, _ ...*Tensor) (*Mask, error) { return c.Mask(0), nil }

func (u unchanged) function() (activation.Func, error) { return activation.Linear(), nil }

// Identity is keras.layers.Identity.
type Identity struct {
	unchanged
	Name string
}

// Dropout is keras.layers.Dropout at inference.
type Dropout struct {
	unchanged
	Name string
}

// SpatialDropout1D is keras.layers.SpatialDropout1D at inference.
type SpatialDropout1D struct {
	unchanged
	Name string
}

// SpatialDropout2D is keras.layers.SpatialDropout2D at inference.
type SpatialDropout2D struct {
	unchanged
	Name string
}

// SpatialDropout3D is keras.layers.SpatialDropout3D at inference.
type SpatialDropout3D struct {
	unchanged
	Name string
}

// GaussianDropout is keras.layers.GaussianDropout at inference.
type GaussianDropout struct {
	unchanged
	Name string
}

// GaussianNoise is keras.layers.GaussianNoise at inference.
type GaussianNoise struct {
	unchanged
	Name string
}

// AlphaDropout is keras.layers.AlphaDropout at inference.
type AlphaDropout struct {
	unchanged
	Name string
}

// ActivityRegularization is keras.layers.ActivityRegularization at inference.
type ActivityRegularization struct {
	unchanged
	Name string
}

func dropoutMaker(class string) config.Maker {
	var make func(name string) any
	switch class {
	case "Identity":
		make = func(name string) any { return &Identity{Name: name} }
	case "Dropout":
		make = func(name string) any { return &Dropout{Name: name} }
	case "SpatialDropout1D":
		make = func(name string) any { return &SpatialDropout1D{Name: name} }
	case "SpatialDropout2D":
		make = func(name string) any { return &SpatialDropout2D{Name: name} }
	case "SpatialDropout3D":
		make = func(name string) any { return &SpatialDropout3D{Name: name} }
	case "GaussianDropout":
		make = func(name string) any { return &GaussianDropout{Name: name} }
	case "GaussianNoise":
		make = func(name string) any { return &GaussianNoise{Name: name} }
	case "AlphaDropout":
		make = func(name string) any { return &AlphaDropout{Name: name} }
	case "ActivityRegularization":
		make = func(name string) any { return &ActivityRegularization{Name: name} }
	default:
		return nil
	}
	return func(c *config.Config) any {
		c.Skip("rate", "stddev", "noise_shape", "data_format", "l1", "l2") // of use in training alone
		return make(c.Name())
	}
}
