package bundle

// Limits on the memory for reading and writing, and on what hostile files may request.
const (
	// chunkSize is the size of the chunks in which a large tensor is read or written. Small chunks are still in the processor's
	// cache for the checksum, and between them the context is checked.
	chunkSize = 512 << 10

	// aloneSize is the number of bytes of a tensor for which a separate goroutine pays off if nothing else is read, because the
	// checksum takes as long as the reading.
	aloneSize = 512 << 10

	// parallelSize is the same for a restore, which already reads several smaller tensors at once.
	parallelSize = 32 << 20

	// maxUnverified is the largest size of a tensor's strings for which memory is allocated before their checksum is verified.
	maxUnverified = 64 << 20

	// openFiles is the largest number of open data files: systems allow a process 256 files or more.
	openFiles = 64

	// openEarly is the largest number of data files that are all opened with the index.
	openEarly = 16

	// maxOpens is how often a checkpoint is opened again if another save replaces it at the same time.
	maxOpens = 100

	// startSyncSize is the number of bytes of a data file after which the disk starts writing. It then works while further bytes
	// are copied to the page cache, and the final sync has little left to wait for.
	startSyncSize = 32 << 20

	// bufferSize is the size of the buffer for small pieces: strings, scattered parts, staged tensors.
	bufferSize = 64 << 10

	// windowSize is the number of bytes of a partitioned tensor that are assembled at once.
	windowSize = 2 << 20

	// maxAliasing bounds the bytes of all tensors of a data file by the file's size. Tensors never overlap in files that
	// TensorFlow writes. A few overlaps are harmless, but if every entry of an index named the same megabytes, readers would work
	// forever.
	maxAliasing = 8

	// maxPadding is larger than the padding of any alignment after the last tensor of a data file: a page.
	maxPadding = 4096

	// maxComparisons bounds the extents that are compared to find that no parts overlap. A million parts along one
	// axis, or a grid of ten thousand, need far fewer.
	maxComparisons = 1 << 28
)
