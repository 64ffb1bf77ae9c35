package whatis

import (
	"encoding/binary"
	"slices"

	"github.com/gockpt/ckpt/format/torch"
	"github.com/gockpt/ckpt/internal/fsx"
)

// formats lists the formats that the module reads, except TensorFlow's, by the names that their readers use. The first that fits
// counts.
var formats = []struct {
	name string
	is   func(*file) bool
}{
	{"hdf5", func(f *file) bool { return f.starts("\x89HDF\r\n\x1a\n") }},
	{"gguf", func(f *file) bool { return f.starts("GGUF") }},
	{"npz", func(f *file) bool { return f.starts("\x93NUMPY") }},
	{"safetensors", (*file).isSafetensors},
	// Formats that only the members of an archive identify.
	{"pytorch", func(f *file) bool { return torch.RecognizeMembers(slices.Values(f.members)) }},
	{"keras", func(f *file) bool { return f.member("model.weights.h5", "model.weights.json", "model.weights.npz") }},
	{"keras", func(f *file) bool { return f.cut && f.member("metadata.json", "config.json") }},
	{"npz", func(f *file) bool { return f.member(".npy") }},
	// Indexes of several files.
	{"safetensors", func(f *file) bool { return f.isIndexOf(".safetensors") }},
	{"pytorch", func(f *file) bool { return f.isIndexOf(".bin", ".pt", ".pth") }},
	{"keras", func(f *file) bool { return f.isIndexOf(".weights.h5") || f.isJSON() && f.called(".weights.json") }},
	// Any program may write pickles. Pickles of known programs are in descriptions.
	{"pytorch", func(f *file) bool { return torch.Recognize(f.head) && !f.isForeignPickle() }},
}

// Format returns the name of the format of the file at path if the module can read it. ok is false for all other files, for
// directories, and if the file cannot be read.
func Format(fsys fsx.ReadFS, path string) (name string, ok bool, err error) {
	f, err := look(fsys, path)
	if err != nil || f.isDir {
		return "", false, err
	}
	name, ok = f.format()
	return name, ok, nil
}

func (f *file) format() (name string, ok bool) {
	for _, format := range formats {
		if format.is(f) {
			return format.name, true
		}
	}
	return "", false
}

// isSafetensors reports whether the file begins with the length of a JSON header, and the header. A header that is longer than the
// file means damage, not another format.
func (f *file) isSafetensors() bool {
	const most = 1 << 40
	if len(f.head) < 9 || f.head[8] != '{' {
		return false
	}
	n := binary.LittleEndian.Uint64(f.head)
	return n >= 2 && n < most
}

// isIndexOf reports whether the file is JSON that maps tensors to files with such names.
func (f *file) isIndexOf(endings ...string) bool {
	if !f.isJSON() {
		return false
	}
	for _, e := range endings {
		if f.called(e+".index.json") || f.mentions(`"weight_map"`) && f.mentions(e+`"`) {
			return true
		}
	}
	return false
}

// isForeignPickle reports whether the file is a pickle of a program other than PyTorch.
func (f *file) isForeignPickle() bool {
	return torch.Recognize(f.head) && f.mentions("sklearn", "joblib")
}
