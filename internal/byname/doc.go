// Package byname matches variables by their global names, for the checkpoints that TensorFlow 1's Saver writes: they have no
// object graph. A [Restoration] is one restore of such a checkpoint. [Variables] and [Keys] serve savers that know names only.
package byname
