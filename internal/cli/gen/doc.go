// Package gen writes Go types for a checkpoint, for the command `ckpt gen`.
//
// [Source] takes an open checkpoint and returns the source of one package. [ckpt.LoadWeights] loads the whole checkpoint, from the
// object that [Options] selects, into the value that the package's constructor returns. [ckpt.Strict] holds, except for values that Go
// programs cannot restore: Source leaves them out, and returns one line about each.
//
// Source works in five steps, and each has a file or a few:
//
//	stored.go, byname.go   the stored graph, or a graph of the names → objects, values and edges
//	simplify.go, views.go  drops what a person would not declare; finds lists and dicts
//	layers.go, torch.go    recognizes layers by the names and shapes of their variables
//	classes.go             decides which objects share a Go type
//	naming.go, types.go,   names the types and fields, and writes them
//	source.go, constructor.go
//
// The checkpoint may come from anyone. Names in it become Go names, tags, string literals and comments on one line, and cannot become
// code. The source always compiles. Its size and the time grow with the checkpoint's graph.
package gen
