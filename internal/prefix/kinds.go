package prefix

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/gguf"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/format/npz"
	"github.com/gockpt/ckpt/format/safetensors"
	"github.com/gockpt/ckpt/format/torch"
	"github.com/gockpt/ckpt/internal/fsx"
)

// tensorFlow is what [Checkpoint.Format] says of TensorFlow's own formats.
const tensorFlow = "tensorflow"

// A kind is a sort of file that users take for a checkpoint.
type kind struct {
	format string // what [Checkpoint.Format] says, unless the reader knows better: see formatOf
	what   string // a Git LFS pointer
	do     string // what a user can do with a file that cannot be opened
	is     func(f *file) bool
	open   func(fsys fsx.ReadFS, name string) (format.Reader, error) // nil: such a file cannot be opened
	// replaces: such a file may lie in the place of any other. No index begins like it, even a damaged one.
	replaces bool
}

// kinds are the files that are recognised by their contents, the first that fits. A format that the library learns to read gets
// its open function here.
var kinds = []kind{
	{what: "an empty file", do: "it was not written to its end, or not downloaded", is: (*file).isEmpty},
	{what: "a Git LFS pointer, not the file that it stands for", do: "run git lfs pull", is: starts("version https://git-lfs.github.com/spec/"), replaces: true},
	{what: "a web page", do: "it was downloaded from the wrong address, or the download needs a login", is: (*file).isHTML, replaces: true},
	{what: "a state file, which names checkpoints", do: "give its directory, or the prefix of one of them", is: func(f *file) bool { return bytes.Contains(f.head, []byte("model_checkpoint_path")) }},
	{format: "safetensors", what: "a safetensors file", is: (*file).isSafetensors, open: opener(safetensors.Open)},
	{format: "safetensors", what: "the index of a sharded safetensors checkpoint", is: (*file).isSafetensorsIndex, open: opener(safetensors.Open)},
	{format: "hdf5", what: "an HDF5 file, as Keras writes weights and models", is: starts("\x89HDF\r\n\x1a\n"), open: opener(keras.Open)},
	{format: "keras", what: "the index of a sharded Keras weights file", is: (*file).isKerasIndex, open: opener(keras.Open)},
	{format: "keras", what: "a Keras model", is: (*file).isKeras, open: opener(keras.Open)},
	{format: "pytorch", what: "the index of a sharded PyTorch checkpoint", is: func(f *file) bool { return f.isIndexOf(".bin") }, open: opener(torch.Open)},
	{format: "pytorch", what: "a PyTorch file", is: (*file).isTorch, open: opener(torch.Open)},
	{format: "npz", what: "an archive of NumPy arrays", is: (*file).isNPZ, open: opener(npz.Open)},
	{format: "npz", what: "a NumPy array", is: starts("\x93NUMPY"), open: opener(npz.Open)},
	{format: "gguf", what: "a GGUF file", is: starts("GGUF"), open: opener(gguf.Open)},
	{what: "a TensorFlow Lite model", do: "it has no checkpoint: load the checkpoint that it was converted from", is: func(f *file) bool { return f.at(4, "TFL3") }},
	{what: "a SavedModel's graph", do: "give its directory", is: named("saved_model.pb", "saved_model.pbtxt")},
	{what: "the graph that TensorFlow 1 wrote beside a checkpoint", do: "leave out .meta to name the checkpoint", is: (*file).isMeta},
	{what: "a ZIP archive that holds no known checkpoint", is: starts("PK\x03\x04")},
	{what: "a compressed file", do: "unpack it first", is: starts("\x1f\x8b", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd")},
	{what: "a TAR archive", do: "unpack it first", is: func(f *file) bool { return f.at(257, "ustar") }},
	{what: "a text file in JSON", do: "it describes a model or a checkpoint; give the file with the weights", is: starts("{", "[")},
}

// opener returns an open function for [kinds].
func opener[R format.Reader](open func(fsx.ReadFS, string) (R, error)) func(fsx.ReadFS, string) (format.Reader, error) {
	return func(fsys fsx.ReadFS, name string) (format.Reader, error) {
		r, err := open(fsys, name)
		if err != nil {
			return nil, err // not a nil R that is not a nil interface
		}
		return r, nil
	}
}

// unknown is the kind of all other files.
var unknown = kind{what: "not a checkpoint", do: "its contents are of no known format"}

// advice says what the file is, and what to do.
func (k *kind) advice() string {
	do := k.do
	if do == "" {
		do = "this version cannot read it"
	}
	return k.what + ": " + do
}

// formatOf names the format of an open file. A reader of several formats that share their container knows which it is.
func (k *kind) formatOf(r format.Reader) string {
	if f, ok := r.(interface{ Format() string }); ok {
		return f.Format()
	}
	return k.format
}

// A file is what is looked at of a file to recognise it.
type file struct {
	name string
	size int64
	head []byte
	tail []byte
}

const (
	// headSize suffices for every beginning that is looked for, TAR's at 257 and the first name in an archive among them.
	headSize = 1 << 10

	// tableMagic ends every table: TensorFlow's indexes, and checkpoints of the V1 format (kTableMagicNumber).
	tableMagic = 0xdb4775248b80fb57
)

// look reads the beginning and the end of a file.
func look(fsys fsx.ReadFS, name string) (f *file, err error) {
	r, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	f = &file{name: name, size: r.Size()}
	read := func(from int64, n int64) ([]byte, error) {
		b := make([]byte, n)
		got, err := r.ReadAt(b, from)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return b[:got], err
	}
	if f.head, err = read(0, min(f.size, headSize)); err != nil {
		return nil, err
	}
	n := min(f.size, 8)
	f.tail, err = read(f.size-n, n)
	return f, err
}

// kind returns what a file is.
func (f *file) kind() *kind {
	for i := range kinds {
		if kinds[i].is(f) {
			return &kinds[i]
		}
	}
	return &unknown
}

// isTable reports whether a file is a table, or was one before its beginning or its end was damaged: it ends in the magic number,
// or begins with the entry of the empty key, as all of TensorFlow's tables do.
func (f *file) isTable() bool {
	return len(f.tail) == 8 && binary.LittleEndian.Uint64(f.tail) == tableMagic || len(f.head) > 2 && f.head[0] == 0 && f.head[1] == 0
}

func starts(with ...string) func(*file) bool {
	return func(f *file) bool {
		for _, s := range with {
			if f.at(0, s) {
				return true
			}
		}
		return false
	}
}

func named(names ...string) func(*file) bool {
	return func(f *file) bool {
		for _, n := range names {
			if filepath.Base(f.name) == n {
				return true
			}
		}
		return false
	}
}

// at reports whether s stands in the file from a position on.
func (f *file) at(pos int, s string) bool {
	return len(f.head) >= pos && bytes.HasPrefix(f.head[pos:], []byte(s))
}

func (f *file) isEmpty() bool { return f.size == 0 }
func (f *file) isMeta() bool  { return strings.HasSuffix(f.name, ".meta") }

func (f *file) isHTML() bool {
	text := bytes.ToLower(bytes.TrimLeft(f.head, "\xef\xbb\xbf \t\r\n"))
	return bytes.HasPrefix(text, []byte("<!doctype")) || bytes.HasPrefix(text, []byte("<html"))
}

// isSafetensors reports whether a file begins with the length of a header in JSON, and the header.
func (f *file) isSafetensors() bool {
	if len(f.head) < 9 || f.head[8] != '{' {
		return false
	}
	length := binary.LittleEndian.Uint64(f.head)
	return length >= 2 && length < 1<<40 // a header that is longer than the file is damage, not another kind
}

// isIndexOf reports whether a file is JSON that maps tensors to files with names that end so.
func (f *file) isIndexOf(end string) bool {
	return f.at(0, "{") && (strings.HasSuffix(f.name, end+".index.json") || strings.HasSuffix(f.name, end+".json") || bytes.Contains(f.head, []byte(end+`"`)))
}

func (f *file) isSafetensorsIndex() bool { return f.isIndexOf(".safetensors") }

func (f *file) isKerasIndex() bool {
	return f.isIndexOf(".weights.h5") || f.at(0, "{") && strings.HasSuffix(f.name, ".weights.json")
}

// firstMember returns the name of the first file in a ZIP archive.
func (f *file) firstMember() string {
	if !f.at(0, "PK\x03\x04") || len(f.head) < 30 {
		return ""
	}
	n := int(binary.LittleEndian.Uint16(f.head[26:]))
	return string(f.head[30:min(30+n, len(f.head))])
}

func (f *file) isKeras() bool {
	switch f.firstMember() {
	case "metadata.json", "config.json", "model.weights.h5", "assets/", "model.weights.json":
		return true
	}
	return f.at(0, "PK\x03\x04") && strings.HasSuffix(f.name, ".keras")
}

// isTorch reports whether a file is what torch.save writes: an archive in which all members are in a directory, or a pickle.
func (f *file) isTorch() bool {
	first := f.firstMember()
	if strings.HasSuffix(first, "/data.pkl") || strings.Contains(first, "/.") || strings.HasSuffix(first, "/byteorder") || strings.HasSuffix(first, "/version") {
		return true
	}
	return torch.Recognize(f.head) || f.at(0, "PK\x03\x04") && slices.Contains([]string{".pt", ".pth", ".bin"}, filepath.Ext(f.name))
}

func (f *file) isNPZ() bool {
	return strings.HasSuffix(f.firstMember(), ".npy") || f.at(0, "PK") && strings.HasSuffix(f.name, ".npz")
}
