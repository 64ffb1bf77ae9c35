// Package savedv1 reads checkpoints of TensorFlow's first format. tf.train.Saver wrote it before it wrote index and data files,
// and still writes it with write_version=SaverDef.V1. The package does not write this format.
//
// # The files
//
// A checkpoint called NAME is one file called NAME, or several called NAME-00000-of-00002, NAME-00001-of-00002 and so on.
// Each file is a table as in package sstable. Its values are SavedTensorSlices messages (package pb):
//
//	""       meta: for each tensor in the file its name, shape, dtype, and the regions that the file has
//	a key    data: one region's values, as the lists of a TensorProto
//
// The key of a region is an OrderedCode string of the tensor's name and the region (internal/slicekey), as for parts in an index
// of the second format. A tensor that was not partitioned is a single region.
//
// Tensors have names only: the format does not have an object graph.
//
// # Reading
//
// Open reads each file's meta entry and no values. It rejects files that contradict each other, as TensorFlow does. Regions
// that overlap or leave gaps are an error when they are read. The checksum of a value's block is verified as the block is
// read. Blocks stay in memory within the bounds of package sstable. To read a part of a region, all of the region's values
// are decoded, because they do not have fixed offsets.
package savedv1
