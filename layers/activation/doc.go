// Package activation holds the activation functions of Keras 3, equal to it within float32's rounding.
//
// A [Func] works in place on rows of values, a row being the run of the last axis. Most look at one value at a time;
// [Softmax], [LogSoftmax] and [Sparsemax] look at a whole row; [GLU] leaves rows of half the width. The zero Func is
// [Linear]: a layer with none set passes its values through.
//
// [Parse] finds a function by the name that Keras writes in a layer's configuration, with Keras's default options; the
// constructors take the options. The usual ones (relu, gelu, sigmoid, silu, tanh, exponential, softmax) use the
// processor's vector instructions, with the error bounds of layers/internal/vmath, some units in the last place. The others compute in float64
// where a float32 would lose digits. NaN stays NaN.
package activation
