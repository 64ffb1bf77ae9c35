// Package tensorflow holds only tests. They compare package ckpt with TensorFlow: they read the checkpoints in testdata/golden,
// which TensorFlow wrote, and check that programs of the same form write the same bytes.
package tensorflow
