package ckpt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/internal/kerasnames"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/writers"
)

// writeKeras writes the graph of model to path as Keras 3 does: its weights or, where that is asked for, an archive.
func writeKeras(ctx context.Context, g *object.Graph, path string, model any, o options) error {
	fail := func(err error) error { return fmt.Errorf("ckpt: save %s: %w", path, err) }
	options, err := flatOptions(o)
	if err != nil {
		return fail(err)
	}
	var archive *keras.Archive
	if o.as == writers.Keras {
		if archive, err = newArchive(model); err != nil {
			return fail(err)
		}
	}
	names, err := kerasnames.Of(g)
	if err != nil {
		return fail(err)
	}
	w, err := writers.NewKeras(o.writer, path, names, archive, options)
	if err != nil {
		return fail(err)
	}
	if err := w.Commit(ctx); err != nil {
		return fail(err)
	}
	return runCallbacks(ctx, path, o)
}

// newArchive returns what an archive has beside the weights: the description that model was made from.
func newArchive(model any) (*keras.Archive, error) {
	m, ok := model.(interface{ Config() json.RawMessage })
	if !ok {
		return nil, fmt.Errorf("a .keras archive has the description of a Keras model, which a %T has not: save the weights to a .weights.h5 file: %w", model, errors.ErrUnsupported)
	}
	archive, err := keras.NewArchive(m.Config(), time.Now())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errors.ErrUnsupported)
	}
	return archive, nil
}
