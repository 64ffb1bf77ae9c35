// Package savedv1 reads checkpoints of TensorFlow's first format, which tf.train.Saver wrote before there were
// index and data files, and still writes where it is told to (write_version=SaverDef.V1). It does not write it.
//
// # The files
//
// A checkpoint is one file of its own name, or several called NAME-00000-of-00002, NAME-00001-of-00002 and so
// on. Each is a table as package sstable reads it, whose values are SavedTensorSlices messages (package pb):
//
//	""       meta: for each tensor in the file its name, shape, dtype, and the regions that the file has of it
//	a key    data: one region's values, as the lists of a TensorProto
//
// The key of a region is an OrderedCode string of the tensor's name and the region (slicekey.go), the same as
// that of a part in an index of the second format. A tensor that was not partitioned is one region, all of it.
//
// Tensors are known by their names alone: there is no object graph.
//
// # Reading
//
// [Open] reads what the files say of themselves and no values. Files whose statements contradict each other are
// refused, as TensorFlow refuses them; so are regions that overlap or leave gaps, when they are read. A value's
// block is verified by its checksum as it is read, and kept in memory in the bounds that package sstable sets. Of a
// region that is cut by what is to be read all values are decoded: they have no fixed places.
package savedv1
