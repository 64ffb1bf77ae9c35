// Package ops has the operations of keras.ops, which stand between the layers of a Functional model.
//
// An operation takes [Arguments] and gives [Value]s: tensors of float32, int64, bool or string, which stand for all dtypes of
// Keras, together with the dtype that Keras gives them and the mask that Keras attaches. An operation does not change its
// arguments. A result may share memory with an argument.
package ops
