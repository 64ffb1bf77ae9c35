// Package bundle reads and writes TensorBundles, version 1: the files of TensorFlow's V2 checkpoints
// (tensorflow/core/util/tensor_bundle).
//
// # The files
//
// A checkpoint called PREFIX consists of PREFIX.index and of PREFIX.data-00000-of-0000N to PREFIX.data-0000(N-1)-of-0000N
// (IndexFile, DataFile). The index is a table ([github.com/gockpt/ckpt/format/sstable]). Its first key is empty and holds
// the header, a BundleHeaderProto: the number of data files, the byte order, and which versions of the format may read it.
// Every other key belongs to a tensor. Its value is a BundleEntryProto: dtype, shape, data file, offset, size, and the
// masked CRC-32C of the tensor's bytes.
//
// # Data files
//
// A data file holds tensors one after the other. It does not have a header and, if TensorFlow wrote it, does not have gaps.
// Numbers are stored in row-major order and in the byte order that the header names. An element of fewer than eight bits
// takes a byte. A complex number is its real part, then its imaginary part. A tensor of n strings is stored as
//
//	varint64 length 0 | … | varint64 length n-1 | fixed32 mask(L) | the bytes of all strings
//
// where L is the CRC of the lengths, each as four bytes, or as eight if it does not fit four. The entry's checksum covers the same
// bytes as L, then the stored mask(L), then the strings. Bytes of an entry after the last string are ignored. Each variant is
// stored as
//
//	varint64 length | the bytes of a VariantTensorDataProto | fixed32 mask(the CRC so far)
//
// where the CRC covers lengths as eight bytes. In a big-endian checkpoint, the CRC covers lengths in
// big-endian order, and masks are stored in big-endian order.
//
// # Partitioned tensors
//
// A tensor may be stored in parts. The entry at the tensor's key then does not have data. It has the whole
// shape and the list of parts, each a region of the tensor, in the order in which they were added. Each part
// has a separate entry. Its key is encoded by the OrderedCode of tensorflow/core/lib/strings:
//
//	number 0 | string name | number rank | for each axis: signed start, signed length
//
// A number is the count of its big-endian bytes and those bytes, so these keys begin with a zero byte and come first after
// the header's. A string has 00 ff for 00 and ff 00 for ff, and ends in 00 01. Signed numbers take one or more bytes; the
// first bits tell how many. An extent that covers its axis may have length -1; in the list of parts it is then an empty
// message. A part that covers the tensor is stored like a whole tensor.
//
// # What is trusted
//
// Nothing that the files say. [Open], [Reader.Check] and [Reader.Verify] say which faults they find. Every length is compared with
// the size of its file before memory is allocated, with one exception: callers must call Check before they allocate a tensor, and
// not trust [format.Entry]. An error satisfies errors.Is(err, format.ErrCorrupt) if files are damaged, format.ErrNotFound if a key
// is not stored, and fs.ErrNotExist if a file is missing. It is an [*Error], which names file and key.
package bundle
