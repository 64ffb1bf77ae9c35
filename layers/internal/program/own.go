package program

import (
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Own returns outputs of the program that share memory neither with each other, nor with the inputs, nor with constants of the
// program: those that do are copied.
func (p *Program) Own(inputs, outputs []*ops.Value) []*ops.Value {
	taken := make(map[any]bool)
	for _, v := range inputs {
		taken[memory(v.X)] = true
	}
	for _, v := range p.constants() {
		taken[memory(v.X)] = true
	}
	own := make([]*ops.Value, len(outputs))
	for i, v := range outputs {
		own[i] = v
		at := memory(v.X)
		if at != nil && taken[at] {
			own[i] = &ops.Value{X: tensor.Clone(v.X), As: v.As, Mask: v.Mask}
		}
		taken[at] = true
	}
	return own
}

// constants returns the tensors that the program's calls have as arguments. Their memory is the program's.
func (p *Program) constants() []*ops.Value {
	var found []*ops.Value
	var walk func(arg any)
	walk = func(arg any) {
		switch a := arg.(type) {
		case *ops.Value:
			found = append(found, a)
		case []any:
			for _, item := range a {
				walk(item)
			}
		case map[string]any:
			for _, item := range a {
				walk(item)
			}
		}
	}
	for _, n := range p.nodes {
		walk(n.args)
		walk(n.kwargs)
	}
	return found
}

// memory returns a pointer to the first element of x, which tells tensors over different memory apart: a tensor over a part of
// another's memory begins where that begins. It is nil where x has no elements.
func memory(x tensor.Any) any {
	switch t := x.(type) {
	case *tensor.Tensor[float32]:
		return first(t.Data())
	case *tensor.Tensor[int64]:
		return first(t.Data())
	case *tensor.Tensor[bool]:
		return first(t.Data())
	case *tensor.Tensor[string]:
		return first(t.Data())
	}
	return nil
}

func first[T any](data []T) any {
	if len(data) == 0 {
		return nil
	}
	return &data[0]
}
