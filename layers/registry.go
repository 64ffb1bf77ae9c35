package layers

import "encoding/json"

// makerOf returns what makes layers of a Keras class, nil where this package does not have it. Each family knows its own
// classes.
func makerOf(class string) maker {
	families := []func(class string) maker{
		denseMaker,
		activationMaker,
		attentionMaker,
		categoryMaker,
		dropoutMaker,
		einsumDenseMaker,
		embeddingMaker,
		mergeMaker,
		modelMaker,
		rescalingMaker,
		convMaker,
		convTransposeMaker,
		depthwiseMaker,
		separableMaker,
		poolingMaker,
		reshapingMaker,
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

// makeLayer makes the layer that Keras describes by its class's name and its configuration, weights not built. The error
// names the class or the option that is not known.
func makeLayer(class string, raw json.RawMessage) (any, error) {
	m := makerOf(class)
	if m == nil {
		return nil, errorf(id{kind: class}, "%w", ErrUnknownLayer)
	}
	c, err := newConfig(class, raw)
	if err != nil {
		return nil, err
	}
	layer := m(c)
	return layer, c.done()
}
