// Package object is the program's side of a checkpoint: a graph of Go objects with named edges, made by a walk over the user's
// structs. A node has the identity of its object ([Identity]), its paths in the program ([Node.Path], [Node.GoPath]), its global
// name ([Node.GlobalName]) and its tensors ([Value]).
//
// The package does not know how structs are declared, and it does not know files. Package walk fills in a [Graph]; packages
// stored, match, byname and transfer work with it.
package object
