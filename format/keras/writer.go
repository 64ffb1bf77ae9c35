package keras

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/tensor"
)

// An Archive holds the contents of a .keras file other than weights.
type Archive struct {
	Config   json.RawMessage // config.json: the model as keras.saving.serialize_keras_object describes it
	Metadata json.RawMessage // metadata.json: the version of Keras and the date
	Assets   []Asset         // the vocabularies of layers and the like
}

// An Asset is a member of an archive that is neither weights nor a description.
type Asset struct {
	Name string // "assets/layers/string_lookup/vocabulary.txt"
	Data []byte
}

// version is the version of Keras that the written metadata claims.
const version = "3.15.1"

// NewArchive returns an archive for the model that config describes. config must be a description by Keras 3. saved is the date in
// the metadata. Descriptions by Keras 2 and those in legacy files are an error, because they have another form.
func NewArchive(config json.RawMessage, saved time.Time) (*Archive, error) {
	var object struct {
		Module *string `json:"module"`
	}
	if err := json.Unmarshal(plainJSON(config), &object); err != nil {
		return nil, fmt.Errorf("the model's description is not JSON: %w", err)
	}
	if object.Module == nil {
		return nil, errors.New("an archive cannot hold a legacy description, from which the model was made; write its weights to a .weights.h5 file")
	}
	metadata, err := json.Marshal(struct {
		Version string `json:"keras_version"`
		Date    string `json:"date_saved"`
	}{version, saved.Format("2006-01-02@15:04:05")})
	return &Archive{Config: config, Metadata: metadata}, err
}

// Archive returns the contents of a .keras file other than weights and Reader.Assets, for passing to NewWriter. It returns
// nil for other files.
func (r *Reader) Archive() *Archive {
	if r.metadata == nil {
		return nil
	}
	return &Archive{Config: r.config, Metadata: r.metadata}
}

// A Writer writes a .weights.h5 file or a .keras archive. Keys are the HDF5 paths of Keras 3: layers/dense_1/vars/0.
type Writer struct {
	*hdf5.Writer
	fsys    fsx.FS
	path    string
	archive *Archive
}

var _ format.Writer = (*Writer)(nil)

// CreateFile returns a writer of the file at a path of the operating system. It writes an archive, or weights alone if
// archive is nil. It does not touch files before Commit.
func CreateFile(path string, archive *Archive) *Writer { return NewWriter(fsx.OS{}, path, archive) }

// NewWriter is [CreateFile] for a path in a filesystem of this module.
func NewWriter(fsys fsx.FS, path string, archive *Archive) *Writer {
	return &Writer{hdf5.NewWriter(fsys, path), fsys, path, archive}
}

// Name records the given name of the object at an HDF5 path, as Keras 3.8 and later do. The path of the model is "".
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
	g.Attributes = []hdf5.Attribute{{Name: nameAttribute, Value: value}}
	return nil
}

// AddVariable is Add with a name for the variable: the attribute that holds it in the program, or the escaped names that
// lead to it through containers, joined by slashes. Reader.Graph uses that name. Keras ignores it.
func (w *Writer) AddVariable(key, name string, src format.Source) error {
	if err := w.Add(0, key, src); err != nil || name == "" {
		return err
	}
	value, err := tensor.FromSlice([]string{name})
	if err != nil {
		return err
	}
	return w.Annotate(key, hdf5.Attribute{Name: nameAttribute, Value: value})
}

// nameAttribute is the attribute that holds the name of an object, at its group vars, or of a variable.
const nameAttribute = "name"

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

// writeArchive writes the members in Keras's order, without compression.
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
	for _, a := range w.archive.Assets {
		out, err := z.CreateHeader(&zip.FileHeader{Name: a.Name, Method: zip.Store})
		if err != nil {
			return err
		}
		if _, err := out.Write(a.Data); err != nil {
			return err
		}
	}
	return z.Close()
}
