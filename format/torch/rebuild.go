package torch

import (
	"math"
	"strings"

	"github.com/gockpt/ckpt/internal/pickle"
	"github.com/gockpt/ckpt/tensor"
)

// A made is a tensor that the pickle describes.
type made struct {
	element element
	shape   tensor.Shape
	strides []int64 // nil means row-major

	window *window // nil if array has the elements
	offset int64   // of the first element, in elements from the beginning of the storage
	array  []byte  // elements of a NumPy array

	bigEndian bool   // of array
	refuse    string // why it cannot be read; "" if it can
}

// view returns the tensor with another shape that shares o's elements. args are storage, offset, shape and strides.
func (f *file) view(args pickle.Tuple) (*made, error) {
	if len(args) < 4 {
		return nil, corrupt("a tensor is made of %d values, expected a storage, an offset, a shape and strides", len(args))
	}
	w, err := f.storageOf(args[0])
	if err != nil {
		return nil, err
	}
	offset, ok := args[1].(int64)
	if !ok || offset < 0 || offset > math.MaxInt64-w.start {
		return nil, corrupt("a tensor has no offset in its storage")
	}
	m := &made{element: w.element, window: w, offset: w.start + offset}
	if m.shape, err = shapeOf(args[2]); err != nil {
		return nil, err
	}
	if m.strides, err = numbers(args[3]); err != nil {
		return nil, err
	}
	if len(m.strides) != len(m.shape) {
		return nil, corrupt("a tensor of %d axes has %d strides", len(m.shape), len(m.strides))
	}
	if w.meta {
		m.refuse = "it was on the device \"meta\", and the file does not have its values"
	}
	return m, nil
}

// tensor returns the tensor that a call makes. In the end a tensor is a view of a storage. Parameters and instances of subclasses
// may wrap it.
func (f *file) tensor(o *pickle.Object) (*made, error) {
	if m, ok := f.made[o]; ok {
		return m, nil
	}
	if f.depth == maxWrappers {
		return nil, corrupt("a tensor has more than %d wrappers", maxWrappers)
	}
	f.depth++
	defer func() { f.depth-- }()
	m, err := f.rebuild(o.Class.String(), o.Args, o)
	if err != nil {
		return nil, err
	}
	f.made[o] = m
	return m, nil
}

// rebuild is tensor for the function called name and its arguments.
func (f *file) rebuild(name string, args pickle.Tuple, o *pickle.Object) (*made, error) {
	module, function, _ := cutLast(name)
	switch function {
	case "_rebuild_tensor":
		return f.view(args)
	case "_rebuild_tensor_v2":
		return f.rebuildV2(args, 6)
	case "_rebuild_tensor_v3":
		return f.rebuildV3(args)
	case "_rebuild_parameter", "_rebuild_parameter_with_state", "_rebuild_device_tensor_from_cpu_tensor", "Parameter", "Buffer", "Variable", "Tensor":
		return f.wrapped(args)
	case "_rebuild_from_type_v2", "_rebuild_from_type":
		return f.rebuildFromType(args)
	case "_rebuild_device_tensor_from_numpy", "_rebuild_xla_tensor":
		return f.wrapped(args)
	case "_reconstruct":
		return array(o)
	case "_frombuffer":
		return fromBuffer(args)
	}
	return f.refused(module, function, args)
}

// wrapped returns the tensor that is the first of args.
func (f *file) wrapped(args pickle.Tuple) (*made, error) {
	if len(args) > 0 {
		if o, ok := args[0].(*pickle.Object); ok && globals[o.Class.String()] == maker {
			return f.tensor(o)
		}
	}
	return nil, corrupt("a parameter has no tensor")
}

// rebuildV2 makes a view. args[extra] is a dict with further properties.
func (f *file) rebuildV2(args pickle.Tuple, extra int) (*made, error) {
	m, err := f.view(args)
	if err != nil || len(args) <= extra {
		return m, err
	}
	if d, ok := args[extra].(*pickle.Dict); ok {
		for _, e := range d.Entries {
			if (e.Key == "conj" || e.Key == "neg") && e.Value == true {
				m.refuse = "it is a view that PyTorch conjugates or negates as it reads it: save tensor.resolve_conj().resolve_neg() instead"
			}
		}
	}
	return m, nil
}

// rebuildV3 makes a view of an untyped storage: (storage, offset, shape, strides, requires_grad, hooks, dtype, metadata).
func (f *file) rebuildV3(args pickle.Tuple) (*made, error) {
	if len(args) < 7 {
		return nil, corrupt("a tensor of an untyped storage is made of %d values, expected 7", len(args))
	}
	m, err := f.rebuildV2(args, 7)
	if err != nil {
		return nil, err
	}
	e, ok := dtypeElement(args[6])
	if !ok {
		return nil, unsupported("the dtype of a tensor is %s, which is unknown", kind(args[6]))
	}
	m.element = e
	if m.window.start > 0 {
		return nil, corrupt("a tensor of an untyped storage has a part of a storage")
	}
	return m, nil
}

