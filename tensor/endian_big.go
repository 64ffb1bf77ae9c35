//go:build mips || mips64 || ppc64 || s390x

package tensor

// NativeLittleEndian reports whether this machine is little-endian, as data files are. Then the memory of a tensor equals its
// bytes in a file.
const NativeLittleEndian = false
