package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"

	"github.com/gockpt/ckpt/internal/derived"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/layout"
)

// SaveWeights writes model, a pointer to a struct, in the format that the path's ending says: .safetensors, .npz, .weights.h5 or .keras;
// anything else is a TensorFlow prefix. [As] says it outright. What was at the path stays until all is written.
//
// TensorFlow's format is written as Keras's Model.save_weights does: to exactly path, the model is the root, there is no number and
// no counter, and the directory's `checkpoint` file names it.
//
// The other formats have names and no objects. In .safetensors and .npz a name is the edges from the model to the variable, joined by
// dots: blocks.0.kernel. An object that several edges reach is written once, under the shortest path.
//
// A .weights.h5 file has the names that Keras 3 gives a model with the same attributes, so that its load_weights reads the file: a field Dense1
// of type layers.Dense is dense1/vars/0 and dense1/vars/1, and a slice of Block structs blocks/block, blocks/block_1. A type's name stands
// for the class in Python, a slice or map for a list or dict, and variables have the order of the fields. For a *layers.Model the names are those
// of the model that it was made from. A .keras archive has that model's description, too: only a *layers.Model that was made from a
// description of Keras 3 can be written to one.
//
// What a format cannot hold is an error that names the path, before anything is written: strings, opaque state
// ([encoding.BinaryMarshaler]), slot variables, in .safetensors and .npz edges with dots or slashes, in .npz bfloat16 and float8.
// [MaxShardSize] splits safetensors only.
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
	c, err := New(model, option(func(c *options) { c.savers = o.savers }))
	if err != nil {
		return err
	}
	g, err := c.toSave(path, o)
	if err != nil {
		return err
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

// As makes [SaveWeights] write a format whatever the path's ending is: "tensorflow", "safetensors", "npz", "hdf5", that of
// .weights.h5 files, or "keras", that of archives.
func As(format string) SaveWeightsOption {
	return option(func(o *options) { o.as = format })
}

// PyTorch makes [SaveWeights] write names and layouts as torch.nn's modules have them, in safetensors or NumPy's format: what package layout,
// the option pytorch of a tag and the methods of layout.Declarer say of the model's types. Values of which they say nothing have their own
// names. What PyTorch then has otherwise than it had, such as the sum of two biases, is logged.
func PyTorch() SaveWeightsOption {
	return option(func(o *options) { o.maker = layout.PyTorch })
}

// arranged returns the values of g in the layout of the maker that o asks for.
func arranged(g *object.Graph, path string, o options) ([]derived.Named, error) {
	values, lossy, err := derived.Save(g, o.maker, func(v reflect.Value) []layout.Rule { return goTypes.LayoutRules(v, nil) })
	for _, l := range lossy {
		o.logger.Info("a value is saved in another form than it was loaded from", "file", path, "value", l)
	}
	return values, err
}

// flatOptions returns what the writers of other makers' formats are told.
func flatOptions(o options) (writers.Options, error) {
	if o.align != 0 || o.shard != nil && o.maxShard == 0 {
		return writers.Options{}, fmt.Errorf("Align, ShardBy and ShardByTask are for TensorFlow's format, not for %s: %w", o.as, errors.ErrUnsupported)
	}
	return writers.Options{MaxShardSize: o.maxShard, Progress: progressOf(o.progress)}, nil
}

// writeFlat writes the graph to path in a format that knows no objects.
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
		values, err := arranged(g, path, o)
		if err != nil {
			return fail(err)
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