// rebuildFromType makes an instance of a subclass: (function, class, its arguments, state).
func (f *file) rebuildFromType(args pickle.Tuple) (*made, error) {
	if len(args) < 3 {
		return nil, corrupt("an instance of a subclass of Tensor is made of %d values, expected 4", len(args))
	}
	function, ok := args[0].(*pickle.Global)
	class, ok2 := args[1].(*pickle.Global)
	inner, ok3 := args[2].(pickle.Tuple)
	if !ok || !ok2 || !ok3 || globals[function.String()] != maker {
		return nil, corrupt("an instance of a subclass of Tensor is made by %s of %s", kind(args[0]), kind(args[1]))
	}
	name := function.String()
	if strings.HasSuffix(name, "_rebuild_from_type_v2") || strings.HasSuffix(name, "_reconstruct") {
		return nil, corrupt("an instance of a subclass of Tensor is made by %s", function.Quote())
	}
	m, err := f.rebuild(name, inner, nil)
	if err != nil {
		return nil, err
	}
	switch class.String() {
	case "torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer":
		return m, nil
	}
	other := *m
	other.refuse = "it is an instance of " + class.Quote() + ", a subclass of Tensor, and its values may have another meaning"
	return &other, nil
}

// refused makes a tensor that can only be listed.
func (f *file) refused(module, function string, args pickle.Tuple) (*made, error) {
	m := &made{}
	var err error
	switch function {
	case "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor": // layout, (…, values, size, …)
		m.refuse = "it is sparse: save tensor.to_dense() instead"
		if len(args) > 1 {
			if parts, ok := args[1].(pickle.Tuple); ok {
				m.shape, m.element, err = f.sparse(parts)
			}
		}
	case "_rebuild_nested_tensor":
		m.refuse = "it is a nested tensor: save the list of its parts, tensor.unbind(), instead"
	case "_rebuild_qtensor":
		if m, err = f.view(args); err == nil {
			m.refuse = "it is quantized: save tensor.dequantize() instead"
		}
	case "_rebuild_meta_tensor_no_storage": // dtype, size, stride, requires_grad
		m.refuse = "it was on the device \"meta\", and the file does not have its values"
		if len(args) > 1 {
			m.element, _ = dtypeElement(args[0])
			m.shape, err = shapeOf(args[1])
		}
	case "_rebuild_wrapper_subclass":
		m.refuse = "it is an instance of a subclass of Tensor without values: save what it wraps instead"
	default:
		return nil, unsupported("%s.%s makes tensors that are not read; %s", module, function, saveInstead)
	}
	return m, err
}

// sparse returns the shape and the elements of a sparse tensor. Its size is the last tuple in parts, or the last torch.Size.
func (f *file) sparse(parts pickle.Tuple) (shape tensor.Shape, e element, err error) {
	for _, p := range parts {
		switch p := p.(type) {
		case *pickle.Object:
			if globals[p.Class.String()] == maker {
				m, err := f.tensor(p)
				if err != nil {
					return nil, e, err
				}
				e = m.element // values come after indices
			} else {
				shape, err = shapeOf(p)
			}
		case pickle.Tuple:
			shape, err = shapeOf(p)
		}
		if err != nil {
			return nil, e, err
		}
	}
	return shape, e, nil
}

// shapeOf returns the lengths in a tuple, a list or a torch.Size.
func shapeOf(v pickle.Value) (tensor.Shape, error) {
	n, err := numbers(v)
	if err != nil {
		return nil, err
	}
	shape := make(tensor.Shape, len(n))
	for i, d := range n {
		if int64(int(d)) != d {
			return nil, corrupt("a shape has a length of %d", d)
		}
		shape[i] = int(d)
	}
	if err := shape.Check(); err != nil {
		return nil, corrupt("%v", err)
	}
	return shape, nil
}

// numbers returns the integers in a tuple, a list or a torch.Size. It rejects negative integers.
func numbers(v pickle.Value) ([]int64, error) {
	var items []pickle.Value
	switch v := v.(type) {
	case pickle.Tuple:
		items = v
	case *pickle.List:
		items = v.Items
	case *pickle.Object:
		if v.Class.String() == "torch.Size" && len(v.Args) == 1 {
			if t, ok := v.Args[0].(pickle.Tuple); ok {
				items = t
				break
			}
		}
		return nil, corrupt("a shape or strides are %s", kind(v))
	default:
		return nil, corrupt("a shape or strides are %s", kind(v))
	}
	if len(items) > tensor.MaxRank {
		return nil, corrupt("a tensor has %d axes, expected at most %d", len(items), tensor.MaxRank)
	}
	n := make([]int64, len(items))
	for i, item := range items {
		var ok bool
		if n[i], ok = item.(int64); !ok {
			return nil, corrupt("a shape or strides have %s, expected a length", kind(item))
		}
		if n[i] < 0 {
			return nil, corrupt("a shape or strides have %d, expected a length", n[i])
		}
	}
	return n, nil
}

// cutLast splits a dotted name before its last part.
func cutLast(name string) (before, last string, found bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}
