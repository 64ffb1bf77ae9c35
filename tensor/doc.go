// Package tensor holds arrays of TensorFlow's element types: a shape and values in row-major order. It is what
// checkpoints are read into and written from; it computes nothing.
//
// A [Tensor] is generic in its element. Its zero value is not built: it has no shape and no values, which is
// something else than a scalar (shape [], one value) and than an empty tensor (shape [0 3], no values). [Any] is a
// tensor of whatever element, for code that learns the dtype from a file; [As] or a type switch leads back.
//
// # Elements
//
// There is one Go type for each dtype that TensorFlow stores, listed by [Element], and a [DType] with the number of
// TensorFlow's enum for each. Go's own types are themselves. [Float16], [BFloat16], the Float8 kinds, [Float4E2M1FN],
// [Int4], [UInt4], [Int2] and [UInt2] are their bits, so that converting one with Go's own conversion, as
// in float32(x), gives a number made of those bits; their methods (Float32, Int8, …) and the functions named after them
// ([Float16FromFloat32], [Int4FromInt8], …) convert values. These agree with the ml_dtypes package, which
// TensorFlow's types are, and for Float16 with NumPy, to the last bit. [QInt8] and its like are the integers that they
// are made of; a [Variant] is a serialized message.
//
// [Cast] converts whole tensors and refuses values that do not fit.
//
// # Printing
//
// %v prints a tensor with its elements, short where they are many; encoding/json and [UnmarshalAny] exchange tensors as
// {"dtype", "shape", "values"} ([Tensor.MarshalJSON]); a log/slog log has dtype and shape.
//
// # Memory
//
// Elements lie in one slice, without gaps, and are not copied unless a function says so: [FromSlice] keeps the slice
// it is given, [Tensor.Data] returns the one in use, [Alias] makes a tensor of memory that a Go value already has,
// [Bytes] shows the elements as bytes for a file to be read into. Several goroutines may read one tensor at once;
// whoever writes does so alone.
//
// # Errors
//
// What a file or a caller can get wrong is an error that says what was found and wanted. As with Go's slices, only
// an index out of range ([Tensor.At], [Tensor.Set]) and a shape that cannot be ([New]) panic.
package tensor
