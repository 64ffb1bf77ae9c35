package kernel

import "github.com/gockpt/ckpt/tensor"

// Map applies f to each element of x.
func Map[A, B tensor.Element](x *tensor.Tensor[A], f func(A) B) *tensor.Tensor[B] {
	y := tensor.New[B](x.Shape()...)
	for i, v := range x.Data() {
		y.Data()[i] = f(v)
	}
	return y
}
