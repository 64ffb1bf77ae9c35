// Package crc combines checksums. It computes the CRC-32 of bytes from the CRC-32s of chunks, which several goroutines can process.
package crc

// Combine returns the CRC-32 of two runs of bytes from the CRC of each and the length of the second. poly is the polynomial
// in the reversed notation of hash/crc32, such as [hash/crc32.IEEE].
func Combine(poly, first, second uint32, n int64) uint32 {
	// The first CRC is shifted over n zero bytes: it is multiplied by x^8n.
	power := uint32(1 << 31)  // x^0
	square := uint32(1 << 23) // x^8, then its square, and so on
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			power = multiply(poly, power, square)
		}
		square = multiply(poly, square, square)
	}
	return multiply(poly, power, first) ^ second
}

// Chunks returns the CRC-32 of size bytes from the CRCs of their chunks of length chunk. The last chunk may be shorter.
func Chunks(poly uint32, sums []uint32, chunk, size int64) (sum uint32) {
	for i, s := range sums {
		if i == 0 {
			sum = s
			continue
		}
		sum = Combine(poly, sum, s, min(chunk, size-int64(i)*chunk))
	}
	return sum
}

// multiply returns the product of two polynomials modulo poly. The coefficients start at the highest bit.
func multiply(poly, a, b uint32) (product uint32) {
	for bit := uint32(1 << 31); bit > 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= poly
		}
	}
	return product
}
