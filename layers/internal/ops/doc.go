// Package ops implements the operations of keras.ops, which connect the layers of a Functional model.
//
// An operation takes [Arguments] and returns [Value]s: tensors of float32, int64, bool or string, which represent all dtypes of
// Keras. A value also has Keras's dtype and Keras's mask. An operation does not change its arguments. A result may share memory
// with an argument.
package ops
