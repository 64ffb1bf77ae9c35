package walk

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/tensor"
)

// maxKept limits the tensors that are kept after their shapes were read until their values are written. The
// tensors of further variables are requested twice, because otherwise memory would hold the whole model
// twice.
const maxKept = 32 << 20

func (w *Walker) variableValue(v variable) (object.Value, error) {
	t, err := v.CheckpointTensor()
	if err != nil {
		return object.Value{}, err
	}
	if object.IsNil(t) {
		return object.Value{}, fmt.Errorf("CheckpointTensor of %T returned nil", v)
	}
	d, values := t.DType(), v.CheckpointTensor
	if bytes := int64(t.Shape().Len()) * int64(max(d.Size(), 1)); !w.restores && d != tensor.DTString && w.kept+bytes <= maxKept {
		w.kept += bytes
		values = func() (tensor.Any, error) { return t, nil }
	}
	return object.Value{DType: d, Shape: t.Shape(), Own: &object.Own{
		Attribute: object.VariableAttribute, Values: values,
		Place: func(e format.Entry) (*object.Target, error) { return object.Stage(e, d, v.SetCheckpointTensor) },
	}}, nil
}

// tensorsValues returns the values of an object with several tensors; collect passes them to the object when all are read.
func tensorsValues(o tensors) (values []object.Value, collect func() error, err error) {
	named, err := o.CheckpointTensors()
	if err != nil {
		return nil, nil, err
	}
	shared := ""
	if s, ok := o.(interface{ CheckpointAttribute() string }); ok {
		shared = s.CheckpointAttribute()
	}
	got := make(map[string]tensor.Any, len(named))
	for _, n := range named {
		if object.IsNil(n.Tensor) {
			return nil, nil, fmt.Errorf("CheckpointTensors of %T returned a nil Tensor for %q; a tensor without values must be a tensor that is not built", o, n.Name)
		}
		values = append(values, object.Value{DType: n.Tensor.DType(), Shape: n.Tensor.Shape(), Own: &object.Own{
			Attribute: n.Name, Shared: shared,
			Values: func() (tensor.Any, error) { return n.Tensor, nil },
			Place: func(e format.Entry) (*object.Target, error) {
				return object.Stage(e, n.Tensor.DType(), func(t tensor.Any) error { got[n.Name] = t; return nil })
			},
		}})
	}
	return values, func() error { return o.SetCheckpointTensors(got) }, nil
}

func opaqueValue(state any) object.Value {
	return object.Value{DType: tensor.DTString, Shape: tensor.Shape{}, Own: &object.Own{
		Attribute: object.OpaqueAttribute,
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
	}}
}

// plainValue returns the variable of a plain Go value: a number, bool or string, or rectangular arrays and slices of them. v is
// addressable or a slice. A flat slice is saved with shape, unless shape is nil. A nil slice, or an array of nil slices, is a
// value that is not built: a restore allocates its memory.
func plainValue(v reflect.Value, shape tensor.Shape) (object.Value, error) {
	d, _, ok := plainType(v.Type())
	if !ok {
		return object.Value{}, fmt.Errorf("%v is not a plain value", v.Type())
	}
	own := &object.Own{Attribute: object.VariableAttribute}
	if isNil(v) {
		own.Place = func(e format.Entry) (*object.Target, error) { return allocPlain(v, shape, e) }
		return object.Value{DType: d, Own: own}, nil
	}
	dims, err := plainShape(v)
	if err != nil {
		return object.Value{}, err
	}
	if shape != nil {
		if shape.Len() != dims.Len() {
			return object.Value{}, fmt.Errorf("got %d values for the tag's shape %v, want %d", dims.Len(), shape, shape.Len())
		}
		dims = shape
	}
	if t, err := tensor.Alias(v, dims...); err == nil {
		whole := object.TensorValue(t)
		whole.Shape = dims
		return whole, nil
	}
	own.Values = func() (tensor.Any, error) {
		t, err := tensor.NewAny(d, dims...)
		if err != nil {
			return nil, err
		}
		return t, copyRows(reflect.ValueOf(t.Values()), v, gather)
	}
	own.Place = func(e format.Entry) (*object.Target, error) {
		t, err := object.Stage(e, d, func(got tensor.Any) error { return copyRows(reflect.ValueOf(got.Values()), v, scatter) })
		if err != nil {
			return nil, err
		}
		t.Sure = strconv.IntSize == 64 || tensor.DTypeOfType(scalarOf(v.Type())) != tensor.InvalidDType // see copyElement
		return t, nil
	}
	return object.Value{DType: d, Shape: dims, Own: own}, nil
}

// scalarOf returns the type of the elements of nested slices and arrays.
func scalarOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	return t
}

// isNil reports whether v is a nil slice or an array of nil slices.
func isNil(v reflect.Value) bool {
	if v.Kind() != reflect.Array {
		return v.Kind() == reflect.Slice && v.IsNil()
	}
	for i := range v.Len() {
		if !isNil(v.Index(i)) {
			return false
		}
	}
	return v.Len() > 0
}

