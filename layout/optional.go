package layout

// An Optional object may lack values, depending on its options: a LayerNormalization without scale and center, for
// example. Most formats do not record an object without values.
type Optional interface {
	// CheckpointOptional reports whether the object may be absent from a file. It depends on options, never on values.
	CheckpointOptional() bool
}
