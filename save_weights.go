package ckpt

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/gockpt/ckpt/internal/derived"
	"github.com/gockpt/ckpt/internal/object"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/layout"
)

// SaveWeights writes model, a pointer to a struct, in the format that the path's ending says: .safetensors, .npz or .weights.h5;
// anything else is a TensorFlow prefix. [As] says it outright. What was at the path stays until all is written.
//
// TensorFlow's format is written as Keras's Model.save_weights does: to exactly path, the model is the root, there is no number and
// no counter, and the directory's `checkpoint` file names it.
//
// The other formats have names and no objects. A name is the edges from the model to the variable, joined by dots, in .weights.h5
// by slashes: blocks.0.kernel. An object that several edges reach is written once, under the shortest path. What a format cannot
// hold is an error that names the path, before anything is written: strings, opaque state ([encoding.BinaryMarshaler]), slot
// variables, edges with dots or slashes, in .npz bfloat16 and float8. [MaxShardSize] splits safetensors only. A .weights.h5 file that
// Keras itself loads has names that depend on Keras's classes: Save of package keras writes those.
func SaveWeights(ctx context.Context, path string, model any, opts ...Option) error {
	o, err := defaultOptions().with(onSaveWeights, opts)
	if err != nil {
		return err
	}
	if err := checkSavePath(path, o); err != nil {
		return err
	}
	if o.as == "" {
		o.as = writers.ByEnding(path)
	}
	c, err := New(model, Option{"WithSaver", onNew, func(c *options) { c.savers = o.savers }})
	if err != nil {
		return err
	}
	g, err := c.walk()
	if err != nil {
		return err
	}
	if o.as != writers.TensorFlow || o.maker != "" {
		return writeFlat(ctx, g, path, o)
	}
	if err := writeGraph(ctx, g, path, o); err != nil {
		return err
	}
	return recordLatest(ctx, o, path)
}

// As makes [SaveWeights] write a format whatever the path's ending is: "tensorflow", "safetensors", "npz", or "hdf5", that of
// .weights.h5 files.
func As(format string) Option {
	return Option{"As", onSaveWeights, func(o *options) { o.as = format }}
}

// PyTorch makes [SaveWeights] write names and layouts as torch.nn's modules have them, in safetensors or NumPy's format: what package layout,
// the option pytorch of a tag and the methods of layout.Declarer say of the model's types. Values of which they say nothing have their own
// names. What PyTorch then has otherwise than it had, such as the sum of two biases, is logged.
func PyTorch() Option {
	return Option{"PyTorch", onSaveWeights, func(o *options) { o.maker = layout.PyTorch }}
}

// arranged returns the values of g in the layout of the maker that o asks for.
func arranged(g *object.Graph, path string, o options) ([]derived.Named, error) {
	values, lossy, err := derived.Save(g, o.maker, func(v reflect.Value) []layout.Rule { return layoutRules(v, nil) })
	for _, l := range lossy {
		o.logger.Info("a value is saved in another form than it was loaded from", "file", path, "value", l)
	}
	return values, err
}

// writeFlat writes the graph to path in a format that knows no objects.
func writeFlat(ctx context.Context, g *object.Graph, path string, o options) error {
	fail := func(err error) error { return fmt.Errorf("ckpt: save %s: %w", path, err) }
	if o.align != 0 || o.shard != nil && o.maxShard == 0 {
		return fail(fmt.Errorf("Align, ShardBy and ShardByTask are for TensorFlow's format, not for %s: %w", o.as, errors.ErrUnsupported))
	}
	options := writers.Options{MaxShardSize: o.maxShard, Progress: progressOf(o.progress)}
	if o.maker != "" {
		if o.as != writers.Safetensors && o.as != writers.NPZ {
			return fail(fmt.Errorf("PyTorch's names are for safetensors and npz, not for %s: %w", o.as, errors.ErrUnsupported))
		}
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
