// Package objectgraph represents the object graph of a checkpoint, TensorFlow's TrackableObjectGraph, as
// plain Go values. It encodes and decodes the graph and computes the keys of tensors.
//
// A checkpoint stores the graph as a scalar string tensor under [GraphKey]. Node 0 is the root object. An edge has the number of
// the node that it leads to. Its name is an attribute's name, a dictionary's key or a list's index. Several edges may
// lead to one node, and edges may form cycles. A node's attributes are its values; each states the key of the tensor that
// holds it. A slot variable is a variable that an optimizer keeps for another variable. It is stored as a triple in the
// optimizer's node, not as an edge.
//
// # Keys
//
// A variable that is reached from the root by the edges model, layers, 0 has the key
//
//	model/layers/0/.ATTRIBUTES/VARIABLE_VALUE
//
// In an edge's name "." is doubled first and then "/" becomes ".S". So a name cannot be mistaken for a reserved word,
// because these have a single dot. Names in the graph itself are not escaped. A key is only the shortest path that its
// writer found: readers follow the graph's edges and use the keys that attributes state.
//
// # Reading untrusted graphs
//
// Parse checks every number in the graph, so code that walks the graph need not. Its memory is proportional to the size of
// its input, and it is not recursive. It ignores unknown fields, as protocol buffers require.
package objectgraph
