package keras

import (
	"encoding/json"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/zipfile"
)

// A Reader reads the weights in one of Keras's files. Several goroutines may use it at once.
type Reader struct {
	*raw.Reader
	files    []*hdf5.File // a single file, or the shards sorted by name
	config   json.RawMessage
	metadata json.RawMessage // of an archive
	zip      *zipfile.Archive
	version  string
	legacy   bool
	plain    bool // Keras did not write the HDF5 file
}

var (
	_ format.Reader = (*Reader)(nil)
	_ format.Finder = (*Reader)(nil)
)

// newReader returns the reader of files. blobs[i] is the blob of files[i]; further blobs are only closed.
func newReader(name string, files []*hdf5.File, blobs []*raw.Blob) (*Reader, error) {
	r := &Reader{files: files}
	var tensors []raw.Tensor
	shared := false
	for i, f := range files {
		more, twice := hdf5.Tensors(f, i)
		tensors, shared = append(tensors, more...), shared || twice
	}
	var err error
	if r.Reader, err = raw.NewReader(name, blobs, tensors, raw.Options{Overlap: shared}); err != nil {
		return nil, err
	}
	root := files[0].Root
	if a := root.Attribute("model_config"); a != nil {
		if text, ok := a.Text(); ok {
			r.config = json.RawMessage(text)
		}
	}
	weights := legacyWeights(root)
	r.legacy = weights != nil
	for _, g := range []*hdf5.Group{root, weights} {
		if g == nil || r.version != "" {
			continue
		}
		if a := g.Attribute("keras_version"); a != nil {
			r.version, _ = a.Text()
		}
	}
	r.plain = !r.legacy && !hasVars(files)
	return r, nil
}

// hasVars reports whether one of the files contains a group called vars, where Keras 3 stores weights.
func hasVars(files []*hdf5.File) bool {
	for _, f := range files {
		for g := range f.Root.All() {
			if name := g.Name(); name == "vars" || strings.HasSuffix(name, `\vars`) {
				return true
			}
		}
	}
	return false
}

// Format returns "keras" for the files of Keras 3, and "hdf5" for legacy ones and for HDF5 that Keras did not write.
func (r *Reader) Format() string {
	if r.legacy || r.plain {
		return "hdf5"
	}
	return "keras"
}

// Config returns the JSON that describes the model: config.json of an archive or the attribute model_config of a legacy
// file. It is nil if the file has weights only.
func (r *Reader) Config() json.RawMessage { return r.config }

// Metadata returns metadata.json of an archive, nil for other files.
func (r *Reader) Metadata() json.RawMessage { return r.metadata }

// Version returns the version of Keras that wrote the file, or "" if the file does not say.
func (r *Reader) Version() string { return r.version }
