// Package torch reads the files of PyTorch's torch.save. They have the extensions .pt, .pth, .bin or .ckpt.
//
// # The files
//
// Since PyTorch 1.6 a file is a ZIP archive with one directory of any name:
//
//	archive/data.pkl     a pickle of the saved object
//	archive/data/0       the bytes of storage "0", as they were in memory
//	archive/byteorder    "little" or "big"; little where it is missing
//	archive/version      of the archive's form, up to 10
//
// Older files are a sequence of pickles: a magic number, the version 1001, a dict about the machine, the saved object, and
// the list of storages. For each storage, the number of elements in eight bytes and the elements follow, all little-endian.
// Files older than PyTorch 0.1.10 are tar archives, which the package rejects.
//
// The package also reads pickles that pickle.dump wrote. Each storage in them is a whole file of the older form.
//
// In the pickle a tensor is a call of a function that makes a tensor from a storage, an offset, a shape and strides. The
// storage is a persistent id: its type, key, device and number of elements. Tensors may share a storage.
//
// # What is read
//
// The pickle is read as data ([github.com/gockpt/ckpt/internal/pickle]). It never runs Python code. If the pickle calls a
// function that is not listed in globals.go, reading fails with an error that names the function.
//
// The key of a tensor is its path in the saved object: the keys of dicts and the indexes of lists and tuples, joined by
// dots, such as "optimizer.state.0.exp_avg". If the saved object is a tensor its key is "". NumPy's arrays and bare storages
// are tensors too. Numbers and strings are not.
//
// Instances of unknown classes are skipped if they do not hold tensors, such as a training program's configuration. The
// items of dict and list subclasses are read. If any other instance holds tensors, the error names the class. Whole pickled
// modules and TorchScript archives are errors that say how to save a file that the package can read.
//
// Sparse, quantized, nested and meta tensors are listed, but reading them returns an error. So are views that PyTorch conjugates
// or negates when it reads them.
//
// # Names of one tensor
//
// Two keys with the same storage, offset, shape and strides are one tensor, such as tied weights. Reader.Graph has one node
// for it, and an edge to the node for each key. The reader itself has both keys.
//
// # What is trusted
//
// Nothing. The size of the file bounds memory and time: see [github.com/gockpt/ckpt/internal/pickle],
// [github.com/gockpt/ckpt/internal/zipfile], [github.com/gockpt/ckpt/format/raw], and limits.go for the lengths of paths.
// Errors are of type *raw.Error. ZIP archives have checksums, but PyTorch ignores those of storages, and may leave them out.
package torch
