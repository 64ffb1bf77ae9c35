// Package sstable reads and writes sorted string tables, which TensorFlow uses for a checkpoint's index:
// LevelDB's table format, as in tsl/lib/io/table.cc.
//
// # The file
//
//	data block 0 | … | data block n-1 | metaindex block | index block | footer
//
// Every block is followed by five bytes: its compression type (0: none, 1: Snappy) and, as a little-endian
// fixed32, the masked CRC-32C of the block and the type byte ([Mask]). The footer is 48 bytes: the metaindex
// block's handle, the index block's handle, zeros up to 40 bytes, and the magic number 0xdb4775248b80fb57,
// little-endian. A handle is a varint64 offset and a varint64 size without the five bytes.
//
// A block is a run of entries, then fixed32 offsets of its restart points, then their number. An entry is
//
//	varint32 shared | varint32 unshared | varint32 length of value | unshared bytes of key | value
//
// where shared is the number of leading bytes that the key shares with the previous key. At a restart point it is 0, so that
// a search can begin there. Keys ascend strictly, in the order of unsigned bytes, through the whole table.
//
// The index block has one entry per data block. Its value is the block's handle. Its key is at least the last key of that
// block and less than the first key of the next. The metaindex block of a checkpoint is empty.
//
// # What the writer chooses
//
// Writer writes the same bytes as TensorFlow's writer: see the constants in writer.go.
//
// # What the reader trusts
//
// Nothing. Every handle is checked against the file's size before memory is allocated, every block against
// its checksum, every length against the block. Data blocks must not overlap. Keys must ascend within blocks,
// across them, and against the index block's keys. limits.go has the bounds of memory and time. An error
// about the table's bytes satisfies errors.Is(err, format.ErrCorrupt) and is a *[CorruptError], which has the
// position. Other errors come from the underlying reader.
//
// Compressed blocks are read and never written.
package sstable
