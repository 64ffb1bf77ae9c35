package format

import "github.com/gockpt/ckpt/tensor"

// A ShardTensor describes a tensor that is being saved to a ShardFunc.
type ShardTensor struct {
	Path  string // of the object: model.dense.kernel; "" for the object graph
	Key   string
	DType tensor.DType
	Shape tensor.Shape
	// Bytes is the tensor's size: the bytes of its numbers, or the lengths of its strings. It is 0 for the object graph.
	Bytes int64
	// Element is the size of one element; for strings, of the longest.
	Element int64
}

// A ShardPart assigns a tensor, or a region of it, to a data file.
type ShardPart struct {
	Tensor int          // index into the given tensors
	Shard  int          // number of the data file
	Part   tensor.Slice // nil: the whole tensor
}

// A ShardFunc distributes tensors over data files. It must put every element of every tensor into one data file and number
// the files from 0 without gaps.
type ShardFunc func([]ShardTensor) []ShardPart
