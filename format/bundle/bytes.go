package bundle

import (
	"slices"

	"github.com/gockpt/ckpt/tensor"
)

// toNative turns bytes of numbers as they are stored into bytes as this machine keeps them. A bool is made 0 or 1,
// which is all that Go allows, where TensorFlow takes any other byte as true.
func (r *Reader) toNative(d tensor.DType, b []byte) {
	if r.header.bigEndian == tensor.NativeLittleEndian {
		swap(d, b)
	}
	if d == tensor.DTBool {
		for i, v := range b {
			if v > 1 {
				b[i] = 1
			}
		}
	}
}

// swap reverses the bytes of each number in b; a complex number is two (ByteSwapArray in
// tensorflow/core/util/tensor_bundle/byte_swap_array.cc).
func swap(d tensor.DType, b []byte) {
	width := d.Size()
	if d == tensor.DTComplex64 || d == tensor.DTComplex128 {
		width /= 2
	}
	if width < 2 {
		return
	}
	for ; len(b) >= width; b = b[width:] {
		slices.Reverse(b[:width])
	}
}
