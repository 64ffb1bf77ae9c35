package kernel

import (
	"fmt"

	"github.com/gockpt/ckpt/layers/activation"
	"github.com/gockpt/ckpt/tensor"
)

// ActivationCost is the cost of an activation per value, in multiplications of a matrix product.
const ActivationCost = 64

// Activate applies f in place to y. Rows are along y's last axis. It returns y or, if f halves rows, a tensor over the first
// half of y's memory.
func Activate(f activation.Func, y *Tensor) (*Tensor, error) {
	if f.IsLinear() {
		return y, nil
	}
	shape := y.Shape()
	if len(shape) == 0 { // a scalar is a row of one value
		shape = tensor.Shape{1}
	}
	last := len(shape) - 1
	width := shape[last]
	out, err := f.Width(width)
	if err != nil {
		return nil, fmt.Errorf("output shape %v: %w", y.Shape(), err)
	}
	if y.Len() == 0 || out != width {
		return applySerial(f, y, out)
	}
	data, n := y.Data(), y.Len()/width
	if Ranges(n, width*ActivationCost) <= 1 {
		_, err := f.Apply(data, width)
		return y, err
	}
	Parallel(n, width*ActivationCost, func(_, lo, hi int) {
		// Apply cannot fail, because the rows are complete.
		_, _ = f.Apply(data[lo*width:hi*width], width)
	})
	return y, nil
}

func applySerial(f activation.Func, y *Tensor, out int) (*Tensor, error) {
	shape := append(tensor.Shape{}, y.Shape()...)
	width := shape[len(shape)-1]
	shape[len(shape)-1] = out
	data, err := f.Apply(y.Data(), width)
	if err != nil {
		return nil, err
	}
	return tensor.FromSlice(data, shape...)
}
