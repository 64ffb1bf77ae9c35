package ckpt

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/sections"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/tensor"
)

var (
	// ErrStale is in the error of a worker or a merge that is too late: the checkpoint is already committed, the section was
	// written with other bytes, or another attempt was chosen. It is also in the error of a [Reader] if its checkpoint was
	// replaced or removed after it was opened.
	ErrStale = format.ErrStale
	// ErrSection is in the error of a merge if a section is missing or damaged. The merge did not change anything.
	ErrSection = sections.ErrSection
)

// Attempt names the generation of workers that writes or merges sections: all workers of a generation pass the same name. If all
// workers are restarted after a crash, they must pass another name, so that sections of different states are never mixed. Without
// the option the workers agree on a name, which is not safe after such a restart.
func Attempt(name string) WorkerOption {
	return option(func(o *options) { o.attempt = name })
}

// Own says which variables, by their paths (model.dense.kernel), a worker writes into its section. Without it the worker writes
// all of its variables.
func Own(f func(path string) bool) SectionOption {
	return option(func(o *options) { o.own = f })
}

// Unverified makes [Merge] compare only the sizes of data files, without reading them to verify their checksums. It makes Reshard
// read tensors that it splits once instead of twice, without comparing their checksums.
func Unverified() VerifyOption {
	return option(func(o *options) { o.unverified = true })
}

// Parts says which region of a variable the program holds. f gets a variable's path and its shape in memory. It returns the shape
// of the whole variable and the region, or nil if the variable is whole. A section contains the region; if memory holds the whole
// variable, it contains that region of it. A restore reads the region, and only the parts of the files that it needs.
func Parts(f func(path string, shape tensor.Shape) (full tensor.Shape, region tensor.Slice)) RegionOption {
	return option(func(o *options) { o.parts = f })
}

// WriteSection writes this worker's variables as one section of a checkpoint under prefix. worker is the section's number, from 0,
// and of is the number of workers. [Merge] then makes the checkpoint from the sections. A worker that died can run again: if its
// section is complete with the same bytes, WriteSection does nothing. The error satisfies errors.Is(err, ErrStale) if the
// checkpoint is committed, or if the section was written with other bytes.
//
// Options: [Own], [Parts], [Attempt], [AllowEmpty], [FileMode], [In], [WithLogger], [WithProgress].
func (c *Checkpoint) WriteSection(ctx context.Context, prefix string, worker, of int, opts ...SectionOption) error {
	o, err := with(c.opts, opts)
	if err != nil {
		return err
	}
	end, err := c.turns.Begin("WriteSection")
	if err != nil {
		return err
	}
	defer end()
	o.writer = fsx.WithContext(ctx, o.writer)
	source := func(ctx context.Context) (*objectgraph.Graph, []stored.Tensor, error) {
		g, err := c.toSave(prefix, o)
		if err != nil {
			return nil, nil, err
		}
		return stored.Of(ctx, g)
	}
	return sections.Write(ctx, o.writer, prefix, worker, of, source, sections.WriteOptions{
		Attempt: o.attempt, Own: o.own, Parts: o.parts, Progress: progressOf(o.progress),
	})
}

// Merge makes one checkpoint from the sections that the workers wrote under prefix, without copying their data. Any process may
// call it, also again after a crash, and several may call it at once. It names the result in the directory's `checkpoint` file,
// unless that names a later one. If a section is missing, damaged or of another attempt, the error satisfies errors.Is(err,
// ErrSection) and names the section, and nothing is changed. It satisfies errors.Is(err, ErrStale) if another attempt has been
// merged.
//
// Options: [Attempt], [Unverified], [StateFile], [FileMode], [In], [WithLogger], [WithProgress].
func Merge(ctx context.Context, prefix string, opts ...MergeOption) (path string, err error) {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return "", err
	}
	o.writer = fsx.WithContext(ctx, o.writer)
	err = sections.Merge(ctx, o.writer, prefix, sections.MergeOptions{
		Attempt: o.attempt, Unverified: o.unverified,
		Record: func(ctx context.Context) error { return o.saved(ctx).RecordNewer(ctx, o.writer, prefix) },
	})
	if err != nil {
		return "", err
	}
	return prefix, nil
}

// Reshard copies the TensorFlow checkpoint at in to the prefix out, and distributes its tensors, or parts of them, over new data
// files. ShardBy or MaxShardSize says how; without either there is one data file. Keys, values and the object graph stay the same.
// Reshard keeps one part of a tensor per processor in memory. An earlier checkpoint at out is replaced when the new one is
// complete. Package shard has functions that divide tensors among workers.
//
// Reshard does not need a struct. It compares every checksum. For that it reads a tensor that it splits twice, unless the option
// Unverified is given. The error satisfies errors.Is(err, errors.ErrUnsupported) if in has another format. WithFS is for reading only.
//
// Options: [ShardBy], [ShardByTask], [MaxShardSize], [Unverified], [Align], [OnWrite], [FileMode], [StateFile],
// [AbsolutePaths], [In], [WithFS], [WithLogger], [WithProgress].
func Reshard(ctx context.Context, in, out string, opts ...ReshardOption) error {
	o, err := with(defaultOptions(), opts)
	if err != nil {
		return err
	}
	r, err := openReader(ctx, in, o)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.format != writers.TensorFlow {
		return fmt.Errorf("ckpt: reshard %s: it is in the format %s, and only TensorFlow's format supports parts of tensors: %w", in, r.format, errors.ErrUnsupported)
	}
	if filepath.Clean(out) == filepath.Clean(r.prefix) {
		return fmt.Errorf("ckpt: reshard %s: the output would overwrite the input: use another prefix", in)
	}
	g, err := r.Graph()
	if err != nil && !errors.Is(err, ErrNoObjectGraph) {
		return err
	}
	w := bundle.Create(fsx.WithContext(ctx, o.writer), out, bundle.Options{Progress: progressOf(o.progress), Alignment: o.align})
	if err := stored.Reshard(ctx, w, r, g, o.shard, !o.unverified); err != nil {
		return fmt.Errorf("ckpt: reshard %s: %w", in, err)
	}
	return writeFiles(ctx, w, out, o)
}
