// Package state reads and writes the text file in which TensorFlow keeps the names of a directory's
// checkpoints. Its default name is checkpoint:
//
//	model_checkpoint_path: "ckpt-3"
//	all_model_checkpoint_paths: "ckpt-2"
//	all_model_checkpoint_paths: "ckpt-3"
//	all_model_checkpoint_timestamps: 1795385952.4364872
//	all_model_checkpoint_timestamps: 1795385952.4478655
//	last_preserved_timestamp: 1795385951.3869834
//
// It is a protocol buffer (CheckpointState) as text. [State.Append] writes it byte for byte as TensorFlow does;
// Parse reads every spelling that TensorFlow's parser (text_format.Merge) reads.
//
// Stored paths are relative to the file's directory, so that the directory can be moved, unless they are absolute.
// State.Stored converts the paths that programs use into those of the file; State.In converts them back.
package state
