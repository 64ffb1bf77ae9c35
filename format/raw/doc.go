// Package raw reads and writes tensors that are stored as plain numbers or blocks. safetensors, NumPy, HDF5, PyTorch and
// GGUF files have this in common. The package of such a format parses the headers and passes the position of each tensor to
// [NewReader]. The Reader implements format.Reader and format.Finder.
//
// # Tensors and blobs
//
// A Tensor lies in a Blob: a file, a part of a file, memory, or a stream that is unpacked as it is read. Its
// numbers are stored in either byte order, either in row-major order without gaps or at strides.
// Alternatively, they are stored in blocks that a Code decodes. A tensor that cannot be read is still listed;
// Tensor.Refuse is then the error of reading it.
//
// # What is checked
//
// [NewReader] checks every number before a byte of a tensor is read: keys are unique, shapes do not overflow,
// every tensor lies within its blob, and tensors do not overlap unless the format allows it. The total size
// of the tensors is limited to a multiple of the size of the blobs. So a caller that allocates tensors
// according to format.Entry allocates no more than the files justify.
//
// Most of these formats do not have checksums: see Reader.Unverified. Members of archives do. Their checksums are compared
// when all of a tensor is read, but not when a region is.
//
// # How it reads
//
// Numbers are read straight into the memory of the destination, by several goroutines for large tensors. Strided tensors and
// regions pass through a buffer of fixed size; only bytes near the requested ones are read. The context is checked between
// chunks.
//
// # How it writes
//
// A [List] collects tensors. The format's package lays them out, and [Write] writes their bytes, in several goroutines.
//
// Errors are of type *Error. errors.Is finds format.ErrCorrupt for malformed files, format.ErrNotFound for keys that are not
// stored, and errors.ErrUnsupported for tensors that can only be listed.
package raw
