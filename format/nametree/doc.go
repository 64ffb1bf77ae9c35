// Package nametree makes an object graph from the names of tensors. With it, files that have only names are
// matched with a program's structs in the same way as TensorFlow's object graphs.
//
// # How names split
//
// A key is split at every '/' and '.' into the names of edges: the edges layers, 0, attn, weight lead from the root to
// "layers.0.attn.weight". Numbers are names too, as in TensorFlow's graphs, where they index lists. Empty names are dropped:
// "/a//b." gives a, b. The ending "/.ATTRIBUTES/VARIABLE_VALUE" of TensorFlow's keys is dropped too. After 64 edges the rest
// of a key is one name.
//
// The last edge leads to a node with one attribute, objectgraph.VariableValue. The attribute's Key and FullName are the
// whole key. A node may have both an attribute and children: "w" and "w.absmax" are a variable and a variable below it.
//
// If two keys lead to one node, as "a.b" and "a/b" do, the node belongs to the first. The second becomes a child of the root
// under its whole key. So does an empty key, or a key that has only separators. No tensor is lost.
package nametree
