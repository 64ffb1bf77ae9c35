// Package whatis tells by their contents which files hold weights, and what the files are that people take for them.
//
// [Format] names the format of a file that the module reads. It looks at the first bytes, and into ZIP archives at the names of the
// members, since NumPy, Keras and PyTorch all use them. A file's name decides nothing that its bytes can tell.
//
// [Describe] says of any other file what it is, and the one thing to do to get something that can be read. It knows the files of other programs
// for machine learning (ONNX, TensorFlow Lite, Core ML, Flax …), archives, and what a failed download leaves.
//
// Both read a few kilobytes, of an archive its directory, and of a directory the names in it.
package whatis
