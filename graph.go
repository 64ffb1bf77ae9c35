package ckpt

import (
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// int64Of returns the number that n is, if it is an int64 scalar in the program's memory.
func int64Of(n *object.Node) (*int64, bool) {
	if !n.Obj.CanAddr() {
		return nil, false
	}
	switch p := n.Obj.Addr().Interface().(type) {
	case *int64:
		return p, true
	case *tensor.Tensor[int64]:
		if p.Built() && len(p.Shape()) == 0 {
			return &p.Data()[0], true
		}
	}
	return nil, false
}
