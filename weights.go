package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/keras"
	"github.com/gockpt/ckpt/internal/derived"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/kerasnames"
	"github.com/gockpt/ckpt/internal/match"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/internal/walk"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/layout"
)

// LoadWeights fills model, a pointer to a struct, from a checkpoint. path is what [Open] takes.
//
// It allocates nil pointers, slices and maps for which the checkpoint has values, as encoding/json does. Name-based
// checkpoints of TensorFlow 1 do not have objects, so it does not allocate for them: such fields are missing.
//
// Every value and object that the model has or declares must be in the checkpoint, unless its tag says optional. Otherwise the
// error is a *[MismatchError], and the model is unchanged. [Partial] lets values be missing. Other values in the checkpoint are
// ignored, unless they lie inside an object of the model that has no field for them ([IgnoreUnknown]); [Strict] rejects them all.
// [At] starts at an object within the checkpoint. One stored value may fill several variables of the model; TensorFlow fills only
// the first.
//
// Options: [At], [Partial], [Strict], [IgnoreUnknown], [SkipMismatched], [ReportTo], [Rename], [Atomic], [Parts], [SkipSlots],
// [WithSaver], [StateFile], [AbsolutePaths], [In], [WithFS], [WithLogger], [WithProgress].
func LoadWeights(ctx context.Context, path string, model any, opts ...LoadOption) error {
	return LoadWeightsFunc(ctx, path, func(*Reader) (any, error) { return model, nil }, opts...)
}

// LoadWeightsFunc is LoadWeights for a model that build returns. build may examine the open checkpoint first: its tensors, or its
// description of the model ([Reader.Config]). The Reader is closed after build returns. The options are those of [LoadWeights].
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

// loadWalker returns a walker over model that allocates nil values, with memory limited by the checkpoint's size.
func loadWalker(model any, r *restore, f format.Reader) (*walk.Walker, error) {
	w := newWalker(new(walk.StandIns), nil)
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
		err = fmt.Errorf("ckpt: %s is name-based and has no objects, so nil values of the model cannot be allocated: %w", r.path, err)
	}
	return w, worded(r.path, err)
}

// reportLoad fills in the requested report, or logs what the error does not say.
func (r *restore) reportLoad(g *object.Graph, err error) {
	switch {
	case r.opts.report != nil:
		report := r.report(g)
		if err != nil {
			report.keepRestored(err)
		}
		*r.opts.report = *report
	case err == nil && len(r.mismatched) > 0:
		r.opts.logger.Warn("values of another shape or dtype were skipped", "checkpoint", r.path, "report", r.report(g))
	}
}

// SaveWeights writes model, a pointer to a struct, in the format that the path's ending selects: .safetensors, .npz, .weights.h5 or
// .keras. Any other path is a TensorFlow prefix. The option As overrides that. The old file stays until the new one is complete.
//
// TensorFlow's format is written as by Keras's Model.save_weights: to exactly path, without a number or a counter, with the
// model as the root. The directory's `checkpoint` file names it.
//
// The other formats have only names. In .safetensors and .npz a name consists of the edges from the model to the variable, joined
// by dots: blocks.0.kernel. An object that several edges reach is written once, under the shortest path.
//
// A .weights.h5 file has the names that Keras 3 uses for a model with the same attributes, so the model's load_weights reads the
// file. A field Dense1 of type layers.Dense becomes dense1/vars/0 and dense1/vars/1, and a slice of Block structs becomes
// blocks/block, blocks/block_1. The name of a Go type stands for the Python class, a slice or map for a list or dict, and
// variables have the order of the fields. For a *layers.Model the names are those of the original Keras model. A .keras archive
// also has the model's description, so only a *layers.Model from a Keras 3 description can be written to one.
//
// If a format cannot hold a value, the error names its path, and nothing is written. No format but TensorFlow's holds strings,
// opaque state ([encoding.BinaryMarshaler]) and slot variables. .safetensors and .npz do not allow edges with dots or slashes, and
// .npz does not hold bfloat16 and float8. [MaxShardSize] splits safetensors only.
//
// Options: [As], [PyTorch], [KeepFrom], [MaxShardSize], [ShardBy], [ShardByTask], [Align], [OnWrite], [AllowEmpty], [FileMode],
// [WithSaver], [StateFile], [In], [WithLogger], [WithProgress].
func SaveWeights(ctx context.Context, path string, model any, opts ...SaveWeightsOption) error {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return err
	}
	o.writer = fsx.WithContext(ctx, o.writer)
	if err := checkSavePath(path, o); err != nil {
		return err
	}
	if o.as == "" {
		o.as = writers.ByEnding(path)
	}
	if o.maker != "" && o.as != writers.Safetensors && o.as != writers.NPZ {
		return fmt.Errorf("ckpt: save %s: PyTorch's names are for safetensors and npz, not for %s: %w", path, o.as, errors.ErrUnsupported)
	}
	walked := defaultOptions()
	walked.savers = o.savers
	c, err := newCheckpoint(model, walked)
	if err != nil {
		return err
	}
	g, err := c.toSave(path, o)
	if err != nil {
		return err
	}
	if o.keepFrom != "" && o.as != writers.Keras {
		return fmt.Errorf("ckpt: save %s: KeepFrom is for .keras archives, not for the format %s: %w", path, o.as, errors.ErrUnsupported)
	}
	switch {
	case o.maker == "" && (o.as == writers.HDF5 || o.as == writers.Keras):
		return writeKeras(ctx, g, path, model, o)
	case o.as != writers.TensorFlow || o.maker != "":
		return writeFlat(ctx, g, path, o)
	}
	latest, err := o.saved(ctx).Publish(o.writer, filepath.Dir(path))
	if err != nil {
		return err
	}
	if err := writeGraph(ctx, g, path, o); err != nil {
		return err
	}
	return latest.Record(ctx, o.writer, path)
}

