// Package ckpt loads trained weights into plain Go structs and saves them again. It reads and writes TensorFlow checkpoints byte
// for byte. It also reads the files of Keras, PyTorch, safetensors, NumPy and GGUF.
//
//	var model Model
//	err := ckpt.LoadWeights(ctx, "model.safetensors", &model)
//
// Package [github.com/gockpt/ckpt/layers] has layers that run, and package [github.com/gockpt/ckpt/keras] loads whole Keras models.
// Weights files do not hold activations, strides or epsilons: set these on the structs.
//
// # Loading a model
//
// [LoadWeights] fills a struct from a checkpoint, and [SaveWeights] writes a checkpoint from a struct. Every value and object that
// the struct declares must be in the checkpoint, unless its tag says optional; otherwise the error lists what is missing. Nil fields
// count as declared. [Partial] lets values be missing. If the options of a layer fix a shape, the stored shape is compared with it
// before anything is assigned.
//
// Values of objects that the struct does not declare, such as an optimizer or another head, are ignored; [Strict] rejects them. A
// value inside an object of the struct that has no field for it is an error, because the layer would compute wrong results without
// it; [IgnoreUnknown] ignores such values. [At] starts at an object within the checkpoint.
//
// # Paths and options
//
// A TensorFlow checkpoint is several files, such as run/ckpt-7.index and run/ckpt-7.data-00000-of-00001. The common beginning of
// their paths, run/ckpt-7, is the checkpoint's prefix. A state file, called `checkpoint`, names the latest checkpoint in its directory.
// Functions that read take the prefix, one of the files or the directory: see [Open]. With [In] a path is a name in an object store,
// with [WithFS] a path in an fs.FS.
//
// Each function has its own type of options, and an option of another function does not compile. An option of [New] applies to every
// call on the Checkpoint that takes it.
//
// # Training
//
// A [Checkpoint] has a [Group] of named objects, or one root object. [Checkpoint.Save] numbers its files, saves the number as
// save_counter, and names the checkpoint in the directory's state file. [Checkpoint.Write] writes to exactly the given path,
// without a number. [Checkpoint.Restore] and [Checkpoint.Read] assign values at once and return a [Status], with TensorFlow's
// assertions; [Status.Report] reports what happened to every value. A [Manager] keeps the last few checkpoints of a directory.
//
// # Structs and tags
//
// A checkpoint stores a graph of objects with named edges; the edges of a struct are its fields. Without a tag an exported field
// is tracked if its type can hold a tensor. Its name is then in snake case. Such a type is a
// [github.com/gockpt/ckpt/tensor.Tensor], a [Variable], [Tensors], or a struct, pointer, slice, array, map with string keys or
// interface that leads to one of these. Numbers, strings and slices of them are hyper-parameters unless a tag says that they are
// variables. Embedded structs are inlined. If an embedded pointer is nil, a restore allocates the struct if the checkpoint has
// one of its edges. A type defined as a tensor is a tensor. So is a struct that embeds a tensor or a [Variable] and has nothing
// else to save. If it has something else to save, it must tag the embedded field, which then is an edge. The tag is
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
//	pytorch=weight:10 PyTorch's name, and for each axis the number of the stored axis; see package layout
//
// A mistake in a tag is a *[TagError] from [New], before anything is read or written.
//
// One object is one node, however many edges lead to it. Its identity is the pointer, or for a slice or map the variable that
// holds it. Slices and arrays have the edges "0", "1", …; the edges of a map are its keys, sorted. A nil pointer, slice, map
// or interface is not an object. A tensor that is not built, which is its zero value, is a variable of any shape: a restore builds
// it, saving leaves it out. An object that implements [encoding.BinaryMarshaler] and [encoding.BinaryUnmarshaler] and is tagged is stored as one
// string of opaque state. A struct that embeds [Module] can have further children attached by name while the program runs.
//
// # Matching
//
// A restore follows the edges of the stored graph and of the program's graph from the two roots. It does not use the keys of the
// tensors. Values for objects that do not exist yet wait for them: each method of Status, such as [Status.Update], first looks for
// new edges. The dtype, shape, size and offset of everything that matched are checked before the first byte is assigned. Bytes are
// read directly into the program's memory, and every checksum is verified.
//
// # Names
//
// TensorFlow 1's checkpoints are name-based: they have no objects, only variables by their global names. A restore matches them by
// name, with a warning; a [Saver] writes and reads them, and [AssignFromCheckpoint] assigns values that have other names. A variable's name is
// the fullname= of its tag or the name in [FullName]. Otherwise it comes from a [VariableNamer] above it or, for slot variables,
// from a [SlotNamer]. Otherwise it is the path of edges.
//
// # Optimizers and custom savers
//
// A [SlotOwner] keeps slot variables as TensorFlow's older optimizers do; the packages below optimizers have all of
// TensorFlow's as data. An [ObjectSaver] saves related objects together, in its own form.
//
// # Errors
//
// Errors name the file, the key and the value of the model (in TensorFlow's and in Go's form), and say what
// to do. errors.Is finds [ErrNotFound], [ErrCorrupt], [ErrMismatch], [ErrNotTrackable] and the package's
// others; errors.As finds *[MismatchError], *[ValueError], *[RestoreError] and *[TagError].
//
// # Caveats
//
// Go maps have no order: their entries are saved sorted by key. A save reads a slice's elements at that time, and does not notice
// that an element was replaced before. Values stored in interfaces or maps are not addressable; they are copied, and written back
// after a restore. If two Checkpoints restore one object, values that
// wait for the older restore may replace newer ones. If a restore fails, values that it has already
// assigned stay assigned, and its *RestoreError lists them; the option [Atomic] prevents that.
package ckpt
