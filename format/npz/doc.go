// Package npz reads and writes NumPy's arrays: .npy files of one array, and .npz archives of such files.
//
// # The files
//
// A .npy file is
//
//	"\x93NUMPY" | version, 2 bytes | length of the header, uint16, or uint32 from version 2 on | header | values
//
// The header is a dictionary in Python's syntax with three keys: descr, the type of the elements; fortran_order, whether the
// first axis is the innermost; and shape. A .npz file is a ZIP archive of such files; the member "w.npy" is the array called "w".
// The array in a .npy file is called like the file, without the extension.
//
// # What is read
//
// Versions 1 to 3, members that are stored or deflated, both byte orders and both orders of axes; booleans, integers, floats
// of 2, 4 and 8 bytes, complex numbers of 8 and 16 bytes.
//
// Everything else is listed. Reading it returns an error that satisfies errors.Is(err, errors.ErrUnsupported)
// and says what to do. This concerns object arrays, which are pickles (a pickle is never run); text and
// bytes; dates; records; long doubles; bfloat16 and float8, which NumPy stores as raw bytes; and members that
// are not arrays.
//
// # What is checked
//
// Open reads the headers. It rejects malformed headers, arrays with fewer or more bytes than their header says, and
// everything that raw.NewReader and zipfile.Open reject. The CRC-32 of an array in an archive is compared when the whole
// array is read. A .npy file does not have a checksum.
package npz
