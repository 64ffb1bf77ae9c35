// Package description reads what Keras writes of a model: its layers, and the calls that connect them.
//
// It knows JSON, and how Keras 2 and Keras 3 write arguments. It makes no layers.
package description
