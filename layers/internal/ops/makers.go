package ops

import "slices"

// MakerOf returns the maker for a class of keras.ops, nil if this package does not support it.
func MakerOf(class string) Maker {
	if f := floatFunctions[class]; f != nil {
		return floatMaker(f)
	}
	if f := truthFunctions[class]; f != nil {
		return truthMaker(f)
	}
	if slices.Contains(namedActivations, class) {
		return namedActivation(class)
	}
	for _, family := range []map[string]Maker{
		elementwiseOperators,
		binaryOperators,
		activationOperators,
		reductionOperators,
		shapeOperators,
		indexOperators,
		linearOperators,
	} {
		if m := family[class]; m != nil {
			return m
		}
	}
	return nil
}
