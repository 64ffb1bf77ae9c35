package activation

import (
	"math"
	"slices"

	"github.com/gockpt/ckpt/layers/internal/vmath"
)

// Softmax returns e^x divided by the row's sum of e^x.
func Softmax() Func { return Func{name: "softmax", row: vmath.Softmax, known: softmax} }

// LogSoftmax returns the logarithm of [Softmax], with full precision even if Softmax would be 0.
func LogSoftmax() Func { return Rows("log_softmax", logSoftmax) }

func logSoftmax(row []float32) {
	top := float64(slices.Max(row))
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	shift := top + math.Log(sum)
	for i, v := range row {
		row[i] = float32(float64(v) - shift)
	}
}

// Sparsemax returns keras.activations.sparsemax: max(x - tau, 0), with Keras's tau. If one value of the row gets all the weight,
// the result is the point of the probability simplex nearest to the row, as in the paper (Martins et al., 2016). If several values
// get weight, Keras 3.15 adds up the running sums of the largest values instead of the values themselves
// (keras.src.backend.tensorflow.nn.sparsemax), and so does this function.
func Sparsemax() Func { return Rows("sparsemax", sparsemax) }

func sparsemax(row []float32) {
	sorted := slices.Clone(row)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	sum, sums, support := 0.0, 0.0, 0
	for i, v := range sorted {
		sum += float64(v)
		if float64(v)-(sum-1)/float64(i+1) > 0 {
			sums += sum
			support++
		}
	}
	tau := (sums - 1) / float64(support)
	for i, v := range row {
		row[i] = float32(max(float64(v)-tau, 0))
	}
}

// GLU returns a*sigmoid(b), where a is the front half of the row and b the back half. The result has rows of half the width. For
// an odd width [Func.Apply] returns an error.
func GLU() Func {
	return Func{name: "glu", halves: true, row: func(row []float32) {
		half := len(row) / 2
		vmath.Sigmoid(row[half:])
		for i, b := range row[half:] {
			row[i] *= b
		}
	}}
}
