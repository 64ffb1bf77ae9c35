// Package walk turns a program's values into a graph of objects (package object).
//
// A [Types] reads the declarations of types, each once: what a field is called, whether it is an edge, what an untagged type is to a
// checkpoint. The [Language] in which structs declare it, their tags, is the caller's.
//
// A [Walker] takes objects from a queue, so that depth does not cost stack. One object is one node: identity is the pointer, or for
// a slice or map the variable that holds it. Values in interfaces and maps, which have no address, are copied to stand-ins, which
// keep their identity from walk to walk and are put back after a restore. A nil pointer, slice or map is not an object; its edge
// says how to allocate one, for a restore that has values for it.
//
// An error names the object by its path in TensorFlow's form and in Go's.
package walk
