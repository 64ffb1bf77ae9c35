// Package whatis recognizes files with weights by their contents, and describes files that people mistake for them.
//
// [Format] names the format of a file that the module can read. It looks at the first bytes and, in a ZIP archive, at the names
// of the members, because NumPy, Keras and PyTorch all use ZIP. It looks at a file's name only if the bytes do not decide.
//
// [Describe] describes any other file, and names a single step to get something that can be read. It knows the files of other
// machine learning programs (ONNX, TensorFlow Lite, Core ML, Flax …), archives, and the results of failed downloads.
//
// Both read a few kilobytes, the directory of an archive, and the names in a directory.
package whatis
