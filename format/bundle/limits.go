package bundle

// Sizes that bound the memory of reading and writing, and what hostile files may ask for.
const (
	// chunkSize is how much of a large tensor is read or written at once: the checksum then finds it in the
	// processor's cache, and the end of a context is noticed.
	chunkSize = 512 << 10

	// aloneSize is how much of a tensor is worth a separate goroutine where nothing else is read: its checksum takes as long
	// as the reading.
	aloneSize = 512 << 10

	// parallelSize is how much is in a restore: of tensors that are smaller several are read at once anyhow.
	parallelSize = 32 << 20

	// maxUnverified is the size of the strings of a tensor that memory is asked for before their checksum is known to be right.
	maxUnverified = 64 << 20

	// openFiles is how many data files are open at once: systems allow a process 256 files or more.
	openFiles = 64

	// openEarly is the largest number of data files that are all opened with the index.
	openEarly = 16

	// maxOpens is how often a checkpoint is opened anew where another save has replaced it meanwhile.
	maxOpens = 100

	// startSyncSize is how many bytes of a data file are written before the disk is given them: it then works while the
	// others are copied to the page cache, and a sync at the end has little left to wait for.
	startSyncSize = 32 << 20

	// bufferSize is the buffer through which small pieces go: strings, parts that are scattered, staged tensors.
	bufferSize = 64 << 10

	// windowSize is how much of a partitioned tensor is assembled at once.
	windowSize = 2 << 20

	// maxAliasing bounds the bytes of all tensors of a data file by the file's size. Tensors do not overlap
	// in any file that TensorFlow writes; a few that do are harmless, but an index whose every entry names the
	// same megabytes would make its readers work without end.
	maxAliasing = 8

	// maxPadding is more than the zeros that any alignment puts after the last tensor of a data file: a page.
	maxPadding = 4096

	// maxComparisons bounds the extents that are compared to find that no parts overlap. A million parts along one
	// axis, or a grid of ten thousand, need far fewer.
	maxComparisons = 1 << 28
)
