//go:build !(mips || mips64 || ppc64 || s390x)

package tensor

// NativeLittleEndian reports whether this machine keeps numbers as data files do, so that the memory of a
// tensor is its bytes in a file.
const NativeLittleEndian = true
