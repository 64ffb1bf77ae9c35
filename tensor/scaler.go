package tensor

// A Scaler has variables that a file may hold as int8, with scales in another of its variables. A load converts such integers if
// the file also has the scales. Otherwise it reports them.
type Scaler interface {
	// WantScales calls scaled for each such variable, a pointer to one of the Scaler's float32 tensors, and
	// the variable with its scales. fits reports whether the Scaler can compute with a variable and scales of
	// the stored shapes, because other ways to quantize store other shapes.
	WantScales(scaled func(variable, by Any, fits func(variable, by Shape) bool))
}
