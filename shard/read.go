package shard

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// Read reads a worker's part of the tensor stored under key into dst. It reads only the bytes that it needs. dst must have
// the tensor's dtype and as many elements as the part, in any shape. It is an error if p belongs to a tensor of another
// shape. The error satisfies errors.Is(err, ckpt.ErrNotFound) if nothing is stored under key.
func Read(ctx context.Context, r *ckpt.Reader, key string, p Part, dst tensor.Any) error {
	e, err := r.Lookup(key)
	if err != nil {
		return err
	}
	switch {
	case !e.Shape.Equal(p.full):
		return fmt.Errorf("shard: %s: key %q: the checkpoint has shape %v, but the part is of a tensor of shape %v", r.Prefix(), key, e.Shape, p.full)
	case e.DType != dst.DType() || dst.Len() != p.Len():
		return fmt.Errorf("shard: %s: key %q: the part has %d elements of %v, but the destination is %v", r.Prefix(), key, p.Len(), e.DType, dst)
	}
	at := 0
	for _, box := range p.boxes {
		shape := lengths(box)
		if err := readBox(ctx, r, key, box, dst, at, shape); err != nil {
			return err
		}
		at += shape.Len()
	}
	return nil
}

// readBox reads a box into the elements of dst from index at on.
func readBox(ctx context.Context, r *ckpt.Reader, key string, box tensor.Slice, dst tensor.Any, at int, shape tensor.Shape) error {
	if memory, ok := tensor.Bytes(dst); ok {
		size := dst.DType().Size()
		view, err := tensor.FromBytes(dst.DType(), memory[at*size:(at+shape.Len())*size], shape...)
		if err != nil {
			return err
		}
		return r.ReadSliceInto(ctx, key, box, view)
	}
	got, err := r.Slice(ctx, key, box)
	if err != nil {
		return err
	}
	to, ok := tensor.As[string](dst)
	from, same := tensor.As[string](got)
	if !ok || !same {
		return fmt.Errorf("shard: %s: key %q: tensors of %v cannot be read in parts", r.Prefix(), key, dst.DType())
	}
	copy(to.Data()[at:], from.Data())
	return nil
}
