// Package kernel implements the arithmetic that layers and operators share: matrix products, sums of products, broadcasting,
// transposition and attention. It also manages their goroutines and scratch memory.
//
// Kernels work on float32 in row-major order. Callers must check shapes; a kernel panics if they are wrong. Each function documents
// whether it overwrites its result or adds to it. Scratch memory has undefined contents.
package kernel
