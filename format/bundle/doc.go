// Package bundle reads and writes TensorBundles, version 1: the files of TensorFlow's V2 checkpoints.
//
// # The files
//
// A checkpoint called PREFIX is PREFIX.index and PREFIX.data-00000-of-0000N to PREFIX.data-0000(N-1)-of-0000N ([IndexFile],
// [DataFile]). The index is a table ([github.com/gockpt/ckpt/format/sstable]). Its first key is empty and has the header,
// a BundleHeaderProto: the number of data files, the byte order, and which versions of the format may read it. Every
// other key is a tensor's, and its value a BundleEntryProto: dtype, shape, data file, offset, size, and the masked
// CRC-32C of the tensor's bytes.
//
// # Data files
//
// A data file is tensors one after the other, without a header and, as TensorFlow writes it, without gaps. Numbers are stored
// in row-major order, in the byte order that the header names; types of less than eight bits take a byte each. For strings
// and variants see strings.go.
//
// # Partitioned tensors
//
// A tensor may be stored in parts. The entry at its own key then has no data; it has the whole shape and the list of
// parts, each a region of the tensor in the order they were added. Each part has an entry of its own under the key that
// slicekey.go describes. A part that is all of the tensor is stored as if it were no part.
//
// # What is trusted
//
// Nothing that the files say. See [Open], [Reader.Check] and [Reader.Verify] for which faults are found when. Every length is checked
// against the file that it is about before memory is asked for, with one exception that is the caller's: a tensor
// is to be allocated after Check, not on the word of [format.Entry]. An error satisfies errors.Is(err, format.ErrCorrupt) where
// files are not what they should be, format.ErrNotFound where a key is not stored, and fs.ErrNotExist where a file
// is missing; it is an [*Error], which names file and key.
package bundle
