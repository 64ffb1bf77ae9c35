package layers

import "github.com/gockpt/ckpt/layers/internal/config"

// Augmentation is any layer of keras.layers that changes images only in training, such as RandomFlip and MixUp. At inference
// (Keras's predict, or training=False) these layers return images unchanged. That includes Keras 3's RandomCrop, although a model's
// description gives its output another shape. Keras 2's RandomCrop is a [Resizing] at inference.
type Augmentation struct {
	unchanged
	Class string // Keras's name of the layer's class
	Name  string
}

func augmentationMaker(class string) config.Maker {
	switch class {
	case "AugMix", "CutMix", "Equalization", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomCrop",
		"RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomHeight", "RandomHue",
		"RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
		"RandomTranslation", "RandomWidth", "RandomZoom", "Solarization":
	default:
		return nil
	}
	return func(c *config.Config) any {
		if class == "RandomCrop" && c.Keras2() {
			c.Skip("rng_type")
			return &Resizing{Height: c.Int("height", 0), Width: c.Int("width", 0), CropToAspectRatio: true, Name: c.Name(), toFloat: true}
		}
		c.Skip("height", "width", "bins", "factor", "height_factor", "width_factor", "x_factor", "y_factor", "brightness_factor", "contrast_factor", "saturation_factor",
			"hue_factor", "addition_factor", "threshold_factor", "alpha", "all_ops", "chain_depth", "num_chains", "num_ops", "scale", "mode",
			"lower", "upper", "rng_type", "kernel_size", "sigma", "interpolation", "fill_mode", "fill_value", "value_range", "bounding_box_format", "data_format")
		return &Augmentation{Class: class, Name: c.Name()}
	}
}
