// Package bundle reads and writes TensorBundles, version 1: the files of TensorFlow's V2 checkpoints
// (tensorflow/core/util/tensor_bundle).
//
// # The files
//
// A checkpoint called PREFIX is PREFIX.index and PREFIX.data-00000-of-0000N to PREFIX.data-0000(N-1)-of-0000N
// ([IndexFile], [DataFile]). The index is a table ([github.com/gockpt/ckpt/format/sstable]). Its first key is
// empty and has the header, a BundleHeaderProto: the number of data files, the byte order, and which versions of
// the format may read it. Every other key is a tensor's, and its value a BundleEntryProto: dtype, shape, data
// file, offset, size, and the masked CRC-32C of the tensor's bytes.
//
// # Data files
//
// A data file is tensors one after the other, without a header and, as TensorFlow writes it, without gaps. Numbers
// are stored in row-major order, in the byte order that the header names; types of less than eight bits take a
// byte each, a complex number is its real part and its imaginary one. Strings, n of them, are stored as
//
//	varint64 length 0 | … | varint64 length n-1 | fixed32 mask(L) | the bytes of all strings
//
// where L is the CRC of the lengths, each as four bytes, or as eight where it needs them. The entry's checksum goes
// over what L does, then over the stored mask(L), then over the strings; what an entry has after the last string
// is ignored. Variants are stored as, for each,
//
//	varint64 length | the bytes of a VariantTensorDataProto | fixed32 mask(the CRC so far)
//
// where lengths enter the CRC as eight bytes. In a big-endian checkpoint lengths enter a CRC, and masks are stored,
// in that order.
//
// # Partitioned tensors
//
// A tensor may be stored in parts. The entry at its own key then has no data; it has the whole shape and the list
// of parts, each a region of the tensor, in the order they were added. Each part has an entry of its own, whose key
// is in the OrderedCode of tensorflow/core/lib/strings:
//
//	number 0 | string name | number rank | for each axis: signed start, signed length
//
// A number is the count of its big-endian bytes and those bytes, so that these keys begin with a zero byte and come
// before all others but the header's. A string has 00 ff for 00 and ff 00 for ff, and ends in 00 01. Signed numbers
// are a byte or more, the first bits of which tell how many. An extent that is all of its axis may be given as
// length -1, and has then an empty message in the list of parts. A part that is all of the tensor is stored as if it
// were no part.
//
// # What is trusted
//
// Nothing that the files say. See [Open], [Reader.Check] and [Reader.Verify] for which faults are found when.
// Every length is checked against the file that it is about before memory is asked for, with one exception that is
// the caller's: a tensor is to be allocated after Check, not on the word of [format.Entry]. An error satisfies
// errors.Is(err, format.ErrCorrupt) where files are not what they should be, format.ErrNotFound where a key is not
// stored, and fs.ErrNotExist where a file is missing; it is an [*Error], which names file and key.
package bundle
