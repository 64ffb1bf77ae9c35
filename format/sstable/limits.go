package sstable

// Limits for a table, in relation to the size of its file.
const (
	// maxBlock is larger than any block: an entry of the V1 format is a message of protobuf, of at most 2 GiB, and offsets within
	// a block have 32 bits.
	maxBlock = 1 << 32

	// maxUnverified is the largest block for which memory is allocated before its checksum is verified.
	maxUnverified = 16 << 20

	// maxSnappyRatio bounds the declared length of a decompressed block by that of the compressed one. Snappy's densest element is
	// a copy of 64 bytes in three, so no valid block exceeds 64/3. Because blocks do not overlap, a whole table decompresses to no
	// more than this many times its file.
	maxSnappyRatio = 22

	// maxKeyExpansion bounds the length of all keys together by the size of the file: prefix compression lets an
	// entry of a few bytes have a key as long as the one before it. A table that restarts every 16 entries, as
	// TensorFlow's do, cannot exceed 16.
	maxKeyExpansion = 64

	// minKeyBudget is the smallest limit of maxKeyExpansion, for files of a few bytes.
	minKeyBudget = 64 << 10
)