// As makes SaveWeights write the given format and ignore the path's ending: "tensorflow", "safetensors", "npz", "hdf5"
// (.weights.h5 files) or "keras" (archives).
func As(format string) SaveWeightsOption {
	return option(func(o *options) { o.as = format })
}

// PyTorch makes SaveWeights write the names and layouts of torch.nn's modules, in safetensors or NumPy's format. They come from
// the tag option pytorch and the methods of layout.Declarer; see package layout. Other values keep their own names. If a value is
// written in another form than PyTorch's, such as the sum of two biases, that is logged.
func PyTorch() SaveWeightsOption {
	return option(func(o *options) { o.maker = layout.PyTorch })
}

// KeepFrom makes [SaveWeights] copy everything except the model's weights from the .keras archive at path: the optimizer's
// variables, the states of seed generators, vocabularies, and the version of Keras. The archive must describe the same model. path
// may be the path of the save.
func KeepFrom(path string) SaveWeightsOption {
	return option(func(o *options) { o.keepFrom = path })
}

// flatOptions returns the options for the writers of formats other than TensorFlow's.
func flatOptions(o options) (writers.Options, error) {
	if o.align != 0 || o.shard != nil && o.maxShard == 0 {
		return writers.Options{}, fmt.Errorf("Align, ShardBy and ShardByTask are for TensorFlow's format, not for %s: %w", o.as, errors.ErrUnsupported)
	}
	return writers.Options{MaxShardSize: o.maxShard, Progress: progressOf(o.progress)}, nil
}

// writeFlat writes the graph to path in a format without objects.
func writeFlat(ctx context.Context, g *object.Graph, path string, o options) error {
	fail := func(err error) error { return fmt.Errorf("ckpt: save %s: %w", path, err) }
	options, err := flatOptions(o)
	if err != nil {
		return fail(err)
	}
	if o.maker != "" {
		options.Metadata = map[string]string{"format": "pt"} // as PyTorch's users write it
	}
	w, err := writers.Create(o.writer, o.as, path, options)
	if err != nil {
		return fmt.Errorf("ckpt: save %w", err)
	}
	tensors, err := stored.Flat(ctx, g, writers.Separator(o.as))
	if err != nil {
		return fail(err)
	}
	if o.maker != "" {
		values, lossy, err := derived.Save(g, o.maker, func(v reflect.Value) []layout.Rule { return goTypes.LayoutRules(v, nil) })
		if err != nil {
			return fail(err)
		}
		for _, l := range lossy {
			o.logger.Info("a value is saved in another form than it was loaded from", "file", path, "value", l)
		}
		tensors = tensors[:0]
		for _, v := range values {
			tensors = append(tensors, stored.Tensor{Key: v.Name, Source: v.Source})
		}
	}
	for i := range tensors {
		if err := w.Add(0, tensors[i].Key, tensors[i].Source); err != nil {
			return fail(err)
		}
	}
	if err := w.Commit(ctx); err != nil {
		return fail(err)
	}
	return runCallbacks(ctx, path, o)
}

// writeKeras writes the graph of model to path as Keras 3 does: only its weights, or an archive.
func writeKeras(ctx context.Context, g *object.Graph, path string, model any, o options) error {
	fail := func(err error) error { return fmt.Errorf("ckpt: save %s: %w", path, err) }
	options, err := flatOptions(o)
	if err != nil {
		return fail(err)
	}
	var archive *keras.Archive
	if o.as == writers.Keras {
		if archive, err = writers.NewArchive(model); err != nil {
			return fail(err)
		}
	}
	names, err := kerasnames.Of(g)
	if err != nil {
		return fail(err)
	}
	if o.keepFrom != "" {
		from, err := writers.KeepFrom(ctx, o.fsys, o.keepFrom, archive, names)
		if err != nil {
			return fail(err)
		}
		defer from.Close()
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
