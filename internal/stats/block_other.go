//go:build !amd64

package stats

import "github.com/gockpt/ckpt/tensor"

// There is no assembly for this processor.
const (
	vectors     = false
	halfVectors = false
)

func widenAll([]float32, []tensor.BFloat16) {}

func widenHalves([]float32, []tensor.Float16) {}

func momentsOf([]float32, *lanes) {}

func squaresOf([]float32, float64, *lanes) {}
