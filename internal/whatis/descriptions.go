package whatis

import (
	"path/filepath"
	"strings"
)

const (
	unpack   = "unpack it: "
	original = "it has no names that a program can load by: load the checkpoint that it was converted from"
)

// standIns describes files that may lie in the place of any other. No other file begins like them, even if it is damaged.
var standIns = []description{
	{"a Git LFS pointer, not the file that it stands for", "get the file: git lfs pull --include NAME", func(f *file) bool { return f.starts("version https://git-lfs.github.com/spec/") }},
	{"a web page", "it was downloaded from a page about the file, or the download needs a login: get the file itself", (*file).isHTML},
}

// descriptions describes all other files. The first that fits counts. Those that check bytes come before those that check names.
var descriptions = []description{
	{"an empty file", "it was not written to its end, or not downloaded: get it again", func(f *file) bool { return f.size == 0 }},
	{"a state file, which names checkpoints", "give its directory, or the prefix of one of them", func(f *file) bool { return f.isText() && f.mentions("model_checkpoint_path:") }},

	// Archives.
	{"a ZIP archive that was cut off", "get it again", func(f *file) bool { return f.cut }},
	{"a TorchScript or exported program of PyTorch", "save its weights: " + python("import torch; torch.save(torch.export.load(sys.argv[1]).state_dict, 'weights.pt')"),
		func(f *file) bool {
			return f.member("serialized_exported_program.json", "models/model.json", "archive_format")
		}},
	{"a package of PyTorch's torch.package", "load its model in Python and save model.state_dict() with torch.save", func(f *file) bool { return f.member(".data/extern_modules") }},
	{"a Core ML package in a ZIP archive", original, func(f *file) bool { return f.member("com.apple.CoreML/model.mlmodel") }},
	{"a ZIP archive with checkpoints in it", unpack + "unzip PATH", func(f *file) bool {
		return f.member(".safetensors", ".h5", ".hdf5", ".keras", ".npz", ".pt", ".pth", ".bin", ".ckpt", ".gguf", ".index", "saved_model.pb")
	}},
	{"a ZIP archive that holds no checkpoint", "give the file with the weights", func(f *file) bool { return f.members != nil }},
	{"a file compressed by gzip", unpack + "gunzip PATH", func(f *file) bool {
		return f.starts("\x1f\x8b") && f.called(".gz") && !f.called(".tar.gz") && !f.isCompressedTar()
	}},
	{"a tar archive compressed by gzip", unpack + "tar -xzf PATH", func(f *file) bool {
		return f.starts("\x1f\x8b") && (f.called(".tar.gz", ".tgz") || f.isCompressedTar())
	}},
	{"a file compressed by gzip", unpack + "gunzip -c PATH >STEM", func(f *file) bool { return f.starts("\x1f\x8b") }},
	{"a file compressed by bzip2", unpack + "bunzip2 PATH", func(f *file) bool { return f.starts("BZh") }},
	{"a file compressed by xz", unpack + "unxz PATH", func(f *file) bool { return f.starts("\xfd7zXZ\x00") }},
	{"a file compressed by Zstandard", unpack + "unzstd PATH", func(f *file) bool { return f.starts("\x28\xb5\x2f\xfd") }},
	{"a file compressed by LZ4", unpack + "unlz4 PATH", func(f *file) bool { return f.starts("\x04\x22\x4d\x18") }},
	{"a 7z archive", unpack + "7z x PATH", func(f *file) bool { return f.starts("7z\xbc\xaf\x27\x1c") }},
	{"a RAR archive", unpack + "unrar x PATH", func(f *file) bool { return f.starts("Rar!\x1a\x07") }},
	{"a file of PyTorch before 0.1.10, a tar archive", "load it with a PyTorch of before 2.0 and save it again", func(f *file) bool { return f.at(257, "ustar") && f.starts("sys_info", "./sys_info", "storages") }},
	{"a tar archive", unpack + "tar -xf PATH", func(f *file) bool { return f.at(257, "ustar") }},

	// Models of other programs, recognized by their bytes.
	{"a TensorFlow Lite model", original, func(f *file) bool { return f.at(4, "TFL3") }},
	{"an ExecuTorch program", original, func(f *file) bool { return f.at(4, "ET1") }},
	{"a TensorRT engine", original, func(f *file) bool { return f.starts("ftrt", "ptrt") }},
	{"weights of llama.cpp in the form before GGUF", "convert it with the script convert_llama_ggml_to_gguf.py of llama.cpp", func(f *file) bool { return f.starts("lmgg", "fmgg", "tjgg", "algg") }},
	{"a MATLAB file", "save what it holds in Python: " + python("import numpy, scipy.io; numpy.savez('weights.npz', **{k: v for k, v in scipy.io.loadmat(sys.argv[1]).items() if k[0] != '_'})"), func(f *file) bool { return f.starts("MATLAB ") }},
	{"a Parquet file", "it holds tables, not weights", func(f *file) bool { return f.starts("PAR1") }},
	{"parameters of MXNet", "save them in Python: " + python("import mxnet, numpy; numpy.savez('weights.npz', **{k: v.asnumpy() for k, v in mxnet.nd.load(sys.argv[1]).items()})"), func(f *file) bool { return f.starts("\x12\x01\x00\x00\x00\x00\x00\x00") }},
	{"a model of scikit-learn, or of joblib", "save its arrays in Python: numpy.savez('weights.npz', coef=model.coef_)", func(f *file) bool { return f.isForeignPickle() || f.starts("ZF0x") }},
	{"a Flax checkpoint in MessagePack", "convert it: " + python("from flax.serialization import msgpack_restore as r; from flax.traverse_util import flatten_dict as f; import safetensors.flax as s; "+
		"s.save_file(f(r(open(sys.argv[1], 'rb').read()), sep='.'), 'weights.safetensors')"), (*file).isMessagePack},
	{"a checkpoint of MindSpore", "convert it: " + python("import mindspore, numpy; numpy.savez('weights.npz', **{k: v.asnumpy() for k, v in mindspore.load_checkpoint(sys.argv[1]).items()})"), (*file).isMindSpore},

	// Protocol buffers have similar beginnings, so descriptions that check a specific name come first.
	{"a SavedModel's graph", "give its directory", func(f *file) bool { return f.called("saved_model.pb", "saved_model.pbtxt") }},
	{"the graph that TensorFlow 1 wrote beside a checkpoint", "name the checkpoint, without .meta", func(f *file) bool { return f.called(".meta") }},
	{"a Core ML model", original, func(f *file) bool { return f.called(".mlmodel") }},
	{"events for TensorBoard", "give the checkpoint beside it", func(f *file) bool { return strings.Contains(filepath.Base(f.name), ".tfevents.") }},
	{"an ONNX model", "save its weights: " + python("import numpy, onnx; from onnx.numpy_helper import to_array; "+
		"numpy.savez('weights.npz', **{t.name: to_array(t) for t in onnx.load(sys.argv[1]).graph.initializer})"), (*file).isONNX},
	{"a graph of TensorFlow without variables", original, func(f *file) bool { return f.called(".pb", ".pbtxt") }},

	{"a part of a distributed checkpoint of PyTorch", "give its directory", func(f *file) bool { return f.called(".distcp") }},

	// Text.
	{"a model of TensorFlow.js", "convert it: tensorflowjs_converter --input_format tfjs_layers_model --output_format keras PATH model.h5", func(f *file) bool {
		return f.isJSON() && f.mentions(`"weightsManifest"`, `"modelTopology"`, "TensorFlow.js")
	}},
	{"a model of OpenVINO", original, func(f *file) bool { return f.isText() && f.mentions("<net ") }},
	{"a Keras model's configuration", "give the file with its weights", func(f *file) bool { return f.isJSON() && f.mentions(`"class_name"`) }},
	{"a text file in JSON", "it describes a model or a checkpoint: give the file with the weights", (*file).isJSON},
	{"a text file", "give the file with the weights", (*file).isText},
	{"a weight file of TensorFlow.js", "give model.json beside it", func(f *file) bool { return f.called(".bin") && strings.Contains(filepath.Base(f.name), "-shard") }},
}

