package tensor

// A Shaper has options that fix the shapes of its variables, such as the units of a layer. Whoever loads its variables compares
// the shapes with those that are stored, and reports a variable that has another.
type Shaper interface {
	// WantShapes calls want for each variable for which the options fix the shape, or a part of it: -1 stands for an axis of any
	// length. A variable is a pointer to one of the Shaper's tensors, or to one of a struct inside it. It need not be built.
	// WantShapes may call want twice for one variable, which then must have both shapes.
	WantShapes(want func(variable Any, shape ...int))
}
