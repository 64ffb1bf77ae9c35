// Package raw reads and writes tensors that lie in files as numbers: what safetensors, NumPy, HDF5, PyTorch and GGUF files have in
// common once their headers are understood. A format's package parses the headers, says where each tensor lies, and gets a
// [Reader], which implements [format.Reader] and [format.Finder].
//
// # Tensors and blobs
//
// A [Tensor] lies in a [Blob]: a file, a part of a file, memory, or a stream that is unpacked as it is read. Its numbers
// are stored in either byte order, without gaps in row-major order or at strides; or in blocks that a [Code] turns into
// numbers. A tensor that the file names and nobody can read is listed, and [Tensor.Refuse] is the error of reading it.
//
// # What is checked
//
// [NewReader] checks every number before a byte of a tensor is read: that keys are unique, that shapes can be counted, that every
// tensor lies within its blob, that tensors do not overlap unless the format allows it, and that all of them together ask for no more
// than a bounded multiple of what the blobs hold. So whoever allocates what [format.Entry] says allocates no
// more than the files justify.
//
// Most of these formats have no checksums: see [Reader.Unverified]. The members of archives do, which are compared whenever all
// of a tensor is read, and not when a region is.
//
// # How it reads
//
// Numbers go straight into the memory of the destination, large tensors in several goroutines, without a copy of the tensor
// on the way. Strided tensors and regions pass through one buffer of fixed size and read only the bytes near those that are
// asked for. A context is looked at between chunks.
//
// # How it writes
//
// A [List] collects tensors. The format's package lays them out, and [Write] writes their bytes, in several goroutines.
//
// Errors are of type [*Error]. errors.Is finds [format.ErrCorrupt] in those about files that are not what they should be,
// [format.ErrNotFound] in those about keys that are not stored, and errors.ErrUnsupported in those of refused tensors.
package raw
