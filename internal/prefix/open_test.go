package prefix_test

import (
	"encoding/binary"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/prefix"
)

// files makes a filesystem from names and contents.
func files(contents map[string]string) fsx.ReadFS {
	m := make(fstest.MapFS)
	for name, text := range contents {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsx.FromFS(m)
}

func place(contents map[string]string) prefix.Place {
	return prefix.Place{FS: files(contents), StateFile: "checkpoint", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// safetensors returns a file with one number under a key.
func safetensors(key string) string {
	header := `{"` + key + `":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + "\x00\x00\x80\x3f"
}

func TestOpenOtherFormats(t *testing.T) {
	p := place(map[string]string{
		"m.safetensors":                    safetensors("dense.kernel"),
		"renamed":                          safetensors("dense.kernel"),
		"hub/a.safetensors":                safetensors("dense.kernel"),
		"hub/model.safetensors.index.json": `{"metadata":{"total_size":4},"weight_map":{"dense.kernel":"a.safetensors"}}`,
		"hub/config.json":                  `{}`,
	})
	for _, path := range []string{"m.safetensors", "renamed", "hub", "hub/model.safetensors.index.json"} {
		t.Run(path, func(t *testing.T) {
			c, err := p.Open(path)
			require.NoError(t, err)
			defer c.Reader.Close()
			require.Equal(t, "safetensors", c.Format)
			g, err := c.Graph(t.Context())
			require.NoError(t, err)
			require.Equal(t, "dense", g.Nodes[0].Children[0].Name)
		})
	}
}

// The error for a file that is not a checkpoint says what the file is, and does not call it damaged.
func TestOpenOtherFiles(t *testing.T) {
	for name, tt := range map[string]struct{ name, text, says string }{
		"nothing":                 {"weights", "", "an empty file"},
		"a pointer of Git LFS":    {"weights", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"},
		"a pointer for an index":  {"weights.index", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"},
		"a web page":              {"weights", "\n<!DOCTYPE html><html>", "a web page"},
		"a SavedModel's graph":    {"saved_model.pb", "\x08\x01\x12", "give its directory"},
		"a graph of TensorFlow 1": {"model.ckpt.meta", "\x0a\x01\x12", "without .meta"},
		"a TensorFlow Lite model": {"model.tflite", "\x1c\x00\x01\x00TFL3", "TensorFlow Lite"},
		"a state file":            {"old-checkpoint", "model_checkpoint_path: \"ckpt-1\"\n", "give its directory"},
		"compressed":              {"weights.gz", "\x1f\x8b\x08", "unpack"},
		"a TAR archive":           {"weights.tar", strings.Repeat("\x01", 257) + "ustar", "unpack"},
		"JSON":                    {"config.json", "{\"a\": 1}", "JSON"},
		"noise":                   {"noise", "\x01\x02\x03\x04", "unknown format"},
		"anything":                {"notes.txt", "dear diary", "a text file"},
	} {
		t.Run(name, func(t *testing.T) {
			p := place(map[string]string{"d/" + tt.name: tt.text})
			_, err := p.Open("d/" + tt.name)
			require.ErrorIs(t, err, format.ErrFormat)
			require.NotErrorIs(t, err, format.ErrCorrupt)
			require.ErrorContains(t, err, "d/"+tt.name)
			require.ErrorContains(t, err, tt.says)
		})
	}
}

// The error for another program's directory says what the directory is.
func TestOpenOtherDirectories(t *testing.T) {
	for says, files := range map[string]map[string]string{
		"a checkpoint of Orbax":               {"d/_METADATA": "{}"},
		"a model of TensorFlow.js":            {"d/model.json": "{}", "d/group1-shard1of1.bin": "x"},
		"a distributed checkpoint of PyTorch": {"d/.metadata": "x", "d/__0_0.distcp": "x"},
		"a checkpoint of DeepSpeed":           {"d/zero_to_fp32.py": "x"},
		"a directory of ONNX models":          {"d/m.onnx": "x"},
	} {
		t.Run(says, func(t *testing.T) {
			_, err := place(files).Open("d")
			require.ErrorIs(t, err, format.ErrFormat)
			require.ErrorContains(t, err, "d is "+says+": ")
		})
	}
}

// A directory of weights is opened if only one file can be meant. Otherwise the error lists the files.
func TestOpenDirectoriesOfWeights(t *testing.T) {
	const index = `{"weight_map":{"w":"a.safetensors"}}`
	w := safetensors("w")
	for name, tt := range map[string]struct {
		files map[string]string
		says  string // "" if it is opened
	}{
		"the only file":               {map[string]string{"d/some.safetensors": w, "d/notes.txt": "x"}, ""},
		"the default":                 {map[string]string{"d/model.safetensors": w, "d/other.safetensors": w}, ""},
		"safetensors before others":   {map[string]string{"d/a.safetensors": w, "d/pytorch_model.bin": "x"}, ""},
		"the only file of any format": {map[string]string{"d/weights.pt": w, "d/config.json": "{}"}, ""},
		"the first of several":        {map[string]string{"d/m-00001-of-00012.gguf": w, "d/m-00002-of-00012.gguf": w, "d/m-00010-of-00012.gguf": w}, ""},
		"two files":                   {map[string]string{"d/a.safetensors": w, "d/b.safetensors": w}, "such as d/a.safetensors"},
		"two formats":                 {map[string]string{"d/a.npz": w, "d/b.pt": w}, "it has 2 files of weights: name the one that is meant, such as d/a.npz"},
		"a file and an index":         {map[string]string{"d/model.safetensors": w, "d/model.safetensors.index.json": index, "d/a.safetensors": w}, "name the one that is meant"},
		"two indexes":                 {map[string]string{"d/x.safetensors.index.json": index, "d/y.safetensors.index.json": index, "d/a.safetensors": w}, "several indexes"},
		"next to checkpoints":         {map[string]string{"d/a.npz": w, "d/ckpt-1.index": "x"}, "open one by its prefix, such as d/ckpt-1"},
		"a pointer for a shard": {map[string]string{"d/x.safetensors.index.json": index, "d/a.safetensors": "version https://git-lfs.github.com/spec/v1\n"},
			"d/a.safetensors is a Git LFS pointer"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := place(tt.files).Open("d")
			if tt.says != "" {
				require.ErrorContains(t, err, tt.says)
				return
			}
			require.NoError(t, err)
			defer c.Reader.Close()
			require.Equal(t, "safetensors", c.Format)
		})
	}
	c, err := place(map[string]string{"m.safetensors.index.json": index, "a.safetensors": w}).Open("m.safetensors")
	require.NoError(t, err, "the name of the whole, with only shards")
	require.NoError(t, c.Reader.Close())
	_, err = place(nil).Open("m.safetensors")
	require.ErrorIs(t, err, format.ErrNotFound)
	require.EqualError(t, err, "ckpt: m.safetensors: not found: file does not exist")
}

// A truncated archive is reported as damaged, if its first name shows what it was.
func TestOpenCutArchives(t *testing.T) {
	for _, first := range []string{"metadata.json", "kernel.npy", "model/data.pkl"} {
		header := "PK\x03\x04" + strings.Repeat("\x00", 22) + string([]byte{byte(len(first)), 0, 0, 0}) + first
		_, err := place(map[string]string{"m": header}).Open("m")
		require.ErrorIs(t, err, format.ErrCorrupt, first)
	}
}

// A table is recognized as TensorFlow's, whatever part of it is damaged.
func TestOpenDamagedTable(t *testing.T) {
	magic := string(binary.LittleEndian.AppendUint64(nil, 0xdb4775248b80fb57))
	for name, text := range map[string]string{"its beginning is damaged": "garbage" + strings.Repeat("x", 48) + magic, "its end is damaged": "\x00\x00\x10garbage"} {
		_, err := place(map[string]string{"ckpt": text}).Open("ckpt")
		require.ErrorIs(t, err, format.ErrCorrupt, name)
	}
}
