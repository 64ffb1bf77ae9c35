package ckpt

import (
	"encoding"
	"fmt"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// A Variable is one tensor in another library's clothes: a type that is neither a tensor of ours nor a plain Go value
// takes part in checkpoints by implementing it, on its pointer.
type Variable interface {
	// CheckpointTensor returns the values to save, or a tensor that is not built where there are none yet. Its
	// dtype and, where it is built, its shape are also what a restore asks of the checkpoint.
	CheckpointTensor() (tensor.Any, error)
	// SetCheckpointTensor takes the values of a checkpoint: a tensor that is the callee's to keep.
	SetCheckpointTensor(tensor.Any) error
}

// Tensors is implemented, on its pointer, by an object that saves several tensors under names of its own as one
// node: TensorFlow's Trackable with _serialize_to_tensors.
type Tensors interface {
	// CheckpointTensors returns the tensors in the order in which they are saved.
	CheckpointTensors() ([]NamedTensor, error)
	// SetCheckpointTensors takes the values of a checkpoint, all those that CheckpointTensors names at once.
	SetCheckpointTensors(map[string]tensor.Any) error
}

// A NamedTensor is one of the tensors of a [Tensors] object. A Tensor that is not built takes any shape on restore. Names
// with a dot or a slash are for checkpoints that TensorFlow 2.21 need not read: it writes them under a key that it
// does not find again.
type NamedTensor = format.NamedTensor

func variableValue(v Variable) (object.Value, error) {
	t, err := v.CheckpointTensor()
	if err != nil {
		return object.Value{}, err
	}
	if t == nil {
		return object.Value{}, fmt.Errorf("CheckpointTensor of %T returned nil", v)
	}
	return object.Value{
		Attribute: object.VariableAttribute, DType: t.DType(), Shape: t.Shape(), Values: v.CheckpointTensor,
		Place: func(e format.Entry) (*object.Target, error) { return object.Stage(e, t.DType(), v.SetCheckpointTensor) },
	}, nil
}

// tensorsValues returns the values of an object with several tensors; collect hands them over when all are read.
func tensorsValues(o Tensors) (values []object.Value, collect func() error, err error) {
	named, err := o.CheckpointTensors()
	if err != nil {
		return nil, nil, err
	}
	got := make(map[string]tensor.Any, len(named))
	for _, n := range named {
		values = append(values, object.Value{
			Attribute: n.Name, DType: n.Tensor.DType(), Shape: n.Tensor.Shape(),
			Values: func() (tensor.Any, error) { return n.Tensor, nil },
			Place: func(e format.Entry) (*object.Target, error) {
				return object.Stage(e, n.Tensor.DType(), func(t tensor.Any) error { got[n.Name] = t; return nil })
			},
		})
	}
	return values, func() error { return o.SetCheckpointTensors(got) }, nil
}

func opaqueValue(state any) object.Value {
	return object.Value{
		Attribute: object.OpaqueAttribute, DType: tensor.DTString, Shape: tensor.Shape{},
		Values: func() (tensor.Any, error) {
			b, err := state.(encoding.BinaryMarshaler).MarshalBinary()
			return tensor.Scalar(string(b)), err
		},
		Place: func(e format.Entry) (*object.Target, error) {
			return object.Stage(e, tensor.DTString, func(t tensor.Any) error {
				s, _ := tensor.As[string](t)
				return state.(encoding.BinaryUnmarshaler).UnmarshalBinary([]byte(s.Data()[0]))
			})
		},
	}
}
