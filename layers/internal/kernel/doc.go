// Package kernel has the arithmetic that layers and operators share: matrix products, sums of products, broadcasting,
// transposition, attention, and the goroutines and the scratch memory that they use.
//
// Kernels work on float32 in row-major order. Callers check shapes beforehand; a kernel that is given others panics.
// A result is added to, or overwritten, as each function says. Contents of scratch memory are undefined.
package kernel
