package ckpt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/internal/kerasnames"
	"github.com/gockpt/ckpt/tensor"
)

// KeepFrom makes [SaveWeights] write into a .keras archive what the archive at path has beside the weights of the model: the optimizer's
// variables, the states of seed generators, vocabularies, and the version of Keras. The model must be the one that the archive
// describes. path may be the path that is saved to.
func KeepFrom(path string) SaveWeightsOption {
	return option(func(o *options) { o.keepFrom = path })
}

// A kept is an archive that another is made from.
type kept struct {
	r       *keras.Reader
	archive *keras.Archive
}

// openKept opens the archive that KeepFrom names, whose model must have the description config.
func openKept(o options, config json.RawMessage) (*kept, error) {
	r, err := keras.Open(o.fsys, o.keepFrom)
	if err != nil {
		return nil, fmt.Errorf("KeepFrom: %w", err)
	}
	k := &kept{r: r, archive: r.Archive()}
	switch {
	case k.archive == nil:
		err = fmt.Errorf("%s is not a .keras archive: %w", o.keepFrom, errors.ErrUnsupported)
	case !sameJSON(k.archive.Config, config):
		err = fmt.Errorf("%s describes another model than the one that is saved", o.keepFrom)
	default:
		k.archive.Assets, err = r.Assets()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("KeepFrom: %w", err), r.Close())
	}
	return k, nil
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return bytes.Equal(a, b)
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}

// into adds what k has beside names to an archive that is written, and to its weights. Metadata keep all but the date.
func (k *kept) into(ctx context.Context, archive *keras.Archive, names *kerasnames.Names) error {
	var before, now map[string]any
	if err := errors.Join(json.Unmarshal(k.archive.Metadata, &before), json.Unmarshal(archive.Metadata, &now)); err != nil {
		return err
	}
	before["date_saved"] = now["date_saved"]
	metadata, err := json.Marshal(before)
	if err != nil {
		return err
	}
	archive.Metadata, archive.Assets = metadata, k.archive.Assets
	written := make(map[string]bool, len(names.Variables))
	for _, v := range names.Variables {
		written[v.Key] = true
	}
	for e, err := range k.r.All() {
		if err != nil {
			return err
		}
		if !written[e.Key] {
			names.Variables = append(names.Variables, kerasnames.Variable{Key: e.Key, Source: format.Source{DType: e.DType, Shape: e.Shape, Load: func() (tensor.Any, error) {
				t, err := tensor.NewAny(e.DType, e.Shape...)
				if err != nil {
					return nil, err
				}
				return t, k.r.Read(ctx, e.Key, t)
			}}})
		}
	}
	return nil
}
