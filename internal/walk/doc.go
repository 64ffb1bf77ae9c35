// Package walk turns a program's values into a graph of objects (package object).
//
// A [Types] reads the declarations of types, each once: the name of a field, whether it is an edge, and the role of an untagged
// type. The caller's [Language] reads the tags of structs.
//
// A [Walker] takes objects from a queue, so depth does not need stack. One object is one node. Its identity is the pointer, or for
// a slice or map the variable that holds it. Values in interfaces and maps have no address, so they are copied to stand-ins, which
// keep their identity from walk to walk and are written back after a restore. A nil pointer, slice or map is not an object; its
// edge says how to allocate one, for a restore that has values for it.
//
// An error names the object by its path in TensorFlow's form and in Go's.
package walk
