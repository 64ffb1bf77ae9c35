package keras

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// An Archive is what a .keras file has beside its weights.
type Archive struct {
	Config   json.RawMessage // config.json: the model as keras.saving.serialize_keras_object describes it
	Metadata json.RawMessage // metadata.json: the version of Keras and the date
}

// Archive returns what r's file has beside its weights, so that [NewWriter] writes it back; nil where r is not a .keras file.
func (r *Reader) Archive() *Archive {
	if r.metadata == nil {
		return nil
	}
	return &Archive{r.config, r.metadata}
}

// A Writer writes a .weights.h5 file or a .keras archive. Keys are HDF5 paths as Keras 3 has them: layers/dense_1/vars/0.
type Writer struct {
	*hdf5.Writer
	fsys    fsx.FS
	path    string
	archive *Archive
}

var _ format.Writer = (*Writer)(nil)

// CreateFile returns a writer of the file at a path of the machine: of an archive, or of weights alone where archive is nil.
// Nothing is written before Commit.
func CreateFile(path string, archive *Archive) *Writer { return NewWriter(fsx.OS{}, path, archive) }

// NewWriter is [CreateFile] for a path in fsys.
func NewWriter(fsys fsx.FS, path string, archive *Archive) *Writer {
	return &Writer{hdf5.NewWriter(fsys, path), fsys, path, archive}
}

// Name notes the name that the object at an HDF5 path was given, as Keras 3.8 and later do. The path of the model is "".
func (w *Writer) Name(path, name string) error {
	if path != "" {
		path += "/"
	}
	g, err := w.Group(path + "vars")
	if err != nil {
		return err
	}
	value, err := tensor.FromSlice([]string{name})
	if err != nil {
		return err
	}
	g.Attributes = []hdf5.Attribute{{Name: "name", Value: value}}
	return nil
}

// Commit implements [format.Writer].
func (w *Writer) Commit(ctx context.Context) error {
	if w.archive == nil {
		return w.Writer.Commit(ctx)
	}
	c := fsx.Begin(w.fsys)
	defer c.Abort()
	f, err := c.Create(w.path)
	if err != nil {
		return err
	}
	if err := w.writeArchive(ctx, f); err != nil {
		return fmt.Errorf("keras: write %s: %w", w.path, err)
	}
	return c.Run(ctx)
}

// writeArchive writes the members in Keras's order, all of them stored as they are.
func (w *Writer) writeArchive(ctx context.Context, f io.Writer) error {
	z := zip.NewWriter(f)
	for _, member := range []struct {
		name string
		text json.RawMessage
	}{{metadataName, w.archive.Metadata}, {configName, w.archive.Config}} {
		out, err := z.CreateHeader(&zip.FileHeader{Name: member.name, Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := out.Write(member.text); err != nil {
			return err
		}
	}
	out, err := z.CreateHeader(&zip.FileHeader{Name: weightsName, Method: zip.Store})
	if err != nil {
		return err
	}
	if err := w.Stream(ctx, out, nil); err != nil {
		return err
	}
	return z.Close()
}
