package hdf5

// Limits on what a file can request, in addition to its size. They are far above what Keras writes.
const (
	maxDepth      = 128       // nested groups; Keras nests two or three for each nested layer
	maxPath       = 1 << 12   // bytes of a path
	maxBlock      = 1 << 26   // bytes of one block of metadata; a local heap with a million names has 64 MiB
	maxMetadata   = 1 << 30   // bytes of all blocks of metadata
	maxRank       = 32        // H5S_MAX_RANK
	maxAttributes = 1<<16 - 8 // attributes of a written object; a header counts messages in 16 bits
)
