package layout

// An Optional object may have nothing that a file holds: its options can leave it without values, as a LayerNormalization without
// scale and center is. Most formats then have no trace of it.
type Optional interface {
	// CheckpointOptional reports whether the object may be absent from a file. It depends on options, never on values.
	CheckpointOptional() bool
}
