// Package ckpt reads trained weights into plain Go structs and writes them back. It reads and writes TensorFlow checkpoints,
// byte for byte, and reads the files of Keras, PyTorch, safetensors, NumPy and GGUF.
//
//	var model Model
//	err := ckpt.LoadWeights(ctx, "model.safetensors", &model)
//
// Package [github.com/gockpt/ckpt/layers] has layers that run, and package [github.com/gockpt/ckpt/keras] loads whole Keras models.
// Weights files do not hold activations, strides or epsilons: set these on the structs.
//
// # Loading a model
//
// [LoadWeights] fills a struct from a checkpoint, and [SaveWeights] writes a checkpoint from a struct. Every value in the struct
// must be in the checkpoint; otherwise the error lists what is missing. Other values in the checkpoint, such as an optimizer's, are
// ignored. [At] starts at an object within the checkpoint. [Partial] lets values be missing; [Strict] rejects extra ones.
//
// If an object of the model has values in the checkpoint, the checkpoint may not hold further values for the same object that have no
// field: the layer would compute something else without them. [IgnoreUnknown] ignores such values. Objects that the model does not
// declare, such as another head, are ignored with all of their values.
//
// Fields that the checkpoint lacks are an error, including nil fields and objects with optional values only, unless the tag of the
// field says optional. If the options of a layer fix a shape, it is compared before anything is assigned.
//
// # Training
//
// A [Checkpoint] is made of a [Group] of named objects, or of one root object. [Checkpoint.Save] numbers its files, counts in
// save_counter, which is part of what is saved, and names the latest in the directory's `checkpoint` file; [Checkpoint.Write]
// writes just what it is told. [Checkpoint.Restore] and [Checkpoint.Read] assign values at once and return a [Status],
// with TensorFlow's assertions; [Status.Report] reports what happened to every value. A [Manager] keeps the last few
// checkpoints of a directory.
//
// # Structs and tags
//
// A checkpoint stores a graph of objects with named edges; the edges of a struct are its fields. Without a tag an exported
// field is tracked, under its name in snake case, if its type can hold a tensor: a [github.com/gockpt/ckpt/tensor.Tensor], a
// struct, pointer, slice, array, map with string keys or interface that leads to one, a [Variable] or [Tensors]. Numbers,
// strings and slices of them are hyper-parameters unless a tag says that they are variables. Embedded structs are inlined; one behind a
// nil pointer is made by a restore that has one of its edges.
// A type defined as a tensor is a tensor. So is a struct that embeds a tensor or a [Variable] and has nothing else to save. If it has
// something else to save, it must tag the embedded field, which then is an edge.
// The tag is
//
//	`ckpt:"name,option,…"`
//
// The name may be left out. "-" excludes the field. A name with a comma is quoted, as in `ckpt:"'a,b'"`. The options are
//
//	alias=other       a name also accepted when restoring; may be repeated
//	optional          may be absent from the checkpoint
//	alloc             Restore allocates a nil pointer, slice or map when the checkpoint has a node for it
//	inline            its edges become the parent's own
//	shape=2x3         a flat slice is saved as that shape
//	fullname=a/b      the variable's global name; by default its edges from the root joined by "/"
//	cast              convert from the stored dtype on restore, where the values fit
//
// A mistake in a tag is a *[TagError] from [New], before anything is read or written.
//
// One object is one node, however many edges lead to it. Its identity is the pointer, or for a slice or map the variable that
// holds it. Slices and arrays have the edges "0", "1", …; the edges of a map are its keys, sorted. A nil pointer, slice, map
// or interface is not an object. A tensor that is not built is a variable of any shape: a restore builds it, saving leaves it
// out. An object that implements [encoding.BinaryMarshaler] and [encoding.BinaryUnmarshaler] and is tagged is stored as one
// string of opaque state. A struct that embeds [Module] can have further children attached by name while the program runs.
//
// # Matching
//
// A restore follows the edges of the stored graph and of the program's graph from the two roots. It does not use the keys of the
// tensors. Values for objects that do not exist yet wait for them: each method of Status, and [Status.Update], first looks for new
// edges. Everything that matched is checked (dtype, shape, size, place in the files)
// before the first byte is assigned; bytes go straight into the program's memory, and every checksum is verified.
//
// # Names
//
// TensorFlow 1's checkpoints have no objects, only variables by their global names. A restore matches them by name, with a
// warning; a [Saver] writes and reads them, and [AssignFromCheckpoint] takes values from under other names. A variable's
// name is its tag's fullname= or what [FullName] says, else what a [VariableNamer] above it or, for slot variables, a
// [SlotNamer] says, else its edges.
//
// # Optimizers and custom savers
//
// A [SlotOwner] keeps slot variables as TensorFlow's older optimizers do; the packages below optimizers have all of
// TensorFlow's as data. An [ObjectSaver] saves related objects together, in its own form.
//
// # Errors
//
// Errors say which file, which key, which value of the model (in TensorFlow's and in Go's form), and what to do. errors.Is finds
// [ErrNotFound], [ErrCorrupt], [ErrMismatch], [ErrNotTrackable] and the package's others; errors.As finds *[MismatchError],
// *[ValueError], *[RestoreError] and *[TagError].
//
// # Caveats
//
// Go maps have no order: their entries are saved sorted by key. Slices are read when they are saved; earlier replacements of elements go
// unnoticed. Values stored in interfaces or maps are not addressable; they are copied, and put back after a restore. The order of several restores is
// kept per Checkpoint. Values that a failed restore has already assigned stay assigned, and its *RestoreError lists them; the option
// [Atomic] prevents that.
package ckpt
