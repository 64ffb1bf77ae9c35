package raw

// Sizes that bound the memory of reading, and what hostile files may ask for.
const (
	// chunkSize is how much of a tensor is read at once: the end of a context is noticed between chunks.
	chunkSize = 1 << 20

	// aloneSize is how much of a tensor is worth a separate goroutine where nothing else is read.
	aloneSize = 1 << 20

	// parallelSize is how much is where other tensors are read at the same time.
	parallelSize = 32 << 20

	// bufferSize is the buffer through which strided tensors and regions pass: it fits a processor's second cache.
	bufferSize = 512 << 10

	// nearSize is how many bytes that nobody asked for are read rather than asking the system once more.
	nearSize = 4096

	// maxRank is the most axes that a tensor may have: TensorFlow's limit, above NumPy's 64.
	maxRank = 254

	// maxRepeats bounds the bytes of a tensor, or of all tensors of a blob, by the blob's size where a format allows tensors to
	// share bytes: tied weights are many names for few bytes, and an expanded tensor repeats its elements.
	maxRepeats = 16

	// freeRepeats is what tensors that share bytes may have in any case.
	freeRepeats = 16 << 20
)