// directories describes directories.
var directories = []description{
	{"the variables of a SavedModel", "give the directory above it", func(f *file) bool { return f.called("variables") && f.has("variables.index") }},
	{"a checkpoint of Orbax", "convert it: " + python("import orbax.checkpoint as o, numpy, jax; "+
		"numpy.savez('weights.npz', **{'.'.join(str(getattr(k, 'key', getattr(k, 'idx', k))) for k in p): v for p, v in jax.tree_util.tree_flatten_with_path(o.PyTreeCheckpointer().restore(sys.argv[1]))[0]})"),
		func(f *file) bool {
			return f.has("_CHECKPOINT_METADATA", "_METADATA", "manifest.ocdbt", "ocdbt.process_0")
		}},
	{"the directory of Orbax's CheckpointManager", "give the directory of one of its steps", func(f *file) bool { return f.orbax }},
	{"a model of TensorFlow.js", "convert it: tensorflowjs_converter --input_format tfjs_layers_model --output_format keras PATH/model.json model.h5", func(f *file) bool { return f.has("model.json") && f.hasEnding(".bin") }},
	{"a Core ML package", original, func(f *file) bool { return f.has("Manifest.json") && f.has("Data") }},
	{"a Zarr store", "save its arrays in Python with numpy.savez", func(f *file) bool { return f.has(".zgroup", ".zarray", "zarr.json") }},
	{"a distributed checkpoint of PyTorch", "convert it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch PATH weights.pt", func(f *file) bool { return f.has(".metadata") && f.hasEnding(".distcp") }},
	{"a checkpoint of DeepSpeed", "convert it: python PATH/zero_to_fp32.py PATH weights.pt", func(f *file) bool { return f.has("zero_to_fp32.py") }},
	{"a directory of ONNX models", "give one of its files", func(f *file) bool { return f.hasEnding(".onnx") }},
}