// allocPlain allocates the nil slice v with the stored length and returns it as the target.
func allocPlain(v reflect.Value, shape tensor.Shape, e format.Entry) (*object.Target, error) {
	if shape == nil {
		shape = e.Shape
		if _, rank, _ := plainType(v.Type()); rank != len(e.Shape) {
			return nil, fmt.Errorf("shape %v in the checkpoint, a %v of rank %d in the model", e.Shape, v.Type(), rank)
		}
	}
	if !shape.Equal(e.Shape) {
		return nil, fmt.Errorf("shape %v in the checkpoint, %v in the model", e.Shape, shape)
	}
	dims := shape
	if IsFlat(v.Type()) {
		dims = tensor.Shape{shape.Len()}
	}
	made := reflect.New(v.Type()).Elem()
	if err := makeRows(made, dims); err != nil {
		return nil, err
	}
	inner, err := plainValue(made, shape)
	if err != nil {
		return nil, err
	}
	t, err := inner.Target(e)
	if err != nil {
		return nil, err
	}
	if t == nil { // read directly into the new memory
		t = &object.Target{Dst: inner.Tensor}
	}
	v.Set(made)
	t.Undo = func() { v.SetZero() }
	return t, nil
}

func makeRows(v reflect.Value, dims tensor.Shape) error {
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), dims[0], dims[0]))
	case reflect.Array:
		if v.Len() != dims[0] {
			return fmt.Errorf("%d values in the checkpoint for an array of %d", dims[0], v.Len())
		}
	default:
		return nil
	}
	for i := range v.Len() {
		if err := makeRows(v.Index(i), dims[1:]); err != nil {
			return err
		}
		if len(dims) == 1 {
			break // scalars
		}
	}
	return nil
}

// plainShape returns the lengths of nested slices and arrays; it returns an error if slices are not rectangular.
func plainShape(v reflect.Value) (tensor.Shape, error) {
	shape := tensor.Shape{}
	for t := v; t.Kind() == reflect.Slice || t.Kind() == reflect.Array; t = t.Index(0) {
		shape = append(shape, t.Len())
		if t.Len() == 0 {
			for e := t.Type().Elem(); e.Kind() == reflect.Slice || e.Kind() == reflect.Array; e = e.Elem() {
				n := 0
				if e.Kind() == reflect.Array {
					n = e.Len()
				}
				shape = append(shape, n)
			}
			break
		}
	}
	return shape, checkRows(v, shape)
}

func checkRows(v reflect.Value, shape tensor.Shape) error {
	if len(shape) == 0 {
		return nil
	}
	if v.Len() != shape[0] {
		return fmt.Errorf("the slices are not rectangular: one has length %d, the first has length %d", v.Len(), shape[0])
	}
	if len(shape) == 1 || v.Type().Elem().Kind() == reflect.Array {
		return nil
	}
	for i := range v.Len() {
		if err := checkRows(v.Index(i), shape[1:]); err != nil {
			return err
		}
	}
	return nil
}

type direction bool

const (
	gather  direction = false // from the nested rows to the flat slice
	scatter direction = true
)

// copyRows copies between flat, a slice of elements, and the nested rows of v.
func copyRows(flat, v reflect.Value, dir direction) error {
	at := 0
	var rows func(v reflect.Value) error
	rows = func(v reflect.Value) error {
		if t, err := tensor.Alias(v, aliasLen(v)); err == nil {
			row := reflect.ValueOf(t.Values())
			part := flat.Slice(at, at+row.Len())
			at += row.Len()
			if dir == gather {
				reflect.Copy(part, row)
			} else {
				reflect.Copy(row, part)
			}
			return nil
		}
		switch v.Kind() {
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				if err := rows(v.Index(i)); err != nil {
					return err
				}
			}
			return nil
		}
		elem := flat.Index(at)
		at++
		return copyElement(elem, v, dir)
	}
	return rows(v)
}

// aliasLen is the number of elements of a slice or array of scalars or arrays.
func aliasLen(v reflect.Value) int {
	n := 1
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		n = v.Len()
		for t := v.Type().Elem(); t.Kind() == reflect.Array; t = t.Elem() {
			n *= t.Len()
		}
	}
	return n
}

// copyElement copies an int or uint of a machine on which they are not 64 bits wide.
func copyElement(elem, v reflect.Value, dir direction) error {
	switch {
	case dir == gather && v.CanInt():
		elem.SetInt(v.Int())
	case dir == gather:
		elem.SetUint(v.Uint())
	case v.CanInt():
		if v.OverflowInt(elem.Int()) {
			return fmt.Errorf("%d does not fit a %v of this machine", elem.Int(), v.Type())
		}
		v.SetInt(elem.Int())
	default:
		if v.OverflowUint(elem.Uint()) {
			return fmt.Errorf("%d does not fit a %v of this machine", elem.Uint(), v.Type())
		}
		v.SetUint(elem.Uint())
	}
	return nil
}
