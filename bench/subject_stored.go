package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A stored is ckpt with a checkpoint to inspect, either read or memory-mapped.
type stored struct {
	task
	unmeasured
	opts []ckpt.OpenOption
	r    *ckpt.Reader // open if single tensors are read from it
	dst  *tensor.Tensor[float32]
}

func newStored(t task) (s *stored, err error) {
	s = &stored{task: t}
	if t.Peer == "mapped" {
		s.opts = append(s.opts, ckpt.Mapped())
	}
	if t.Kind == "pick" {
		s.dst = tensor.New[float32](t.Elements)
		s.r, err = s.open()
	}
	return s, err
}

func (s *stored) open() (*ckpt.Reader, error) {
	return ckpt.Open(filepath.Join(s.Dir, "ckpt"), s.opts...)
}

func (s *stored) do(ctx context.Context, op operation) error {
	switch op.name {
	case "read one":
		for _, p := range s.Picks {
			if err := s.one(ctx, s.r, p); err != nil {
				return err
			}
		}
		return nil
	case "open and list":
		return s.with(s.list)
	case "open and find", "open and read one":
		look := s.find
		if op.name == "open and read one" {
			look = s.one
		}
		for _, p := range s.Picks {
			if err := s.with(func(r *ckpt.Reader) error { return look(ctx, r, p) }); err != nil {
				return err
			}
		}
		return nil
	}
	return errNoOp
}

// with opens the checkpoint for f.
func (s *stored) with(f func(*ckpt.Reader) error) error {
	r, err := s.open()
	if err != nil {
		return err
	}
	return errors.Join(f(r), r.Close())
}

func (s *stored) list(r *ckpt.Reader) error {
	if n := len(r.Variables()); n != s.Tensors {
		return fmt.Errorf("listed %d variables, want %d", n, s.Tensors)
	}
	return nil
}

// find looks up a tensor. If it is memory-mapped, find also reads its last value.
func (s *stored) find(ctx context.Context, r *ckpt.Reader, p pick) error {
	if s.Peer != "mapped" {
		_, err := r.Lookup(p.Key)
		return err
	}
	values, err := s.mapped(ctx, r, p)
	if err == nil && values[s.Elements-1] != valueAt(0, s.Elements-1) {
		err = fmt.Errorf("the last value is %v", values[s.Elements-1])
	}
	return err
}

// one reads one tensor, or copies it if it is memory-mapped.
func (s *stored) one(ctx context.Context, r *ckpt.Reader, p pick) error {
	if s.Peer != "mapped" {
		return r.ReadInto(ctx, p.Key, s.dst)
	}
	values, err := s.mapped(ctx, r, p)
	copy(s.dst.Data(), values)
	return err
}

// mapped returns the values of a tensor, without accessing them.
func (s *stored) mapped(ctx context.Context, r *ckpt.Reader, p pick) ([]float32, error) {
	t, err := r.ReadTensor(ctx, p.Key)
	if err != nil {
		return nil, err
	}
	values, ok := tensor.As[float32](t)
	if !ok || values.Len() != s.Elements {
		return nil, fmt.Errorf("got a tensor of %v%v", t.DType(), t.Shape())
	}
	return values.Data(), nil
}
