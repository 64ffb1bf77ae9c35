package used

import (
	"context"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A struct without a tag is checked if it is passed to package ckpt.
type model struct {
	Layers []*layer
	ByID   map[int]*layer // want `the keys of map\[int\]\*layer are not strings`
}

type layer struct {
	W1 tensor.Tensor[float32]
	w1 tensor.Tensor[float32]
	Wx tensor.Tensor[float32]
	WX tensor.Tensor[float32] // want `field Wx already has the name "wx"`
}

type grouped struct {
	M map[bool]tensor.Tensor[int8] // want `the keys of map\[bool\]github.com/gockpt/ckpt/tensor.Tensor\[int8\] are not strings`
}

// cache is never passed to package ckpt.
type cache struct{ ByID map[int]*layer }

func load(ctx context.Context) {
	var m model
	_ = ckpt.LoadWeights(ctx, "w", &m)
	_, _ = ckpt.New(ckpt.Group{"g": &grouped{}})
}
