package layers

import "github.com/gockpt/ckpt/layers/internal/config"

// makerOf returns the constructor for layers of a Keras class, or nil if this package does not have the class. Each family of
// layers has its own function.
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
		spectrogramMaker,
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
