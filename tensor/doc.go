// Package tensor holds arrays of TensorFlow's element types: a shape and values in row-major order.
//
// It is what checkpoints are read into and written from. A [Tensor] is generic in its element; [Any] is a
// tensor of whatever element. The small floats and integers that Go lacks are named types with exact
// conversions. The package computes nothing.
package tensor
