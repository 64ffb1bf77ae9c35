package stats

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// Each 16-bit float is converted as in package tensor, both by the assembly and by the code for the remaining
// values.
func TestEverySixteenBitFloat(t *testing.T) {
	const n = 1 << 16
	halves, brains := tensor.New[tensor.Float16](n), tensor.New[tensor.BFloat16](n)
	for i := range n {
		halves.Data()[i], brains.Data()[i] = tensor.Float16(i), tensor.BFloat16(i)
	}
	same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b }
	dst := make([]float32, n)
	for _, from := range []int{0, 1, width - 1, n - width - 3, n - 5} {
		part := dst[:n-from]
		narrow(part, halves, from)
		for i, v := range part {
			require.True(t, same(v, tensor.Float16(from+i).Float32()), "float16 %#04x is %v", from+i, v)
		}
		narrow(part, brains, from)
		for i, v := range part {
			require.True(t, same(v, tensor.BFloat16(from+i).Float32()), "bfloat16 %#04x is %v", from+i, v)
		}
	}
}
