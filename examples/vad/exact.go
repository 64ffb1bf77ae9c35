package main

import (
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// exactly is c.Call for one example, with sums in float64. The detector passes its state from chunk to chunk, so that rounding errors of
// float32 sums grow to 4e-6 within a minute, and in PyTorch to 2e-6. With float64 sums the outputs stay within 1e-6 of PyTorch's in float64.
func exactly(c *layers.Conv1D, x *tensor.Tensor[float32]) (*tensor.Tensor[float32], error) {
	window, channels, filters := c.Kernel.Shape()[0], c.Kernel.Shape()[1], c.Kernel.Shape()[2]
	stride := 1
	if len(c.Strides) > 0 {
		stride = c.Strides[0]
	}
	y := tensor.New[float32](1, (x.Shape()[1]-window)/stride+1, filters)
	sums := make([]float64, filters)
	for i := range y.Shape()[1] {
		clear(sums)
		for j, b := range c.Bias.Data() {
			sums[j] = float64(b)
		}
		for k, v := range x.Data()[i*stride*channels:][:window*channels] {
			for j, w := range c.Kernel.Data()[k*filters:][:filters] {
				sums[j] += float64(v) * float64(w)
			}
		}
		for j, s := range sums {
			y.Data()[i*filters+j] = float32(s)
		}
	}
	_, err := c.Activation.Apply(y.Data(), filters)
	return y, err
}
