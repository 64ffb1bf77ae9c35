package tensor

import (
	"fmt"
	"math"
	"reflect"
	"slices"
)

// Element is the set of types that a [Tensor] can hold: one Go type per dtype that TensorFlow stores.
type Element interface {
	bool | string | Variant |
		int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 |
		float32 | float64 | complex64 | complex128 |
		Float16 | BFloat16 |
		Float8E5M2 | Float8E4M3FN | Float8E4M3FNUZ | Float8E4M3B11FNUZ | Float8E5M2FNUZ | Float4E2M1FN |
		Int4 | UInt4 | Int2 | UInt2 |
		QInt8 | QUInt8 | QInt16 | QUInt16 | QInt32
}

// A Tensor is an array of elements in row-major order with a shape. The zero value is not built: it has
// no shape and no values, and takes both from the checkpoint that it is restored from.
//
// Use a Tensor by pointer, or as a field of a struct that is used by pointer. Copying the struct copies the shape and shares the
// elements.
type Tensor[T Element] struct {
	shape Shape // nil: not built
	data  []T
}

// Any is a tensor of any element type, for code that does not know the dtypes in a checkpoint. Every *[Tensor] implements it. A
// type switch, or [As], returns the typed tensor.
type Any interface {
	DType() DType
	Shape() Shape // nil if the tensor is not built
	Len() int     // the number of elements
	Values() any  // the elements in row-major order as a []T, not copied
	Build(shape ...int) error

	// These methods let the package handle any element type. They also prevent other packages from implementing Any.
	clone() Any
	equal(o Any) bool                     // o has t's dtype and shape
	copyRun(at int, src Any, from, n int) // src has t's dtype
	setJSON(stored *jsonTensor) error     // stored has t's dtype
	memory
}

// New returns a tensor of zeros. Like make it panics if an axis is negative or the number of elements does not fit an int.
func New[T Element](shape ...int) *Tensor[T] {
	t := new(Tensor[T])
	if err := t.Build(shape...); err != nil {
		panic(err.Error())
	}
	return t
}

// FromSlice returns a tensor with the elements of data. It does not copy data. Without a shape the tensor is a scalar, and data
// must have one element. FromSlice returns an error if the length of data does not fit shape.
func FromSlice[T Element](data []T, shape ...int) (*Tensor[T], error) {
	s := Shape(append([]int{}, shape...))
	if err := s.Check(); err != nil {
		return nil, err
	}
	if len(data) != s.Len() {
		return nil, fmt.Errorf("tensor: got %d values for shape %v, want %d", len(data), s, s.Len())
	}
	return &Tensor[T]{shape: s, data: data}, nil
}

// Scalar returns a tensor of shape [] that holds value.
func Scalar[T Element](value T) *Tensor[T] {
	return &Tensor[T]{shape: Shape{}, data: []T{value}}
}

// maxBytes is the largest size of a tensor; make panics only for larger sizes.
const maxBytes = min(math.MaxInt, 1<<47)

// Build gives t the shape and new values, all zero. It returns the error of [Shape.Check], or an error if no machine could hold
// the values. If the shape comes from a file, check first that the file has that many values.
func (t *Tensor[T]) Build(shape ...int) error {
	s := Shape(append([]int{}, shape...))
	if err := s.Check(); err != nil {
		return err
	}
	if size := int(reflect.TypeFor[T]().Size()); s.Len() > maxBytes/size {
		return fmt.Errorf("tensor: shape %v: %d values of %d bytes do not fit the memory of any machine", s, s.Len(), size)
	}
	t.shape, t.data = s, make([]T, s.Len())
	return nil
}

// Built reports whether t has a shape and values.
func (t *Tensor[T]) Built() bool { return t.shape != nil }

// Shape returns t's shape, which the caller must not change; nil if t is not built.
func (t *Tensor[T]) Shape() Shape { return t.shape }

// DType returns the dtype of T.
func (t *Tensor[T]) DType() DType { return DTypeOf[T]() }

// Len returns the number of elements, 0 if t is not built.
func (t *Tensor[T]) Len() int { return len(t.data) }

// Data returns t's elements in row-major order: the tensor's own memory, not a copy.
func (t *Tensor[T]) Data() []T { return t.data }

// Values is Data for code that does not know T: it returns a []T.
func (t *Tensor[T]) Values() any { return t.data }

// At returns the element at index, one number per axis. Like indexing a slice it panics if index is out of range or has another
// rank than t.
func (t *Tensor[T]) At(index ...int) T { return t.data[t.offset(index)] }

// Set stores value at index, one number per axis. It panics as [Tensor.At] does.
func (t *Tensor[T]) Set(value T, index ...int) { t.data[t.offset(index)] = value }

func (t *Tensor[T]) offset(index []int) int {
	if t.shape == nil || len(index) != len(t.shape) {
		panic(indexError(index, t.shape, "into a tensor of shape"))
	}
	at := 0
	for axis, i := range index {
		if uint(i) >= uint(t.shape[axis]) {
			panic(indexError(index, t.shape, "out of range of shape"))
		}
		at = at*t.shape[axis] + i
	}
	return at
}

// indexError prints a copy of index, so that the arguments of every At and Set stay off the heap.
func indexError(index []int, shape Shape, what string) string {
	return fmt.Sprintf("tensor: index %v %s %v", slices.Clone(index), what, shape)
}

// Reshape returns a tensor of another shape over the same elements. It returns an error if the number of elements differs or t is
// not built.
func (t *Tensor[T]) Reshape(shape ...int) (*Tensor[T], error) {
	if !t.Built() {
		return nil, fmt.Errorf("tensor: cannot reshape %s to %v", t, Shape(shape))
	}
	return FromSlice(t.data, shape...)
}

// Clone returns a copy of t that does not share its elements.
func (t *Tensor[T]) Clone() *Tensor[T] {
	return &Tensor[T]{shape: slices.Clone(t.shape), data: slices.Clone(t.data)}
}

// As returns a as a tensor of T, and whether a is one.
func As[T Element](a Any) (*Tensor[T], bool) {
	t, ok := a.(*Tensor[T])
	return t, ok
}
