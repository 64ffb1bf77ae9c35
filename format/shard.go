package format

import "github.com/gockpt/ckpt/tensor"

// A ShardTensor is what a sharding function is told of a tensor that is being saved.
type ShardTensor struct {
	Path  string // of the object: model.dense.kernel; "" for the object graph
	Key   string
	DType tensor.DType
	Shape tensor.Shape
	// Bytes is what the tensor counts for: of numbers the bytes that they take, of strings their lengths; the object graph
	// counts for nothing.
	Bytes int64
	// Element is what one element counts for: of strings the longest.
	Element int64
}

// A ShardPart puts a tensor, or a region of it, into a data file.
type ShardPart struct {
	Tensor int          // index into the tensors given
	Shard  int          // number of the data file
	Part   tensor.Slice // nil: the whole tensor
}

// A ShardFunc distributes tensors over data files. It puts every element of every tensor into one data file, and numbers the
// files from 0 without a gap.
type ShardFunc func([]ShardTensor) []ShardPart
