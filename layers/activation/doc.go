// Package activation holds the activation functions of Keras 3, and agrees with them within the rounding of float32.
//
// A [Func] works in place on rows of values; a row is a run along the last axis. Most functions compute one value at a time.
// [Softmax], [LogSoftmax] and [Sparsemax] use a whole row. [GLU] returns rows of half the width. The zero Func is [Linear], so a
// layer without an activation does not change its values.
//
// [Parse] finds a function by the name that Keras writes in a layer's configuration, with Keras's default options. The
// constructors take the options as arguments. The most common functions (relu, gelu, sigmoid, silu, tanh, exponential, softmax)
// use the processor's vector instructions; their error is some units in the last place. The others compute in float64 if float32
// would lose precision. NaN stays NaN.
package activation
