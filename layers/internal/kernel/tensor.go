package kernel

import "github.com/gockpt/ckpt/tensor"

// A Tensor is what kernels compute with.
type Tensor = tensor.Tensor[float32]

// A Mask says which steps of a tensor count.
type Mask = tensor.Tensor[bool]
