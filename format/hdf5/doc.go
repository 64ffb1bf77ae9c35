// Package hdf5 reads and writes the part of HDF5 that Keras writes: weights in .h5, .hdf5 and .weights.h5 files, and the
// .weights.h5 files in .keras archives. It is not a general HDF5 library.
//
// # What it reads
//
// Files as h5py writes them by default, in HDF5's earliest format:
//
//   - superblock version 0 with addresses of eight bytes, without a user block
//   - groups of version 1: a symbol table in a B-tree, the names in a local heap
//   - object headers of version 1 with their continuations
//   - datasets in contiguous or compact layout, with numbers of either byte order: integers, float16, bfloat16, float32, float64,
//     and NumPy's bool
//   - attributes in object headers: numbers, and strings of fixed or of variable length
//
// h5py stores bfloat16 as opaque elements of two bytes. Keras marks these with an attribute called dtype. Opaque elements of
// another size are read only if such an attribute names a dtype of that size.
//
// A dataset with another layout (chunked, compressed, external) or another datatype (strings, compounds, …), or a dataset that was
// never written, is listed. Reading it fails with an error that names the feature and satisfies errors.Is(err,
// errors.ErrUnsupported). [Parse] returns such an error if a group or the file has an unsupported feature: soft and external links,
// dense attributes, newer superblocks, ….
//
// # Keys
//
// The key of a dataset is its path from the root, group names joined by "/", as h5py prints it without the leading slash.
// HDF5 and this package allow any other character in a name.
//
// # What is trusted
//
// The package trusts nothing in the file. Every block of metadata is read once, and all blocks together must not be longer than
// the file. So the file's size bounds time and memory, even if blocks overlap. Reaching a group twice is an error, and so every
// cycle is an error. Nesting, the lengths of paths and the sizes of blocks have limits far above what Keras needs. Errors about
// invalid files satisfy errors.Is(err, format.ErrCorrupt). Each error is a [*raw.Error] that names the file and the object.
//
// HDF5 files of this kind do not have checksums: damage to values goes unnoticed.
//
// # What it writes
//
// Encode writes groups, contiguous datasets and string attributes in the same format. Equal trees give equal bytes. h5py and
// Keras read such files.
package hdf5
