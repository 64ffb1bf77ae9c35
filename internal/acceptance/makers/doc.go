// Package makers holds only tests. They read and write the files of other makers, from Keras and PyTorch to NumPy and llama.cpp,
// with the same verbs as TensorFlow's files.
package makers
