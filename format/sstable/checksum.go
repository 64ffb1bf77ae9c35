package sstable

import "hash/crc32"

// castagnoli is the polynomial of every checksum in a checkpoint (CRC-32C).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Mask returns crc as it is stored: rotated right by 15 bits and added to a constant (tsl/lib/hash/crc32c.h,
// Mask), because the CRC of bytes that themselves hold a CRC is weak.
func Mask(crc uint32) uint32 { return (crc>>15 | crc<<17) + 0xa282ead8 }

// blockChecksum returns the checksum that follows a block with contents b and type byte typ.
func blockChecksum(b []byte, typ byte) uint32 {
	crc := crc32.Update(0, castagnoli, b)
	return Mask(crc32.Update(crc, castagnoli, []byte{typ}))
}
