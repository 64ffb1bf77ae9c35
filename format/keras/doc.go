// Package keras reads and writes Keras's files of models and weights:
//
//   - .keras archives (Keras 2.13 and later): config.json, metadata.json and model.weights.h5 in a ZIP file, or unpacked in a directory
//   - .weights.h5 files of Keras 3
//   - sharded weights of Keras 3.10 and later: a .weights.json that lists .weights.h5 files beside it
//   - .h5 and .hdf5 files of Keras 2.0 to 3: whole models and weights alone
//
// [Open] recognizes the kind of a file by its contents. Package hdf5 reads the HDF5 in them, and documents
// the features that it does not support.
//
// # Keys
//
// The key of a tensor is its path in the HDF5 file, such as layers/dense_1/vars/0 or model_weights/dense/dense/kernel:0.
// Optimizers' variables are listed like all others.
//
// # Names
//
// Reader.Graph returns a graph in which every name that a person would use for a weight leads to it. Keras 3
// stores a layer under a name made of its class (layers/dense_1, or layers\dense_1 on Windows) and numbers
// its variables. A layer is a child of layers and of the model itself, by
//
//   - its given name (name="head"): newer files store it beside the weights, archives in config.json
//   - its stored name (dense_1), unless it is another layer's given name
//
// and a variable is a child of its layer, by
//
//   - vars/0, vars/1, … in numeric order
//   - its name in Keras's classes (kernel, bias, gamma, …) if the class is known, or if the ranks and the number of variables determine it
//
// Each name also works with an underscore in front (_kernel, _query_dense), because some attributes of Keras's classes have
// one. If all objects in a list are of one class, their indexes work too. In legacy files layers have given names only, and
// variables have names.
//
// Reader.GraphFor adds edges by which a model that was made from Keras's description finds its layers.
//
// # What is trusted
//
// The package trusts nothing in a file: see packages hdf5 and raw and internal/zipfile for the limits. The
// package takes only names from config.json; if it cannot understand the file, names are missing. It never
// runs code from a file.
package keras
