package generic

import "github.com/gockpt/ckpt/tensor"

type element interface{ float32 | float64 }

type dense[T element] struct {
	Kernel tensor.Tensor[T] `ckpt:"kernel"`
	Bias   []T              `ckpt:"bias,shape=2x3"`
	Value  T                `ckpt:"value"`
	Next   *dense[T]        `ckpt:"next"`
	C      chan T           `ckpt:"c"` // want `a chan T cannot be saved`
}

var _ dense[float32]
