package ckpttest

import (
	"context"
	"maps"
	"slices"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A Several saves the tensors Got under Names.
type Several struct {
	Names []string
	Got   map[string]tensor.Any
	Calls int
}

// CheckpointTensors implements [ckpt.Tensors].
func (s *Several) CheckpointTensors() ([]ckpt.NamedTensor, error) {
	var out []ckpt.NamedTensor
	for _, n := range s.Names {
		out = append(out, ckpt.NamedTensor{Name: n, Tensor: s.Got[n]})
	}
	return out, nil
}

// SetCheckpointTensors implements [ckpt.Tensors].
func (s *Several) SetCheckpointTensors(values map[string]tensor.Any) error {
	s.Got = values
	s.Calls++
	return nil
}

// Parts are saved by a custom saver: one tensor for all values, under a key that is not the key of a variable.
type Parts struct {
	Values []int32 `ckpt:"-"`
}

// IsParts reports whether object is a *Parts.
func IsParts(object any) bool { _, ok := object.(*Parts); return ok }

// PartsSaver returns the saver of Parts.
func PartsSaver(name string) ckpt.ObjectSaver {
	return ckpt.ObjectSaver{
		Name: name, Match: IsParts,
		Save: func(_ context.Context, objects map[string]any) ([]ckpt.NamedTensor, error) {
			var tensors []ckpt.NamedTensor
			for _, path := range slices.Sorted(maps.Keys(objects)) {
				values := objects[path].(*Parts).Values
				t, err := tensor.FromSlice(values, len(values))
				if err != nil {
					return nil, err
				}
				tensors = append(tensors, ckpt.NamedTensor{Name: path + "/parts", Tensor: t})
			}
			return tensors, nil
		},
		Restore: func(ctx context.Context, objects map[string]any, from *ckpt.Reader) error {
			defer from.Close() // its error does not matter: others still read
			for path, object := range objects {
				t, err := from.ReadTensor(ctx, path+"/parts")
				if err != nil {
					return err
				}
				values, _ := tensor.As[int32](t)
				object.(*Parts).Values = values.Data()
			}
			return nil
		},
	}
}

// A WithParts has Parts and a variable.
type WithParts struct {
	Parts Parts                  `ckpt:"parts"`
	V     tensor.Tensor[float32] `ckpt:"v,fullname=v"`
}

// An Optimizer keeps slot variables in addition to those that F declares.
type Optimizer[F any] struct {
	Fields F                                          `ckpt:",inline"`
	Names  []string                                   `ckpt:"-"`
	Slots  map[string]map[any]*tensor.Tensor[float32] `ckpt:"-"`
}

// SlotNames implements [ckpt.SlotOwner].
func (o *Optimizer[F]) SlotNames() []string { return o.Names }

// Slot implements [ckpt.SlotOwner].
func (o *Optimizer[F]) Slot(name string, variable any) any {
	if s := o.Slots[name][variable]; s != nil {
		return s
	}
	return nil
}

// CreateSlot implements [ckpt.SlotOwner].
func (o *Optimizer[F]) CreateSlot(name string, variable any) any {
	if o.Slots == nil {
		o.Slots = make(map[string]map[any]*tensor.Tensor[float32])
	}
	if o.Slots[name] == nil {
		o.Slots[name] = make(map[any]*tensor.Tensor[float32])
	}
	if o.Slots[name][variable] == nil {
		o.Slots[name][variable] = new(tensor.Tensor[float32])
	}
	return o.Slots[name][variable]
}

// A Momentum keeps the variables of tf.compat.v1.train.MomentumOptimizer.
type Momentum struct{ Optimizer[struct{}] }

// SlotFullName implements [ckpt.SlotNamer].
func (*Momentum) SlotFullName(_, variable string) string { return variable + "/Momentum" }

// A Refuser is a variable that rejects values while Err is set.
type Refuser struct {
	Value tensor.Tensor[float32]
	Err   error
}

// CheckpointTensor implements [ckpt.Variable].
func (r *Refuser) CheckpointTensor() (tensor.Any, error) { return &r.Value, nil }

// SetCheckpointTensor implements [ckpt.Variable].
func (r *Refuser) SetCheckpointTensor(t tensor.Any) error {
	if r.Err != nil {
		return r.Err
	}
	return tensor.Assign(&r.Value, t)
}

// StateBytes is state of a program that is stored as a string.
type StateBytes struct{ Data string }

// MarshalBinary implements [encoding.BinaryMarshaler].
func (s *StateBytes) MarshalBinary() ([]byte, error) { return []byte(s.Data), nil }

// UnmarshalBinary implements [encoding.BinaryUnmarshaler].
func (s *StateBytes) UnmarshalBinary(b []byte) error {
	s.Data = string(b)
	return nil
}
