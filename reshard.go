package ckpt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/stored"
	"github.com/gockpt/ckpt/internal/writers"
	"github.com/gockpt/ckpt/tensor"
)

// Reshard writes the TensorFlow checkpoint at in anew under the prefix out, with its tensors in other data files, or in other parts of
// them: as [ShardBy] or [MaxShardSize] says, without either in one file. Nothing else changes: keys, values and the object graph are the same. No
// more than what is written at once is in memory, so a part of one tensor for each processor. What was at out stays
// until all is written. Package shard has the functions that cut tensors among workers.
//
// No struct is needed. Every checksum is compared: a tensor that is cut is read once for that, before its parts are, unless the option
// [Unverified] is given. The error satisfies errors.Is(err, [errors.ErrUnsupported]) where in is of another format. Further
// options: [Align], [OnWrite], [WithFS] (to read), [WithLogger], [WithProgress].
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
		return fmt.Errorf("ckpt: reshard %s: it is in the format %s: only TensorFlow's has parts of tensors: %w", in, r.format, errors.ErrUnsupported)
	}
	if filepath.Clean(out) == filepath.Clean(r.prefix) {
		return fmt.Errorf("ckpt: reshard %s: a checkpoint cannot be written over itself: give another prefix", in)
	}
	infos, err := r.shardTensors()
	if err != nil {
		return err
	}
	parts, err := stored.Shard(infos, o.shard)
	if err != nil {
		return fmt.Errorf("ckpt: reshard %s: %w", in, err)
	}
	w := bundle.Create(fsx.WithContext(ctx, o.writer), out, bundle.Options{Progress: progressOf(o.progress), Alignment: o.align})
	verify := make([]func() error, len(infos))
	for i, t := range infos {
		verify[i] = sync.OnceValue(func() error {
			if o.unverified {
				return nil
			}
			return r.VerifyTensor(ctx, t.Key)
		})
	}
	for _, p := range parts {
		if err := r.addPart(ctx, w, infos[p.Tensor], p, verify[p.Tensor]); err != nil {
			return fmt.Errorf("ckpt: reshard %s: %w", in, err)
		}
	}
	return writeFiles(ctx, w, out, o)
}

// shardTensors describes what is stored to a sharding function, in the order in which a save would: that of the object graph,
// which comes last.
func (r *Reader) shardTensors() ([]ShardTensor, error) {
	paths, order := make(map[string]string), make(map[string]int)
	g, err := r.Graph()
	if err == nil {
		names := g.Paths()
		for id, n := range g.Nodes {
			for _, a := range n.Attributes {
				paths[a.Key], order[a.Key] = strings.ReplaceAll(names.Name(id), "(root).", ""), len(order)
			}
		}
		order[objectgraph.GraphKey] = len(order)
	} else if !errors.Is(err, ErrNoObjectGraph) {
		return nil, err
	}
	var infos []ShardTensor
	for e, err := range r.All() {
		if err != nil {
			return nil, err
		}
		path, ok := paths[e.Key]
		if !ok && e.Key != objectgraph.GraphKey {
			path = e.Key
		}
		info := ShardTensor{Path: path, Key: e.Key, DType: e.DType, Shape: e.Shape, Bytes: e.Bytes, Element: int64(e.DType.Size())}
		if info.Element == 0 {
			info.Element = e.Bytes // the longest string is not known before it is read
		}
		infos = append(infos, info)
	}
	slices.SortStableFunc(infos, func(a, b ShardTensor) int { return cmp.Compare(order[a.Key], order[b.Key]) })
	return infos, nil
}

// addPart adds what p has of a stored tensor to w, which reads it when its turn comes, after verify where it is not read whole.
func (r *Reader) addPart(ctx context.Context, w format.Writer, t ShardTensor, p ShardPart, verify func() error) error {
	src := format.Source{DType: t.DType, Shape: t.Shape, Load: func() (tensor.Any, error) { return r.ReadTensor(ctx, t.Key) }}
	if p.Part == nil {
		return w.Add(p.Shard, t.Key, src)
	}
	_, shape, err := p.Part.Resolve(t.Shape)
	if err != nil {
		return err
	}
	src.Shape = shape
	src.Load = func() (tensor.Any, error) {
		if err := verify(); err != nil {
			return nil, err
		}
		return r.Slice(ctx, t.Key, p.Part)
	}
	return w.AddSlice(p.Shard, t.Key, t.Shape, p.Part, src)
}
