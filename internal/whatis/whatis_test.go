package whatis_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/whatis"
)

func zipOf(t testing.TB, names ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		_, err := w.Create(n)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

func gzipOf(t testing.TB, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestFormat(t *testing.T) {
	const magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
	for _, c := range []struct{ name, data, want string }{
		{"m.safetensors", "\x02\x00\x00\x00\x00\x00\x00\x00{}", "safetensors"},
		{"renamed.pt", "\x02\x00\x00\x00\x00\x00\x00\x00{}", "safetensors"},
		{"m.h5", "\x89HDF\r\n\x1a\n", "hdf5"},
		{"m.gguf", "GGUF\x03\x00\x00\x00", "gguf"},
		{"a.npy", "\x93NUMPY\x01\x00", "npz"},
		{"a.npz", zipOf(t, "w.npy", "b.npy"), "npz"},
		{"m.keras", zipOf(t, "metadata.json", "config.json", "model.weights.h5"), "keras"},
		{"m.pt", zipOf(t, "m/version", "m/data.pkl", "m/data/0"), "pytorch"},
		{"arrays.pt", zipOf(t, "m/data.pkl", "m/w.npy"), "pytorch"},
		{"old.pth", "\x80\x02" + magic, "pytorch"},
		{"framed.pth", "\x80\x04\x95\x0d\x00\x00\x00\x00\x00\x00\x00" + magic, "pytorch"},
		{"first.pth", "L119547037146038801333356L\n.", "pytorch"},
		{"m.pkl", "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}.", "pytorch"},
		{"model.safetensors.index.json", `{"metadata": {}}`, "safetensors"},
		{"index.json", `{"weight_map": {"w": "a.safetensors"}}`, "safetensors"},
		{"pytorch_model.bin.index.json", `{"metadata": {}}`, "pytorch"},
		{"m.weights.json", `{"metadata": {}}`, "keras"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fsx.FromFS(fstest.MapFS{c.name: {Data: []byte(c.data)}})
			got, ok, err := whatis.Format(fsys, c.name)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, c.want, got)
			_, _, ok = whatis.Describe(fsys, c.name)
			require.False(t, ok, "what can be read needs no description")
		})
	}
}

func TestDescribe(t *testing.T) {
	lfs := "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
	for _, c := range []struct{ name, data, what, todo string }{
		{"m.bin", "", "an empty file", "get it again"},
		{"m.safetensors", lfs, "a Git LFS pointer, not the file that it stands for", "get the file: git lfs pull --include m.safetensors"},
		{"it's.bin", lfs, "a Git LFS pointer, not the file that it stands for", `git lfs pull --include 'it'\''s.bin'`},
		{"m.pt", "\n<!DOCTYPE html><html>", "a web page", "get the file itself"},
		{"checkpoint", "model_checkpoint_path: \"m-1\"\n", "a state file, which names checkpoints", "give its directory"},
		{"m.pt2", zipOf(t, "m/serialized_exported_program.json"), "a TorchScript or exported program of PyTorch", "torch.export.load"},
		{"p.pt", zipOf(t, "p/.data/extern_modules"), "a package of PyTorch's torch.package", "model.state_dict()"},
		{"models.zip", zipOf(t, "a/model.safetensors"), "a ZIP archive with checkpoints in it", "unzip models.zip"},
		{"x.zip", zipOf(t, "readme.txt"), "a ZIP archive that holds no checkpoint", ""},
		{"cut.pt", zipOf(t, "m/data.pkl")[:20], "a ZIP archive that was cut off", "get it again"},
		{"m.pt.gz", "\x1f\x8b\x08", "a file compressed by gzip", "gunzip m.pt.gz"},
		{"m.tar.gz", "\x1f\x8b\x08", "a tar archive compressed by gzip", "tar -xzf m.tar.gz"},
		{"m.nemo", gzipOf(t, strings.Repeat("a", 257)+"ustar\x00"), "a tar archive compressed by gzip", "tar -xzf m.nemo"},
		{"m.bin", gzipOf(t, "weights"), "a file compressed by gzip", "gunzip -c m.bin >m"},
		{"__0_0.distcp", "\x01\x02\x03", "a part of a distributed checkpoint of PyTorch", "give its directory"},
		{"m.tar", strings.Repeat("a", 257) + "ustar\x00", "a tar archive", "tar -xf m.tar"},
		{"t.pt", "sys_info" + strings.Repeat("\x00", 249) + "ustar\x00", "a file of PyTorch before 0.1.10, a tar archive", "save it again"},
		{"m.7z", "7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x m.7z"},
		{"m.tflite", "\x1c\x00\x00\x00TFL3", "a TensorFlow Lite model", "load the checkpoint that it was converted from"},
		{"m.onnx", "\x08\x08\x12\x07pytorch\x1a\x052.0.0:", "an ONNX model", "onnx.load(sys.argv[1]).graph.initializer})\" m.onnx"},
		{"no_producer.onnx", "\x08\x0a:\x05hello", "an ONNX model", ""},
		{"saved_model.pb", "\x08\x01\x12\xf0\x01\x0a\x0f", "a SavedModel's graph", "give its directory"},
		{"m.mlmodel", "\x08\x04\x12\x05\x0a\x03", "a Core ML model", ""},
		{"frozen.pb", "\x0a\x10\x0a\x01x", "a graph of TensorFlow without variables", ""},
		{"m-1.meta", "\x0a\x10", "the graph that TensorFlow 1 wrote beside a checkpoint", "without .meta"},
		{"flax_model.msgpack", "\x81\xa6params\x82", "a Flax checkpoint in MessagePack", "'weights.safetensors')\" flax_model.msgpack"},
		{"long.msgpack", "\xde\x00\x10\xd9\x06params\x82", "a Flax checkpoint in MessagePack", ""},
		{"m.ckpt", "\x0a\x1c\x0a\x03w.b\x12\x15\x08\x02\x12\x07Float32\x1a\x08", "a checkpoint of MindSpore", "mindspore.load_checkpoint"},
		{"model.pkl", "\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x1asklearn.linear_model._base\x94", "a model of scikit-learn, or of joblib", "numpy.savez"},
		{"model.json", `{"format": "layers-model", "generatedBy": "keras", "convertedBy": "TensorFlow.js Converter v4"`, "a model of TensorFlow.js", "tensorflowjs_converter"},
		{"config.json", `{"architectures": ["BertModel"]}`, "a text file in JSON", "give the file with the weights"},
		{"model.json", `{"class_name": "Sequential"}`, "a Keras model's configuration", "give the file with its weights"},
		{"m.xml", `<?xml version="1.0"?><net name="x">`, "a model of OpenVINO", ""},
		{"readme.md", "# A model\n", "a text file", ""},
	} {
		t.Run(c.what+" "+c.name, func(t *testing.T) {
			fsys := fsx.FromFS(fstest.MapFS{c.name: {Data: []byte(c.data)}})
			what, todo, ok := whatis.Describe(fsys, c.name)
			require.True(t, ok)
			require.Equal(t, c.what, what)
			require.Contains(t, todo, c.todo)
			require.NotContains(t, todo, "PATH")
			require.NotContains(t, todo, "\n")
			_, ok, _ = whatis.Format(fsys, c.name)
			require.False(t, ok)
		})
	}
}

