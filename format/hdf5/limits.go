package hdf5

// Limits on what a file may ask for, beyond its size. They are far above what Keras writes.
const (
	maxDepth      = 128       // of nested groups: Keras nests two or three for each layer within a layer
	maxPath       = 1 << 12   // bytes of a path
	maxBlock      = 1 << 26   // bytes of one block of metadata: a local heap with a million names has 64 MiB
	maxMetadata   = 1 << 30   // bytes of all blocks of metadata
	maxRank       = 32        // H5S_MAX_RANK
	maxAttributes = 1<<16 - 8 // that are written: a header counts its messages in 16 bits
)
