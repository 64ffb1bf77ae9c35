// Package torch reads the files of PyTorch: what torch.save writes, called .pt, .pth, .bin or .ckpt.
//
// # The files
//
// Since PyTorch 1.6 a file is a ZIP archive with one directory, the name of which does not matter:
//
//	archive/data.pkl     a pickle of the saved object
//	archive/data/0       the bytes of storage "0", as they were in memory
//	archive/byteorder    "little" or "big"; little where it is missing
//	archive/version      of the archive's form, up to 10
//
// Before that it was pickles that follow one another - a magic number, the version 1001, a dict about the machine, the saved
// object, the list of storages - and then for each storage its number of elements, eight bytes, and the elements, all
// little-endian. Files older than PyTorch 0.1.10 are tar archives, which are refused.
//
// A pickle that pickle.dump wrote is read too: each of its storages is a whole file of the older form.
//
// In the pickle a tensor is a call of a function that makes one of a storage, an offset, a shape and strides. The storage is a
// persistent id: its type, its key, its device and its number of elements. Tensors may share a storage.
//
// # What is read
//
// The pickle is read as data ([github.com/gockpt/ckpt/internal/pickle]). No function of Python is called. A call of one that is not
// listed in globals.go ends the reading with an error that names it, wherever in the file it is.
//
// The tensors of the saved object get the path to them for a key: the keys of dicts and the indexes of lists and tuples, joined by dots,
// such as "optimizer.state.0.exp_avg". A file that is one tensor has the key "". NumPy's arrays are tensors too, and so
// are bare storages. Numbers and strings are not.
//
// Instances of classes that are not known are passed over where they hold no tensors, as a training program's configuration does;
// dict and list subclasses are read for their items. Where an instance holds tensors otherwise, the error names the class. So it is with a
// whole pickled module and with a TorchScript archive: the errors say how to save what can be read.
//
// Sparse, quantized, nested and meta tensors, and views that PyTorch conjugates or negates when they are read, are listed, and
// reading them is an error.
//
// # Names of one tensor
//
// Two keys with the same storage, offset, shape and strides are one tensor, as tied weights are. [Reader.Graph] has one node for them,
// to which several edges lead. The reader itself has both keys.
//
// # What is trusted
//
// Nothing. What is read is bounded by the size of the file: see [github.com/gockpt/ckpt/internal/pickle],
// [github.com/gockpt/ckpt/internal/zipfile], [github.com/gockpt/ckpt/format/raw], and limits.go for the paths that values have. Errors are
// of type [*raw.Error]. There are checksums in ZIP archives, but PyTorch ignores those of storages, and may leave them out.
package torch
