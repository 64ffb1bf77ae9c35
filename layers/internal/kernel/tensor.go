package kernel

import "github.com/gockpt/ckpt/tensor"

// A Tensor is the tensor type of kernels.
type Tensor = tensor.Tensor[float32]

// A Mask is true for the steps of a tensor that count.
type Mask = tensor.Tensor[bool]
