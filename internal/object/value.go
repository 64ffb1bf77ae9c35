package object

import (
	"reflect"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// Saved reports whether n is written. A tensor that is not built is left out, with the edges that lead to it.
func (n *Node) Saved() bool {
	for i := range n.Values {
		if !n.Values[i].Built() {
			return false
		}
	}
	return true
}

// The names under which TensorFlow stores a node's tensors (trackable/base.py, trackable/python_state.py).
const (
	VariableAttribute = "VARIABLE_VALUE"
	OpaqueAttribute   = "py_state"
)

// A Value is one tensor of a node.
type Value struct {
	// Tensor is the object, or a view of its memory. It is nil if the object converts its values: see Own.
	Tensor tensor.Any
	Shape  tensor.Shape // nil: not built, any shape is accepted
	DType  tensor.DType
	Cast   bool // other dtypes are converted
	Scaled bool // float32 that may be stored as int8 with scales in another value
	Own    *Own // nil for a variable that is a tensor
}

// Own has the data of a value that is not simply a tensor.
type Own struct {
	Attribute string
	Shared    string // the prefix of Attribute that the graph stores for several values of the node; then any shape is accepted
	Values    func() (tensor.Any, error)
	Place     func(stored format.Entry) (*Target, error)
}

// Attribute returns the name of the value within its node.
func (v *Value) Attribute() string {
	if v.Own == nil {
		return VariableAttribute
	}
	return v.Own.Attribute
}

// Shared returns Own.Shared, or "" for a variable.
func (v *Value) Shared() string {
	if v.Own == nil {
		return ""
	}
	return v.Own.Shared
}

// A Target describes the destination of a stored tensor and the steps after the read. Any of its functions
// may be nil.
type Target struct {
	Dst     tensor.Any
	Convert func() error // called after Dst was read; does not touch the object
	Assign  func() error // assigns the values to the object
	Undo    func()       // undoes changes to the object
	Sure    bool         // Assign cannot fail
}

// IsNil reports whether t is nil or a nil pointer. A tensor that is not built is not nil.
func IsNil(t tensor.Any) bool {
	v := reflect.ValueOf(t)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// Built reports whether the value has a shape.
func (v *Value) Built() bool { return v.Shape != nil }

// Source returns the value as a tensor to be written.
func (v *Value) Source() format.Source {
	return format.Source{DType: v.DType, Shape: v.Shape, Load: v.Load}
}

// Load returns the values to save.
func (v *Value) Load() (tensor.Any, error) {
	if v.Tensor != nil {
		return v.Tensor, nil
	}
	return v.Own.Values()
}

// Target returns the destination for the stored tensor. It returns nil for v.Tensor itself, which may be
// partly overwritten after a failed read.
func (v *Value) Target(stored format.Entry) (*Target, error) {
	t := v.Tensor
	switch {
	case t == nil:
		return v.Own.Place(stored)
	case stored.DType != t.DType():
		return StageTensor(stored, t)
	case t.Shape() != nil:
		return nil, nil
	}
	if err := t.Build(stored.Shape...); err != nil {
		return nil, err
	}
	return &Target{Dst: t, Undo: unbuild(t)}, nil
}

// Stage returns a target in separate memory. The target passes its values to assign as a tensor of dtype d.
func Stage(e format.Entry, d tensor.DType, assign func(tensor.Any) error) (*Target, error) {
	dst, err := tensor.NewAny(e.DType, e.Shape...)
	if err != nil {
		return nil, err
	}
	got := dst
	t := &Target{Dst: dst, Assign: func() error { return assign(got) }}
	if e.DType != d {
		t.Convert = func() error {
			if got, err = tensor.NewAny(d, e.Shape...); err != nil {
				return err
			}
			return convert(got, dst)
		}
	}
	return t, nil
}

// convert is [tensor.Cast], and also converts int8 values with scales to float32: see [Value.Scaled].
func convert(dst, src tensor.Any) error {
	from, isSteps := src.(*tensor.Tensor[int8])
	to, isFloat := dst.(*tensor.Tensor[float32])
	if !isSteps || !isFloat {
		return tensor.Cast(dst, src)
	}
	for i, v := range from.Data() {
		to.Data()[i] = float32(v)
	}
	return nil
}

// StageTensor returns a target in separate memory for t, which has the stored shape or is not built.
func StageTensor(e format.Entry, t tensor.Any) (*Target, error) {
	built := t.Shape() != nil
	out, err := Stage(e, t.DType(), func(got tensor.Any) error {
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
	out.Sure = true
	if !built {
		out.Undo = unbuild(t)
	}
	return out, nil
}

// unbuild returns a function that makes t a tensor that is not built.
func unbuild(t tensor.Any) func() { return func() { reflect.ValueOf(t).Elem().SetZero() } }

// TensorValue returns the value of a variable with the memory of t.
func TensorValue(t tensor.Any) Value {
	return Value{DType: t.DType(), Shape: t.Shape(), Tensor: t}
}

// A Part is the region of a stored tensor that the program holds.
type Part struct {
	Full   tensor.Shape // of the stored tensor
	Region tensor.Slice
}

// Of returns the entry of the region of e. A nil Part returns e.
func (p *Part) Of(e format.Entry) (format.Entry, error) {
	if p == nil {
		return e, nil
	}
	_, shape, err := p.Region.Resolve(p.Full)
	e.Shape, e.Bytes = shape, int64(shape.Len()*e.DType.Size())
	return e, err
}

// Int64 returns a pointer to the value of n if it is an int64 scalar in the program's memory.
func (n *Node) Int64() (*int64, bool) {
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
