package ckpt

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/format"
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
type NamedTensor struct {
	Name   string
	Tensor tensor.Any
}

// The names under which TensorFlow stores a node's tensors (trackable/base.py, trackable/python_state.py).
const (
	variableAttribute = "VARIABLE_VALUE"
	opaqueAttribute   = "py_state"
)

// A value is one tensor of a node in the program's graph.
type value struct {
	attribute string
	dtype     tensor.DType
	cast      bool         // other dtypes are converted
	shape     tensor.Shape // nil: not built, any shape is accepted
	// tensor is the object, or memory that is the object's, as most are. Others have values and place.
	tensor tensor.Any
	values func() (tensor.Any, error)
	place  func(stored format.Entry) (*target, error)
}

// A target is where a stored tensor is read to, and what is done with it then. Of the functions any may be nil.
type target struct {
	dst tensor.Any
	// convert is called when dst has been read, and touches nothing of the object. give puts the values into the object.
	convert, give func() error
	undo          func() // takes back what was done to the object
	sure          bool   // give cannot fail
}

func (v *value) built() bool { return v.shape != nil }

func (v *value) source() format.Source {
	return format.Source{DType: v.dtype, Shape: v.shape, Load: v.load}
}

// load returns the values to save.
func (v *value) load() (tensor.Any, error) {
	if v.tensor != nil {
		return v.tensor, nil
	}
	return v.values()
}

// target returns where to read the stored tensor to, nil where that is v.tensor itself: a failed read tears it.
func (v *value) target(stored format.Entry) (*target, error) {
	t := v.tensor
	switch {
	case t == nil:
		return v.place(stored)
	case stored.DType != t.DType():
		return stagedTensor(stored, t)
	case t.Shape() != nil:
		return nil, nil
	}
	if err := t.Build(stored.Shape...); err != nil {
		return nil, err
	}
	return &target{dst: t, undo: unbuild(t)}, nil
}

// staged returns a target apart from the object, whose values give hands over as a tensor of dtype d.
func staged(e format.Entry, d tensor.DType, give func(tensor.Any) error) (*target, error) {
	dst, err := tensor.NewAny(e.DType, e.Shape...)
	if err != nil {
		return nil, err
	}
	got := dst
	t := &target{dst: dst, give: func() error { return give(got) }}
	if e.DType != d {
		t.convert = func() error {
			if got, err = tensor.NewAny(d, e.Shape...); err != nil {
				return err
			}
			return tensor.Cast(got, dst)
		}
	}
	return t, nil
}

// stagedTensor returns a target apart from t, which has the stored shape or is not built.
func stagedTensor(e format.Entry, t tensor.Any) (*target, error) {
	built := t.Shape() != nil
	out, err := staged(e, t.DType(), func(got tensor.Any) error {
		if !built {
			if err := t.Build(got.Shape()...); err != nil {
				return err
			}
		}
		return tensor.Assign(t, got)
	})
	if err != nil {
		return nil, err
	}
	out.sure = true
	if !built {
		out.undo = unbuild(t)
	}
	return out, nil
}

// unbuild returns what makes t a tensor that is not built again.
func unbuild(t tensor.Any) func() { return func() { reflect.ValueOf(t).Elem().SetZero() } }

func tensorValue(t tensor.Any) value {
	return value{attribute: variableAttribute, dtype: t.DType(), shape: t.Shape(), tensor: t}
}

func variableValue(v Variable) (value, error) {
	t, err := v.CheckpointTensor()
	if err != nil {
		return value{}, err
	}
	if t == nil {
		return value{}, fmt.Errorf("CheckpointTensor of %T returned nil", v)
	}
	return value{
		attribute: variableAttribute, dtype: t.DType(), shape: t.Shape(), values: v.CheckpointTensor,
		place: func(e format.Entry) (*target, error) { return staged(e, t.DType(), v.SetCheckpointTensor) },
	}, nil
}

// tensorsValues returns the values of an object with several tensors; collect hands them over when all are read.
func tensorsValues(o Tensors) (values []value, collect func() error, err error) {
	named, err := o.CheckpointTensors()
	if err != nil {
		return nil, nil, err
	}
	got := make(map[string]tensor.Any, len(named))
	for _, n := range named {
		values = append(values, value{
			attribute: n.Name, dtype: n.Tensor.DType(), shape: n.Tensor.Shape(),
			values: func() (tensor.Any, error) { return n.Tensor, nil },
			place: func(e format.Entry) (*target, error) {
				return staged(e, n.Tensor.DType(), func(t tensor.Any) error { got[n.Name] = t; return nil })
			},
		})
	}
	return values, func() error { return o.SetCheckpointTensors(got) }, nil
}

func opaqueValue(state any) value {
	return value{
		attribute: opaqueAttribute, dtype: tensor.DTString, shape: tensor.Shape{},
		values: func() (tensor.Any, error) {
			b, err := state.(encoding.BinaryMarshaler).MarshalBinary()
			return tensor.Scalar(string(b)), err
		},
		place: func(e format.Entry) (*target, error) {
			return staged(e, tensor.DTString, func(t tensor.Any) error {
				s, _ := tensor.As[string](t)
				return state.(encoding.BinaryUnmarshaler).UnmarshalBinary([]byte(s.Data()[0]))
			})
		},
	}
}
