// Package objectgraph holds the graph of objects that a checkpoint was saved from: TensorFlow's
// TrackableObjectGraph as plain Go values, its bytes, and the keys that tensors get from it.
//
// A checkpoint stores the graph as a scalar string tensor under [GraphKey]. Node 0 is the root object. An edge has a
// name, which is an attribute's, a dictionary's key or a list's index, and leads to a node by its number; edges may
// share a node and may form cycles. A node's attributes are its values, each naming the key of the tensor that
// holds it. Slot variables are what an optimizer keeps for a variable: a triple in the optimizer's node and no
// edge.
//
// # Keys
//
// A variable that is reached from the root by the edges model, layers, 0 has the key
//
//	model/layers/0/.ATTRIBUTES/VARIABLE_VALUE
//
// In an edge's name "." is doubled first and then "/" becomes ".S", so that no name can be taken for one of the
// reserved words, which have a single dot. Names in the graph itself are not escaped. A key is only the shortest
// path that its writer found: readers go by the graph's edges and by the keys that its attributes state.
//
// # Reading what others wrote
//
// [Parse] checks every number in the graph, so that whoever walks it need not. It takes memory in proportion to
// the bytes it is given and no stack. Fields that it does not know are passed over, as protocol buffers ask.
package objectgraph
