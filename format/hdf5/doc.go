// Package hdf5 reads and writes the part of HDF5 that Keras writes: weights in files called .h5, .hdf5 and .weights.h5, and in the
// .keras archives around the latter. It is not a general HDF5 library.
//
// # What it reads
//
// Files as h5py writes them by default, which is what HDF5 calls its earliest format:
//
//   - superblock version 0 with addresses of eight bytes, without a user block
//   - groups of version 1: a symbol table in a B-tree, the names in a local heap
//   - object headers of version 1 with their continuations
//   - datasets in contiguous or compact layout, with numbers of either byte order: integers, float16, bfloat16, float32, float64,
//     and NumPy's bool
//   - attributes in object headers: numbers, and strings of fixed or of variable length
//
// bfloat16 is stored as h5py stores it: as opaque elements of two bytes, which Keras marks with an attribute called dtype. Opaque
// elements of another size are read only where such an attribute names a dtype of that size.
//
// A dataset in another layout (chunked, compressed, external), of another datatype (strings, compounds, …) or that was never written is
// listed, and reading it fails with an error that names the feature and satisfies errors.Is(err, errors.ErrUnsupported). A
// feature of a group or of the file (soft and external links, dense attributes, newer superblocks, …) fails [Parse] in this way.
//
// # Keys
//
// The key of a dataset is its path from the root, group names joined by "/", as h5py prints it without the slash in front. HDF5
// allows any other character in a name, and so does this package.
//
// # What is trusted
//
// Nothing that the file says. Every block of metadata is read once and all of them together may not be longer than the file, so
// that time and memory are bounded by the file's size however its blocks overlap; a group that is reached twice, and so every
// cycle, is an error. Nesting, lengths of paths and sizes of single blocks have limits far above what Keras needs. An
// error satisfies errors.Is(err, format.ErrCorrupt) where the file is not what it should be, and is a [*raw.Error] that names the file
// and the object.
//
// HDF5 files of this kind have no checksums: a changed number is not noticed.
//
// # What it writes
//
// [Encode] writes groups, contiguous datasets and string attributes in the same format, one byte sequence for one tree. h5py and Keras read
// it.
package hdf5
