// Package makers holds its tests only. They read and write the files of other makers, from Keras and PyTorch to NumPy and llama.cpp, by
// the verbs that also serve TensorFlow's.
package makers
