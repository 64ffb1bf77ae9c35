// Package kerasnames names the variables of a program as Keras 3 names them in .weights.h5 files and .keras archives.
//
// Keras numbers the variables that an object holds directly, including those in lists, tuples and dicts: vars/0, vars/1. Objects
// have the names of the attributes that hold them or, in containers, of their classes: dense1/vars/0, blocks/block_1/vars/0. The
// layers of a Functional or Sequential model are in a container called layers. An object that several attributes hold is stored for the
// first of them: Keras visits a model's layers first, then attributes sorted by name, with those that begin with an underscore
// last. A keras.Model has an attribute called layers, a list of all layers that its attributes hold. A layer that is only reached after
// this attribute, such as that of the attribute output, is layers/dense_1/vars/0.
//
// A Go program is held to be the Python program that has its edges for attributes, its slices and maps for lists and dicts, and its types
// for classes. Its root is a keras.Model, and what the root holds are layers. Attributes and variables have the order of the
// struct's fields. Keras itself puts variables that are not trained behind
// the others: fields must have that order, as those of package layers have.
//
// Numbers and classes lose names that Go's types have: keys of maps, and the fields of types that Keras does not know. [Names]
// has the program's name for each object and variable. Files store these names in the attributes that Keras uses for the names of
// layers.
package kerasnames
