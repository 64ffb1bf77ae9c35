package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A formatted is ckpt with a model of tensors in another maker's format.
type formatted struct {
	model struct {
		List []*tensor.Tensor[float32]
	}
	file string
}

func newFormat(t task) *formatted {
	f := &formatted{file: savedName + "." + t.Format}
	if t.Format == "pt" {
		f.file = "torch.pt" // written by PyTorch
	}
	f.model.List = t.model()
	return f
}

func (f *formatted) before(op operation) error {
	if op.saves() {
		if err := os.Remove(op.path(f.file)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	for i := range f.model.List { // so that check finds values that were not restored
		clear(f.model.List[i].Data())
	}
	return warm(op.path(f.file))
}

func (f *formatted) do(ctx context.Context, op operation) error {
	switch op.name {
	case "save":
		return ckpt.SaveWeights(ctx, op.path(f.file), &f.model)
	case "restore":
		return ckpt.LoadWeights(ctx, op.path(f.file), &f.model)
	}
	return errNoOp
}

func (f *formatted) after(op operation) error {
	if op.saves() {
		return nil
	}
	return check(f.model.List)
}
