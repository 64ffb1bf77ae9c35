package tensor

// A Scaler has variables that a file may hold as int8, in steps that another of its variables gives. Whoever loads its variables converts
// such integers where the steps are in the file too, and reports them where they are not.
type Scaler interface {
	// WantScales calls scaled for each such variable, a pointer to one of the Scaler's tensors of float32, with the variable
	// that gives the steps. fits reports whether the stored shapes are those of a variable and its steps as the Scaler
	// computes with them: other ways to quantize store other shapes.
	WantScales(scaled func(variable, by Any, fits func(variable, by Shape) bool))
}
