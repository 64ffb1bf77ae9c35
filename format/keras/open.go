package keras

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
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

// Open opens a file of any kind that the package comment lists. Errors are of type [*raw.Error]. They name the file and, for an
// archive, the member.
func Open(fsys fsx.ReadFS, path string) (*Reader, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, raw.OpenError("open", path, err)
	}
	blob := raw.File(path, f)
	r, err := open(fsys, blob)
	if err != nil {
		blob.Close()
		return nil, err
	}
	return r, nil
}

func open(fsys fsx.ReadFS, blob *raw.Blob) (*Reader, error) {
	head := make([]byte, min(blob.Size(), 512))
	if _, err := blob.ReadAt(head, 0); err != nil && int64(len(head)) < blob.Size() {
		return nil, raw.OpenError("read", blob.Name(), err)
	}
	switch {
	case hdf5.Recognize(head):
		r, err := openHDF5(blob)
		if err == nil {
			r.describeBeside(fsys, blob.Name())
		}
		return r, err
	case strings.HasPrefix(string(head), "PK\x03\x04"):
		return openArchive(blob)
	case strings.HasPrefix(strings.TrimLeft(string(head), " \t\r\n"), "{"):
		return openShards(fsys, blob)
	}
	return nil, raw.Corrupt(blob.Name(), "", "expected HDF5, a ZIP archive or a list of shards")
}

// OpenFile is Open for a file of the operating system.
func OpenFile(path string) (*Reader, error) { return Open(fsx.OS{}, path) }

// OpenFS is Open for a file in any filesystem, such as an embed.FS.
func OpenFS(fsys fs.FS, name string) (*Reader, error) { return Open(fsx.FromFS(fsys), name) }

// openHDF5 opens a single HDF5 file with weights or a whole model.
func openHDF5(blob *raw.Blob) (*Reader, error) {
	f, err := hdf5.Parse(blob.Name(), blob, blob.Size())
	if err != nil {
		return nil, err
	}
	return newReader(blob.Name(), []*hdf5.File{f}, []*raw.Blob{blob})
}

// describeBeside reads the description next to the weights file called name, if both are from an unpacked archive.
func (r *Reader) describeBeside(fsys fsx.ReadFS, name string) {
	dir, base := filepath.Split(name)
	if base != weightsName || r.config != nil {
		return
	}
	metadata, err := fsx.ReadFile(fsys, dir+metadataName, maxJSON)
	if err != nil {
		return // there are only weights
	}
	config, err := fsx.ReadFile(fsys, dir+configName, maxJSON)
	if err != nil {
		return
	}
	var m struct {
		Version *string `json:"keras_version"`
	}
	if json.Unmarshal(metadata, &m) != nil || m.Version == nil {
		return // another program wrote it
	}
	r.config, r.metadata, r.version = config, metadata, *m.Version
}

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
