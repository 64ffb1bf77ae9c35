package stats

import (
	"golang.org/x/sys/cpu"

	"github.com/gockpt/ckpt/tensor"
)

// vectors reports whether the CPU supports the assembly. Its functions take a positive number of values that is a multiple of
// width.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// halfVectors reports whether the CPU supports widenHalves256 too: golang.org/x/sys/cpu does not detect it.
var halfVectors = vectors && hasF16C()

func hasF16C() bool

//go:noescape
func moments256(n int, x *float32, out *lanes)

//go:noescape
func squares256(n int, x *float32, mean float64, out *lanes)

//go:noescape
func widen256(n int, x *tensor.BFloat16, out *float32)

//go:noescape
func widenHalves256(n int, x *tensor.Float16, out *float32)

// widenAll widens values. Their number must be a multiple of width.
func widenAll(dst []float32, values []tensor.BFloat16) { widen256(len(values), &values[0], &dst[0]) }

// widenHalves widens values. Their number must be a multiple of width.
func widenHalves(dst []float32, values []tensor.Float16) {
	widenHalves256(len(values), &values[0], &dst[0])
}

// momentsOf summarizes values. Their number must be a multiple of width.
func momentsOf(values []float32, l *lanes) { moments256(len(values), &values[0], l) }

// squaresOf adds the squares of the values' distances from mean.
func squaresOf(values []float32, mean float64, l *lanes) {
	squares256(len(values), &values[0], mean, l)
}
