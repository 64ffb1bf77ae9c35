package bundle

// reversedCastagnoli is the polynomial of CRC-32C, its coefficients from the highest bit down.
const reversedCastagnoli = 0x82f63b78

// combineCRC returns the CRC of two runs of bytes from the CRC of each and the length of the second, so that
// chunks of a tensor can be written at once. The CRC of the first is shifted over n zero bytes, that is multiplied
// by x^8n.
func combineCRC(first, second uint32, n int64) uint32 {
	power := uint32(1 << 31)  // x^0
	square := uint32(1 << 23) // x^8, then its square, and so on
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			power = multiply(power, square)
		}
		square = multiply(square, square)
	}
	return multiply(power, first) ^ second
}

// combineChunks returns the CRC of size bytes from those of their chunks of chunkSize, the last of which may be shorter.
func combineChunks(sums []uint32, size int64) (crc uint32) {
	for i, sum := range sums {
		if i == 0 {
			crc = sum
			continue
		}
		crc = combineCRC(crc, sum, min(chunkSize, size-int64(i)*chunkSize))
	}
	return crc
}

// multiply returns the product of two polynomials modulo that of the CRC.
func multiply(a, b uint32) (product uint32) {
	for bit := uint32(1 << 31); bit > 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= reversedCastagnoli
		}
	}
	return product
}
