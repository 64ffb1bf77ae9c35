package program

import (
	"github.com/gockpt/ckpt/layers/internal/ops"
	"github.com/gockpt/ckpt/tensor"
)

// Own returns the outputs so that they do not share memory with each other, the inputs or the program's constants. It copies outputs
// that do.
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

// constants returns the tensors in the arguments of the program's calls. The program owns their memory.
func (p *Program) constants() []*ops.Value {
	var found []*ops.Value
	for _, n := range p.nodes {
		for v := range ops.Leaves(n.args, n.kwargs) {
			if v, ok := v.(*ops.Value); ok {
				found = append(found, v)
			}
		}
	}
	return found
}

// memory returns a pointer to the first element of x, or nil if x has no elements. The pointer identifies x's memory, because tensors
// that share memory begin at the same element.
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
