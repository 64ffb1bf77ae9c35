// Package keras reads and writes the files in which Keras keeps models and weights:
//
//   - .keras archives (Keras 2.13 and later): config.json, metadata.json and model.weights.h5 in a ZIP file, or unpacked in a directory
//   - .weights.h5 files of Keras 3
//   - sharded weights of Keras 3.10 and later: a .weights.json that lists .weights.h5 files beside it
//   - .h5 and .hdf5 files of Keras 2.0 to 3: whole models and weights alone
//
// [Open] tells them apart by their contents. The HDF5 in them is read by package hdf5, which says what it does not read.
//
// # Keys
//
// The key of a tensor is its path in the HDF5 file, such as layers/dense_1/vars/0 or model_weights/dense/dense/kernel:0.
// Optimizers' variables are listed like all others.
//
// # Names
//
// [Reader.Graph] makes a graph in which a weight is reached by every name that a person would use for it. Keras 3 stores a layer under
// a name made of its class (layers/dense_1, also where Windows made it layers\dense_1) and its variables as numbers. A layer is a child of
// layers and of the model itself, by
//
//   - the name it was given (name="head"): newer files have it beside the weights, archives in config.json
//   - the name it is stored under (dense_1), unless another layer was given that name
//
// and a variable is a child of its layer, by
//
//   - vars/0, vars/1, … in numeric order
//   - the name that Keras's classes give it (kernel, bias, gamma, …) where the class is known, or where ranks and number leave no doubt
//
// A name is also there with an underscore in front (_kernel, _query_dense): some attributes of Keras's classes have one. Where a list holds
// objects of one class they are numbered too. In legacy files layers have their given names alone and variables are named.
//
// [Reader.GraphFor] adds the edges by which a model made from Keras's description finds its layers.
//
// # What is trusted
//
// Nothing: see packages hdf5 and raw and internal/zipfile for the bounds. config.json is looked at for names only, and one that cannot
// be understood leaves names out. Nothing in a file is run.
package keras
