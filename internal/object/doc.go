// Package object is the program's side of a checkpoint: a graph of Go objects with named edges, made by a walk over the
// user's structs. A node knows which object it is ([Identity]), where it is in the program ([Node.Path], [Node.GoPath]), what
// it is called globally ([Node.GlobalName]) and which tensors it has ([Value]).
//
// The package does not know how structs are declared and nothing of files. Whoever walks the program fills in a [Graph];
// packages stored, match, byname and transfer work on it.
package object
