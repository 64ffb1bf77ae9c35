// Package tensorflow holds its tests only. They compare package ckpt with TensorFlow: the checkpoints in testdata/golden, which TensorFlow
// wrote, are read, and programs of the same form write the same bytes.
package tensorflow
