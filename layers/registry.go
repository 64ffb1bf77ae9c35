package layers

import "github.com/gockpt/ckpt/layers/internal/config"

// makerOf returns what makes layers of a Keras class, nil where this package does not have it. Each family knows its own
// classes.
func makerOf(class string) config.Maker {
	families := []func(class string) config.Maker{
		denseMaker,
		activationMaker,
		attentionMaker,
		categoryMaker,
		dropoutMaker,
		einsumDenseMaker,
		embeddingMaker,
		mergeMaker,
		rescalingMaker,
		convMaker,
		convTransposeMaker,
		depthwiseMaker,
		separableMaker,
		poolingMaker,
		reshapingMaker,
		resizingMaker,
		augmentationMaker,
		paddingMaker,
		upsamplingMaker,
		normalizationMaker,
		recurrentMaker,
	}
	for _, family := range families {
		if m := family(class); m != nil {
			return m
		}
	}
	return nil
}
