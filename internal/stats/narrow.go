package stats

import (
	"math"
	"sync"

	"github.com/gockpt/ckpt/tensor"
)

// isNarrow reports whether float32 can represent every value of a dtype exactly.
func isNarrow(d tensor.DType) bool {
	switch d {
	case tensor.DTBFloat16, tensor.DTFloat16, tensor.DTBool, tensor.DTInt8, tensor.DTUInt8, tensor.DTInt16, tensor.DTUInt16:
		return true
	}
	return false
}

// narrow converts len(dst) values of a narrow dtype, beginning at from.
func narrow(dst []float32, t tensor.Any, from int) {
	switch t := t.(type) {
	case *tensor.Tensor[tensor.BFloat16]:
		values := t.Data()[from:][:len(dst)]
		n := 0
		if vectors && len(values) >= width {
			n = len(values) &^ (width - 1)
			widenAll(dst[:n], values[:n])
		}
		for i := n; i < len(dst); i++ {
			dst[i] = math.Float32frombits(uint32(values[i]) << 16)
		}
	case *tensor.Tensor[tensor.Float16]:
		values := t.Data()[from:][:len(dst)]
		n := 0
		if halfVectors && len(values) >= width {
			n = len(values) &^ (width - 1)
			widenHalves(dst[:n], values[:n])
		}
		if n < len(values) {
			table := halves()
			for i, v := range values[n:] {
				dst[n+i] = table[v]
			}
		}
	case *tensor.Tensor[bool]:
		for i, v := range t.Data()[from:][:len(dst)] {
			dst[i] = 0
			if v {
				dst[i] = 1
			}
		}
	case *tensor.Tensor[int8]:
		convert(dst, t.Data()[from:])
	case *tensor.Tensor[uint8]:
		convert(dst, t.Data()[from:])
	case *tensor.Tensor[int16]:
		convert(dst, t.Data()[from:])
	case *tensor.Tensor[uint16]:
		convert(dst, t.Data()[from:])
	}
}

func convert[T int8 | uint8 | int16 | uint16](dst []float32, values []T) {
	for i, v := range values[:len(dst)] {
		dst[i] = float32(v)
	}
}

// halves returns the float32 values of all half-precision numbers.
var halves = sync.OnceValue(func() *[1 << 16]float32 {
	table := new([1 << 16]float32)
	for i := range table {
		table[i] = tensor.Float16(i).Float32()
	}
	return table
})
