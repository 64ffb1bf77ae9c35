// Package stored turns the program's objects into the contents of a checkpoint: the object graph, a key for every tensor, and the
// tensors in TensorFlow's order, distributed over data files. It writes to any [format.Writer].
package stored
