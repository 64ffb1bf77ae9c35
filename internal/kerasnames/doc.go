// Package kerasnames names the variables of a program as Keras 3 names them in .weights.h5 files and .keras archives.
//
// Keras numbers the variables that an object holds directly, including those in lists, tuples and dicts: vars/0, vars/1. Objects
// have the names of the attributes that hold them or, in containers, of their classes: dense1/vars/0, blocks/block_1/vars/0. The
// layers of a Functional or Sequential model are in a container called layers. If several attributes hold an object, it is stored
// for the first of them. Keras visits a model's layers first, then attributes sorted by name, with those that begin with an
// underscore last. A keras.Model has an attribute called layers, a list of all layers that its attributes hold. A layer that Keras
// reaches only after this attribute, such as the layer in an attribute output, is layers/dense_1/vars/0.
//
// A Go program corresponds to a Python program: edges are attributes, slices and maps are lists and dicts, and types are classes.
// The root is a keras.Model, and the objects that it holds are layers. Attributes and variables have the order of the struct's
// fields. Keras puts variables that are not trained after the others, so fields must be in that order, as in package layers.
//
// Numbers and classes replace some names of a Go program: keys of maps, and fields of types that Keras does not know. [Names]
// has the program's name for each object and variable. Files store these names in the attributes that Keras uses for the names of
// layers.
package kerasnames
