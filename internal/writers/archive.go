package writers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/kerasnames"
	"github.com/gockpt/ckpt/tensor"
)

// NewArchive returns the members of an archive besides the weights, for the description from which model was made.
func NewArchive(model any) (*keras.Archive, error) {
	m, ok := model.(interface{ Config() json.RawMessage })
	if !ok {
		return nil, fmt.Errorf("a .keras archive needs the description of a Keras model, but a %T does not have one: save the weights to a .weights.h5 file: %w", model, errors.ErrUnsupported)
	}
	archive, err := keras.NewArchive(m.Config(), time.Now())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errors.ErrUnsupported)
	}
	return archive, nil
}

// KeepFrom copies the other contents of the archive at path to archive and names. names has the names of the weights. Both archives
// must describe the same model. The caller closes the reader that KeepFrom returns after writing the weights.
func KeepFrom(ctx context.Context, fsys fsx.ReadFS, path string, archive *keras.Archive, names *kerasnames.Names) (*keras.Reader, error) {
	r, err := keras.Open(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("KeepFrom: %w", err)
	}
	switch from := r.Archive(); {
	case from == nil:
		err = fmt.Errorf("KeepFrom: %s is not a .keras archive: %w", path, errors.ErrUnsupported)
	case !sameJSON(from.Config, archive.Config):
		err = fmt.Errorf("KeepFrom: %s describes a different model", path)
	default:
		err = keep(ctx, r, from, archive, names)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return bytes.Equal(a, b)
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}

// keep copies the other contents of r to archive and names. It copies all metadata except the date.
func keep(ctx context.Context, r *keras.Reader, from, archive *keras.Archive, names *kerasnames.Names) error {
	assets, err := r.Assets()
	if err != nil {
		return fmt.Errorf("KeepFrom: %w", err)
	}
	var before, now map[string]any
	if err := errors.Join(json.Unmarshal(from.Metadata, &before), json.Unmarshal(archive.Metadata, &now)); err != nil {
		return err
	}
	if before == nil { // the metadata of the archive is null
		before = now
	}
	before["date_saved"] = now["date_saved"]
	metadata, err := json.Marshal(before)
	if err != nil {
		return err
	}
	archive.Metadata, archive.Assets = metadata, assets
	written := make(map[string]bool, len(names.Variables))
	for _, v := range names.Variables {
		written[v.Key] = true
	}
	for e, err := range r.All() {
		if err != nil {
			return err
		}
		if !written[e.Key] {
			names.Variables = append(names.Variables, kerasnames.Variable{Key: e.Key, Source: format.Source{DType: e.DType, Shape: e.Shape, Load: func() (tensor.Any, error) {
				t, err := tensor.NewAny(e.DType, e.Shape...)
				if err != nil {
					return nil, err
				}
				return t, r.Read(ctx, e.Key, t)
			}}})
		}
	}
	return nil
}
