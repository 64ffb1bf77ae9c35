package ops

// MakerOf returns what makes the operator of a class of keras.ops, nil where this package does not have it.
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
