package keras

import (
	"encoding/json"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
)

// Open opens a file of any kind that the package comment lists, in a filesystem of this module. Errors are of type [*raw.Error].
// They name the file and, for an archive, the member.
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
