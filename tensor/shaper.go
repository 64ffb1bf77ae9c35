package tensor

// A Shaper has options that fix the shapes of its variables, such as the units of a layer. A load compares these shapes with the
// stored ones and reports variables with other shapes.
type Shaper interface {
	// WantShapes calls want for each variable if the options fix its shape or a part of it; -1 stands for an axis of any length. A
	// variable is a pointer to a tensor of the Shaper or of a struct inside it. The tensor need not be built. If WantShapes calls
	// want twice for one variable, the variable must have both shapes.
	WantShapes(want func(variable Any, shape ...int))
}
