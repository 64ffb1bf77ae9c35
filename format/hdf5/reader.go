package hdf5

import (
	"fmt"
	"io/fs"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// A Reader reads the datasets of an HDF5 file by their paths. Several goroutines may use it at once.
type Reader struct {
	*raw.Reader
	file *File
}

var (
	_ format.Reader = (*Reader)(nil)
	_ format.Finder = (*Reader)(nil)
)

// Open opens a file in a filesystem of this module. It reads and checks the file's structure but not its datasets. The error is a
// [*raw.Error].
func Open(fsys fsx.ReadFS, path string) (*Reader, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, raw.OpenError("open", path, err)
	}
	r, err := NewReader(raw.File(path, f))
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// OpenFile is Open for a file of the operating system.
func OpenFile(path string) (*Reader, error) { return Open(fsx.OS{}, path) }

// OpenFS is Open for a file in any filesystem, such as an embed.FS.
func OpenFS(fsys fs.FS, name string) (*Reader, error) { return Open(fsx.FromFS(fsys), name) }

// NewReader returns a reader of a file that is part of another, such as a member of an archive. Closing the reader closes
// blob. If NewReader fails the caller must close blob.
func NewReader(blob *raw.Blob) (*Reader, error) {
	f, err := Parse(blob.Name(), blob, blob.Size())
	if err != nil {
		return nil, err
	}
	tensors, shared := Tensors(f, 0)
	r, err := raw.NewReader(blob.Name(), []*raw.Blob{blob}, tensors, raw.Options{Overlap: shared})
	if err != nil {
		return nil, err
	}
	return &Reader{r, f}, nil
}

// File returns the file's structure: groups, attributes and datasets.
func (r *Reader) File() *File { return r.file }

// Tensors returns the datasets of a file as tensors of a blob. shared reports whether some datasets have several names and
// therefore share bytes.
func Tensors(f *File, blob int) (tensors []raw.Tensor, shared bool) {
	for g := range f.Root.All() {
		for _, d := range g.Datasets {
			shared = shared || d.shared
			tensors = append(tensors, d.tensor(f.Name, blob))
		}
	}
	return tensors, shared
}

func (d *Dataset) tensor(file string, blob int) raw.Tensor {
	t := raw.Tensor{Key: d.Path, DType: d.DType, Shape: d.Shape, Blob: blob, Offset: d.Offset, Size: d.Size, BigEndian: d.BigEndian}
	t.Stored = storedName(d)
	if d.Err != nil {
		t.Refuse = &raw.Error{File: file, Key: d.Path, Offset: -1, Err: d.Err}
	}
	return t
}

// storedName returns NumPy's name of the stored type.
func storedName(d *Dataset) string {
	switch {
	case d.DType == tensor.InvalidDType:
		return d.class
	case d.DType.Size() == 0:
		return d.DType.String()
	}
	order := "<"
	if d.BigEndian {
		order = ">"
	}
	return fmt.Sprintf("%s%v", order, d.DType)
}
