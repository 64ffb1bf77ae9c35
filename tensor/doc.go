// Package tensor holds arrays of TensorFlow's element types: a shape and values in row-major order. Checkpoints are read into
// tensors and written from them. The package does not compute with them.
//
// A [Tensor] is generic in its element. Its zero value is not built: it has no shape and no values. It differs from a scalar
// (shape [], one value) and from an empty tensor (shape [0 3], no values). [Any] is a tensor with any element type, for code that
// learns the dtype from a file. [As] or a type switch returns the typed tensor.
//
// # Elements
//
// [Element] lists one Go type for each dtype that TensorFlow stores. Each has a [DType], with the number of TensorFlow's enum.
// Most are Go's own types. [Float16], [BFloat16], the Float8 types, [Float4E2M1FN], [Int4], [UInt4], [Int2] and [UInt2] are
// integers that hold the bits of a value. So do not use Go's conversions for them: float32(x) converts the bits as an integer. Use
// their methods (Float32, Int8, …) and functions ([Float16FromFloat32], [Int4FromInt8], …). The results agree to the last bit with
// the package ml_dtypes, which TensorFlow uses, and for Float16 with NumPy. [QInt8] and the other quantized types hold integers
// without their scale. A [Variant] is a serialized message.
//
// [Cast] converts whole tensors and refuses values that do not fit.
//
// # Printing
//
// %v prints a tensor with its elements and shortens long lists. encoding/json and [UnmarshalAny] exchange tensors as {"dtype",
// "shape", "values"} ([Tensor.MarshalJSON]). log/slog logs the dtype and the shape.
//
// # Memory
//
// The elements lie in one slice, without gaps. A function copies them only if its comment says so: [FromSlice] keeps the given
// slice, [Tensor.Data] returns the tensor's own slice, [Alias] makes a tensor from the memory of a Go value, and [Bytes] returns
// the elements as bytes, so that a file can be read into them. Several goroutines may read a tensor at the same time, but not
// while one writes to it.
//
// # Errors
//
// Mistakes in files and arguments are errors that say what was found and what was expected. As with Go's slices, only an index out
// of range ([Tensor.At], [Tensor.Set]) and an impossible shape ([New]) panic.
package tensor
