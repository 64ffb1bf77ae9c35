package derived

import (
	"sync"

	"github.com/gockpt/ckpt/layout"
	"github.com/gockpt/ckpt/tensor"
)

// A batch has the tensors that one rule makes. They are made together and kept until all were taken.
type batch struct {
	mu    sync.Mutex
	made  []tensor.Any // nil: not made, or all were taken
	taken int
}

// take returns tensor i. If the tensors are not there, makeAll makes them.
func (b *batch) take(i int, makeAll func() ([]tensor.Any, error)) (tensor.Any, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made == nil {
		made, err := makeAll()
		if err != nil {
			return nil, err
		}
		b.made, b.taken = made, 0
	}
	t := b.made[i]
	if b.taken++; b.taken == len(b.made) {
		b.made = nil
	}
	return t, nil
}

// move makes tensors of a dtype and the shapes given, and fills them from others.
func move(t layout.Transform, dtype tensor.DType, shapes []tensor.Shape, from []tensor.Any) ([]tensor.Any, error) {
	made := make([]tensor.Any, len(shapes))
	for i, shape := range shapes {
		var err error
		if made[i], err = tensor.NewAny(dtype, shape...); err != nil {
			return nil, err
		}
	}
	return made, t.Move(made, from)
}
