package layers

import (
	"math"
	"strconv"

	"github.com/gockpt/ckpt/layers/internal/config"
)

// Interpolation says how [Resizing] and [UpSampling2D] compute values between pixels.
type Interpolation uint8

// The interpolations of Keras; Keras 3 does not have the last three. All except Nearest and Area treat pixels as points in the
// middle of their squares.
const (
	Nearest       Interpolation = iota // the nearest pixel
	Bilinear                           // between the nearest two along each axis
	Bicubic                            // a cubic through the nearest four
	Lanczos3                           // a windowed sinc over the nearest six
	Lanczos5                           // a windowed sinc over the nearest ten
	Area                               // the average over the square
	Gaussian                           // a bell curve over the nearest three
	MitchellCubic                      // a smoothing cubic over the nearest four
)

var interpolations = [...]string{"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic"}

// String returns Keras's name for i.
func (i Interpolation) String() string {
	if int(i) < len(interpolations) {
		return interpolations[i]
	}
	return "Interpolation(" + strconv.Itoa(int(i)) + ")"
}

func (i Interpolation) check(who id) error {
	if int(i) >= len(interpolations) {
		return errorf(who, "this layer does not support interpolation %v", i)
	}
	return nil
}

// interpolationOption returns the option "interpolation".
func interpolationOption(c *config.Config, def Interpolation) Interpolation {
	text := c.Text("interpolation", def.String())
	for i, name := range interpolations {
		if text == name {
			return Interpolation(i)
		}
	}
	c.Fail("interpolation %q is not one of %v", text, interpolations)
	return def
}

// reach returns the largest distance, in pixels, at which values count.
func (i Interpolation) reach() float32 {
	return [...]float32{0, 1, 2, 3, 5, 0, 1.5, 2}[i]
}

// weight returns the weight of a pixel at distance d, before the weights are scaled to a sum of 1.
func (i Interpolation) weight(d float64) float32 {
	x := math.Abs(d)
	switch reach := float64(i.reach()); i {
	case Bilinear:
		return float32(max(1-x, 0))
	case Bicubic:
		return float32(keysCubic(x))
	case MitchellCubic:
		return float32(mitchellCubic(x))
	case Gaussian:
		if x >= reach {
			return 0
		}
		return float32(math.Exp(-2 * x * x))
	default: // tensorflow/core/kernels/image/sampling_kernels.h, LanczosKernelFunc
		switch {
		case x > reach:
			return 0
		case x <= 1e-3:
			return 1
		}
		return float32(reach * math.Sin(math.Pi*x) * math.Sin(math.Pi*x/reach) / (math.Pi * math.Pi * x * x))
	}
}

// keysCubic is the cubic convolution kernel of Keys with a = -1/2.
func keysCubic(x float64) float64 {
	const a = -0.5
	switch {
	case x <= 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x <= 2:
		return ((a*x-5*a)*x+8*a)*x - 4*a
	}
	return 0
}

// mitchellCubic is the cubic of Mitchell and Netravali with B = C = 1/3.
func mitchellCubic(x float64) float64 {
	switch {
	case x <= 1:
		return (7.0/6*x-2)*x*x + 8.0/9
	case x <= 2:
		return ((-7.0/18*x+2)*x-10.0/3)*x + 16.0/9
	}
	return 0
}
