// Package retain decides which checkpoints stay when newer ones are saved, and deletes the others.
//
// A [List] has the checkpoints that may be deleted, and [Rules] say which of them stay: the last few, and of the older ones one for each
// period. A checkpoint that could not be deleted stays listed, so that the next save tries again. A [Directory] keeps a list in
// TensorFlow's state file, from which a later program continues (tf.train.CheckpointManager).
package retain
