package main

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// newSubject returns the peer of a task with its model.
func newSubject(t task) (subject, error) {
	switch {
	case t.Peer == "raw":
		return newRaw(t)
	case t.Peer == checkedPeer:
		return newChecked(t), nil
	case t.Peer == "cp":
		return &copied{task: t}, nil
	case t.Kind == "command":
		return newCommand(t), nil
	case t.Peer != "ckpt" && t.Peer != "mapped":
		return nil, fmt.Errorf("unknown peer %q", t.Peer)
	case t.Kind == "graph":
		return newGraph(t)
	case t.Format != "":
		return newFormat(t), nil
	case t.Kind == "model":
		return newSaved(t)
	}
	return newStored(t)
}

// model returns the tensors of a workload.
func (t task) model() []*tensor.Tensor[float32] {
	list := make([]*tensor.Tensor[float32], t.Tensors)
	for i := range list {
		list[i] = tensor.New[float32](t.Elements)
		fill(list[i].Data(), i)
	}
	return list
}

// A saved is ckpt with a model of tensors.
type saved struct {
	list []*tensor.Tensor[float32]
	c    *ckpt.Checkpoint
}

// savedName is the prefix of ckpt's files.
const savedName = "own"

func newSaved(t task) (*saved, error) {
	s := &saved{list: t.model()}
	var err error
	s.c, err = ckpt.New(ckpt.Group{"list": s.list})
	return s, err
}

func (s *saved) before(op operation) error {
	if op.saves() {
		return ckpt.Remove(op.path(savedName))
	}
	for i := range s.list { // so that check finds values that were not restored
		clear(s.list[i].Data())
	}
	return warm(op.path(savedName) + ".*")
}

func (s *saved) do(ctx context.Context, op operation) (err error) {
	switch op.name {
	case "save":
		_, err = s.c.Write(ctx, op.path(savedName))
	case "restore":
		_, err = s.c.Read(ctx, op.path(savedName))
	case "async":
		_, err = s.c.Write(ctx, op.path(savedName), ckpt.Async())
	default:
		err = errNoOp
	}
	return err
}

func (s *saved) after(op operation) error {
	switch {
	case op.name == "async":
		return s.c.Sync(context.Background())
	case op.name == "restore":
		return check(s.list)
	case op.inRAM:
		return ckpt.Remove(op.path(savedName))
	}
	return nil
}

// check compares every value with the value that fill sets.
func check(list []*tensor.Tensor[float32]) error {
	for i := range list {
		for j, got := range list[i].Data() {
			if want := valueAt(i, j); got != want {
				return fmt.Errorf("value %d of tensor %d is %v after the restore, want %v", j, i, got, want)
			}
		}
	}
	return nil
}
