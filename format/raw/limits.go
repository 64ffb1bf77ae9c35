package raw

// Sizes that bound the memory that a read takes, and what a hostile file can request.
const (
	// chunkSize is the number of bytes that are read at once. The context is checked between chunks.
	chunkSize = 1 << 20

	// aloneSize is the number of bytes of a tensor that are worth a separate goroutine if no other tensor is
	// being read.
	aloneSize = 1 << 20

	// parallelSize is the number of bytes that are worth a separate goroutine if other tensors are being
	// read.
	parallelSize = 32 << 20

	// bufferSize is the size of the buffer for strided tensors and regions. It fits the second-level cache of a processor.
	bufferSize = 512 << 10

	// nearSize is the largest gap, in bytes, that is read along in order to save a system call.
	nearSize = 4096

	// maxRepeats bounds the bytes of a tensor, and of all tensors of a blob, if a format allows tensors to share bytes: they may
	// be this many times the blob's size. Tied weights are many names for few bytes, and an expanded tensor repeats its elements.
	maxRepeats = 16

	// freeRepeats is the number of bytes that tensors that share bytes may always have.
	freeRepeats = 16 << 20
)
