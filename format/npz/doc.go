// Package npz reads and writes NumPy's arrays: .npy files, each with one, and .npz archives of them.
//
// # The files
//
// A .npy file is
//
//	"\x93NUMPY" | version, 2 bytes | length of the header, uint16, or uint32 from version 2 on | header | values
//
// The header is a dictionary in Python's syntax with three keys: descr, the type of the elements; fortran_order, whether the first
// axis is the innermost; shape. A .npz file is a ZIP archive of such files; the member "w.npy" is the array called "w". The array
// of a .npy file is called as the file is, without the ending.
//
// # What is read
//
// Versions 1 to 3, members that are stored or deflated, either byte order, both orders of axes; booleans, integers, floats of 2, 4
// and 8 bytes, complex numbers of 8 and 16.
//
// Everything else is listed, and reading it is an error that satisfies errors.Is(err, errors.ErrUnsupported) and says
// what to do: object arrays, which are pickles (no pickle is ever run); text and bytes; dates; records; long doubles; bfloat16 and
// float8, which NumPy stores as bytes without meaning; members that are not arrays.
//
// # What is checked
//
// [Open] reads the headers. It refuses those that are not what they should be, arrays with fewer bytes than their header says or with more, and what
// [raw.NewReader] and [zipfile.Open] refuse. Of an array in an archive the CRC-32 is compared when all of it is read; a
// .npy file has no checksum.
package npz
