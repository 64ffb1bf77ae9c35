package torch

// What a file may ask for.
const (
	// maxDepth is how deep dicts and lists may be nested. Python's own pickler ends at 1000 calls.
	maxDepth = 500

	// maxWrappers is how many parameters and instances of subclasses a tensor may be wrapped in.
	maxWrappers = 8

	// visitsPerByte bounds the values that are looked at by the size of the pickle. A value that is reached in several ways is looked
	// at several times: two names for one state_dict are usual, 2^50 are an attack.
	visitsPerByte = 4

	// nameBytesPerByte bounds the length of all keys together by the size of the pickle, in which the beginnings of paths and repeated
	// names stand once.
	nameBytesPerByte = 64

	// freeWork is what both allow in any case.
	freeWork = 1 << 16

	// maxPickle is the most bytes of the pickle of an archive. That of a model of 100,000 tensors has 20 MB.
	maxPickle = 1 << 30

	// maxVersion is the newest version of the archive's form that PyTorch reads.
	maxVersion = 10
)
