// Package nametree makes a graph of objects from the names of tensors, so that files which know only names are matched with a
// program's structs in the same way as TensorFlow's object graphs.
//
// # How names split
//
// A key splits at every '/' and '.' into the names of edges: "layers.0.attn.weight" is reached from the root by layers, 0,
// attn, weight. Numbers are names like all others, as they are in TensorFlow's graphs, where they index lists. Empty
// parts are left out: "/a//b." is a, b. The ending "/.ATTRIBUTES/VARIABLE_VALUE" of TensorFlow's own keys is left
// out too. After 64 edges the rest of a key is one name.
//
// The last edge leads to a node with one attribute, [objectgraph.VariableValue]: its Key, and its FullName, is the whole key. A
// node may have an attribute and children: "w" and "w.absmax" are a variable and a variable in it.
//
// Where two keys lead to one node, such as "a.b" and "a/b", the node is that of the first. The second is a child of the root by its
// whole key, and so is a key that has nothing but separators, or nothing at all: no tensor is lost.
package nametree
