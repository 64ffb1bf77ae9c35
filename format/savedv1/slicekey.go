package savedv1

import (
	"encoding/binary"
	"math/bits"

	"github.com/gockpt/ckpt/tensor"
)

// sliceKey returns the key of a region's values (EncodeTensorNameSlice in saved_tensor_slice_util.cc). In OrderedCode it has
// the number 0, the tensor's name, its rank, and the start and length of each axis. A full axis is 0, -1.
func sliceKey(name string, s tensor.Slice) []byte {
	b := appendNumber(nil, 0)
	b = appendText(b, name)
	b = appendNumber(b, uint64(len(s)))
	for _, e := range s {
		b = appendSigned(b, int64(e.Start))
		b = appendSigned(b, int64(e.Length))
	}
	return b
}

// appendNumber appends the number of bytes that v takes, and these bytes (WriteNumIncreasing).
func appendNumber(b []byte, v uint64) []byte {
	n := (bits.Len64(v) + 7) / 8
	var full [8]byte
	binary.BigEndian.PutUint64(full[:], v)
	return append(append(b, byte(n)), full[8-n:]...)
}

// appendText appends s, in which 00 becomes 00 ff and ff becomes ff 00, and then 00 01 (WriteString).
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, s[i])
		if s[i] == 0x00 || s[i] == 0xff {
			b = append(b, ^s[i])
		}
	}
	return append(b, 0x00, 0x01)
}

// appendSigned appends a number in as many bytes as it needs, at seven bits per byte. The leading bits of the first two bytes
// give the number of bytes: that many ones and a zero, or, for a negative number, that many zeros and a one
// (WriteSignedNumIncreasing).
func appendSigned(b []byte, v int64) []byte {
	n := bits.Len64(uint64(v^v>>63))/7 + 1 // one bit is for the sign
	full := [10]byte{byte(v >> 63), byte(v >> 63)}
	binary.BigEndian.PutUint64(full[2:], uint64(v))
	number := full[10-n:]
	ones := ^uint16(0) << (16 - n)
	number[0] ^= byte(ones >> 8)
	if n > 1 {
		number[1] ^= byte(ones)
	}
	return append(b, number...)
}
