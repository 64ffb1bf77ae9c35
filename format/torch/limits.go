package torch

// Limits on what a file can request.
const (
	// maxDepth is how deeply dicts and lists may be nested. Python's pickler fails at 1000 nested calls.
	maxDepth = 500

	// maxWrappers is how many parameters and subclass instances may wrap a tensor.
	maxWrappers = 8

	// visitsPerByte bounds the number of visits to values by the size of the pickle. A value is visited once for each path to it: two
	// names for one state_dict are usual, 2^50 are an attack.
	visitsPerByte = 4

	// nameBytesPerByte bounds the length of all keys together by the size of the pickle. In the pickle, prefixes of paths and repeated
	// names occur only once.
	nameBytesPerByte = 64

	// freeWork is how much of both is always allowed.
	freeWork = 1 << 16

	// maxPickle is the largest size of an archive's pickle. A model with 100,000 tensors needs 20 MB.
	maxPickle = 1 << 30

	// maxVersion is the newest version of the archive format that PyTorch reads.
	maxVersion = 10
)
