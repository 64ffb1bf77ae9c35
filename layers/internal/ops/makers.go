package ops

// MakerOf returns the maker for a class of keras.ops, nil if this package does not support it.
func MakerOf(class string) Maker {
	for _, family := range []func(class string) Maker{
		elementwiseOperator,
		binaryOperator,
		activationOperator,
		reductionOperator,
		shapeOperator,
		indexOperator,
		linearOperator,
	} {
		if m := family(class); m != nil {
			return m
		}
	}
	return nil
}
