// Package description reads Keras's description of a model: its layers, and the calls that connect them.
//
// It parses JSON and the arguments of Keras 2 and Keras 3. It does not make layers.
package description
