package ckpt

import (
	"context"
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/walk"
)

// LoadWeights fills model, a pointer to a struct, from a checkpoint. It allocates nil pointers, slices and maps for which the
// checkpoint has values, as encoding/json does. Every value and object that the model has or declares must be
// in the checkpoint unless its tag says optional; otherwise the error is a *[MismatchError] and the model is unchanged. [Partial] lets values be missing. Other values in the checkpoint are ignored,
// unless they lie inside an object of the model that has no field for them ([IgnoreUnknown]); [Strict] rejects them all. [At] starts at
// an object within the checkpoint. path is what [Open] takes. One stored value may fill several variables of the model, where TensorFlow fills the first.
func LoadWeights(ctx context.Context, path string, model any, opts ...LoadOption) error {
	return LoadWeightsFunc(ctx, path, func(*Reader) (any, error) { return model, nil }, opts...)
}

// LoadWeightsFunc is LoadWeights for a model that build makes, which may look at the open checkpoint first: at what it holds, or at its
// description of the model ([Reader.Config]). The Reader is open until build returns.
func LoadWeightsFunc(ctx context.Context, path string, build func(*Reader) (model any, err error), opts ...LoadOption) error {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return err
	}
	if o.report != nil {
		*o.report = Report{Checkpoint: path}
	}
	file, err := openReader(ctx, path, o)
	if err != nil {
		return err
	}
	defer file.Close()
	model, err := build(file)
	if err != nil {
		return err
	}
	r, err := newRestore(ctx, file.f, file.prefix, model, o, nil)
	if err != nil {
		return err
	}
	w, err := loadWalker(model, r, file.f)
	if err != nil {
		return err
	}
	err = r.do(ctx, file.f, w.Graph(), r.Match(w, nil), false)
	r.reportLoad(w.Graph(), err)
	return err
}

// loadWalker returns a walker over model that makes objects for nil values, of as much memory as the checkpoint accounts for.
func loadWalker(model any, r *restore, f format.Reader) (*walk.Walker, error) {
	w := newWalker(make(map[object.Identity]reflect.Value), nil)
	w.Restores(f, r.objects)
	w.AllocAll, w.Savers = true, r.opts.savers
	if group, ok := model.(Group); ok {
		w.AddVirtualRoot(&group)
		for _, name := range sortedKeys(group) {
			if err := w.AddChild(w.Graph().Root(), name, "."+name, group[name]); err != nil {
				return nil, err
			}
		}
		return w, nil
	}
	var stored object.Children
	if m, ok := r.restoration.(*match.Restoration); ok {
		stored = m.Children()
	}
	err := w.AddRoot(model, stored)
	if err != nil && r.byName {
		err = fmt.Errorf("ckpt: %s is name-based and has no objects to make a model from: %w", r.path, err)
	}
	return w, worded(r.path, err)
}