func TestDescribeDirectories(t *testing.T) {
	for _, c := range []struct {
		files string
		dir   string
		what  string
	}{
		{"m/variables/variables.index m/saved_model.pb", "m/variables", "the variables of a SavedModel"},
		{"o/_CHECKPOINT_METADATA o/manifest.ocdbt", "o", "a checkpoint of Orbax"},
		{"r/0/_CHECKPOINT_METADATA r/10/_CHECKPOINT_METADATA", "r", "the directory of Orbax's CheckpointManager"},
		{"t/model.json t/group1-shard1of1.bin", "t", "a model of TensorFlow.js"},
		{"c/Manifest.json c/Data/com.apple.CoreML/model.mlmodel", "c", "a Core ML package"},
		{"d/.metadata d/__0_0.distcp", "d", "a distributed checkpoint of PyTorch"},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := fstest.MapFS{}
			for _, name := range strings.Fields(c.files) {
				m[name] = &fstest.MapFile{}
			}
			what, todo, ok := whatis.Describe(fsx.FromFS(m), c.dir)
			require.True(t, ok)
			require.Equal(t, c.what, what)
			require.NotEmpty(t, todo)
		})
	}
}

func TestUnknown(t *testing.T) {
	m := fstest.MapFS{"noise": {Data: []byte("\x00\x01\x02\x03\xff\xfe")}, "dir/x": {}}
	for _, path := range []string{"noise", "dir", "nothing"} {
		what, _, ok := whatis.Describe(fsx.FromFS(m), path)
		require.False(t, ok, what)
		_, ok, _ = whatis.Format(fsx.FromFS(m), path)
		require.False(t, ok)
	}
}

func TestStandIn(t *testing.T) {
	fsys := fsx.FromFS(fstest.MapFS{"lfs": {Data: []byte("version https://git-lfs.github.com/spec/v1\n")}, "page": {Data: []byte("<html>")}, "text": {Data: []byte("text")}})
	for path, want := range map[string]bool{"lfs": true, "page": true, "text": false, "none": false, ".": false} {
		_, _, ok := whatis.StandIn(fsys, path)
		require.Equal(t, want, ok, path)
	}
}

// FuzzDescribe describes files with arbitrary contents.
func FuzzDescribe(f *testing.F) {
	f.Add("m.ckpt", "\x0a\x1c\x0a\x03w.b\x12\x15\x08\x02\x12\x07Float32\x1a\x08")
	f.Add("m.onnx", "\x08\x08\x12\x07pytorch\x1a\x052.0.0:")
	f.Add("m.msgpack", "\xdf\x00\x00\x00\x01\xd9\x06params")
	f.Add("m.pt", zipOf(f, "m/data.pkl"))
	f.Fuzz(func(t *testing.T, name, data string) {
		fsys := fsx.FromFS(fstest.MapFS{name: {Data: []byte(data)}})
		_, format, _ := whatis.Format(fsys, name)
		if _, _, ok := whatis.Describe(fsys, name); ok && format {
			t.Fatal("it can be read, and it is described")
		}
	})
}
