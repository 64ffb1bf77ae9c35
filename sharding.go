package ckpt

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// A ShardTensor is what a sharding function is told of a tensor that is being saved.
type ShardTensor struct {
	Path  string // of the object: model.dense.kernel; "" for the object graph
	Key   string
	DType tensor.DType
	Shape tensor.Shape
	// Bytes is what the tensor counts for: of numbers the bytes that they take, of strings their lengths; the object graph
	// counts for nothing.
	Bytes int64
	// Element is what one element counts for: of strings the longest.
	Element int64
}

// A ShardPart puts a tensor, or a region of it, into a data file.
type ShardPart struct {
	Tensor int          // index into the tensors given
	Shard  int          // number of the data file
	Part   tensor.Slice // nil: the whole tensor
}

// ShardBy distributes what is saved over data files as f says. f must put every element of every tensor into one
// data file, and number these from 0 without a gap; the save fails, saying what is wrong, where it does not.
func ShardBy(f func([]ShardTensor) []ShardPart) Option {
	return Option{"ShardBy", onNew | onWrite | onSaver, func(o *options) { o.shard = f }}
}

// MaxShardSize distributes what is saved over data files of at most n bytes of tensors each, as TensorFlow's
// MaxShardSizePolicy does: in order, a file is filled before the next is begun, and tensors that do not fit are cut. What
// cannot be cut small enough, such as a long string, gets a larger file to itself, with a warning.
func MaxShardSize(n int64) Option {
	return Option{"MaxShardSize", onNew | onWrite | onSaver, func(o *options) {
		o.shard = func(tensors []ShardTensor) []ShardPart { return maxShardSize(tensors, n, o.logger.Warn) }
	}}
}

func maxShardSize(tensors []ShardTensor, n int64, warn func(string, ...any)) []ShardPart {
	sizing := make([]bundle.Sizing, len(tensors))
	for i, t := range tensors {
		sizing[i] = bundle.Sizing{Full: t.Shape, Element: t.Element, Bytes: t.Bytes}
	}
	cuts, _ := bundle.MaxShardSize(sizing, n)
	parts := make([]ShardPart, len(cuts))
	for i, c := range cuts {
		parts[i] = ShardPart{Tensor: c.Tensor, Shard: c.Shard, Part: c.Part}
		if c.Large {
			warn("a tensor is larger than the shard size and gets a data file to itself", "key", tensors[c.Tensor].Key, "bytes", tensors[c.Tensor].Bytes, "limit", n)
		}
	}
	return parts
}

// ShardByTask gives the tensors of each task a data file, in the order in which the tasks first appear; task is given a
// variable's path and may return any name. The object graph goes with the task "".
func ShardByTask(task func(path string) string) Option {
	return ShardBy(func(tensors []ShardTensor) []ShardPart {
		shards := make(map[string]int)
		parts := make([]ShardPart, len(tensors))
		for i, t := range tensors {
			name := ""
			if t.Key != objectgraph.GraphKey {
				name = task(t.Path)
			}
			if _, ok := shards[name]; !ok {
				shards[name] = len(shards)
			}
			parts[i] = ShardPart{Tensor: i, Shard: shards[name]}
		}
		return parts
	})
}

// shardTensors says of each tensor what a sharding function may know. Strings have to be loaded for it.
func shardTensors(tensors []namedSource) ([]ShardTensor, error) {
	out := make([]ShardTensor, len(tensors))
	for i, t := range tensors {
		st := ShardTensor{Path: t.path(), Key: t.key, DType: t.src.DType, Shape: t.src.Shape, Element: int64(t.src.DType.Size())}
		st.Bytes = st.Element * int64(t.src.Shape.Len())
		if t.src.DType == tensor.DTString && t.key != objectgraph.GraphKey {
			values, err := t.src.Load()
			if err != nil {
				return nil, err
			}
			s, _ := tensor.As[string](values)
			for _, v := range s.Data() {
				st.Bytes += int64(len(v))
				st.Element = max(st.Element, int64(len(v)))
			}
		}
		out[i] = st
	}
	return out, nil
}

// addSharded adds the tensors to w as the sharding function has it, after checking that it loses and doubles nothing. Its
// data file 0 is w's first.
func addSharded(w format.Writer, tensors []namedSource, shard func([]ShardTensor) []ShardPart, first int) error {
	infos, err := shardTensors(tensors)
	if err != nil {
		return err
	}
	parts := shard(infos)
	if err := checkShards(infos, parts); err != nil {
		return err
	}
	for _, p := range parts {
		if t := &tensors[p.Tensor]; p.Part == nil {
			err = t.addTo(w, first+p.Shard)
		} else {
			err = t.addPartTo(w, first+p.Shard, p.Part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkShards holds a sharding function to its contract (validate_shards in sharding_util.py).
func checkShards(tensors []ShardTensor, parts []ShardPart) error {
	covered, files := make([]int, len(tensors)), make(map[int]bool)
	regions := make([][]tensor.Slice, len(tensors))
	for _, p := range parts {
		if p.Tensor < 0 || p.Tensor >= len(tensors) {
			return fmt.Errorf("ckpt: sharding: tensor %d was added, there are %d", p.Tensor, len(tensors))
		}
		t := tensors[p.Tensor]
		if p.Shard < 0 {
			return fmt.Errorf("ckpt: sharding: %q: data file %d", t.Key, p.Shard)
		}
		files[p.Shard] = true
		whole := p.Part
		if whole == nil {
			whole = make(tensor.Slice, len(t.Shape))
			for i := range whole {
				whole[i] = tensor.Full
			}
		}
		region, shape, err := whole.Resolve(t.Shape)
		if err != nil {
			return fmt.Errorf("ckpt: sharding: %q: %w", t.Key, err)
		}
		for _, other := range regions[p.Tensor] {
			if _, shared := region.Intersect(other); shared || shape.Len() == 0 {
				return fmt.Errorf("ckpt: sharding: %q: %v is there twice", t.Key, whole)
			}
		}
		regions[p.Tensor] = append(regions[p.Tensor], region)
		covered[p.Tensor] += shape.Len()
	}
	for i, t := range tensors {
		if len(regions[i]) == 0 || covered[i] != t.Shape.Len() {
			return fmt.Errorf("ckpt: sharding: %q: %d of its %d elements were dropped", t.Key, t.Shape.Len()-covered[i], t.Shape.Len())
		}
	}
	for i := range len(files) {
		if !files[i] {
			return fmt.Errorf("ckpt: sharding: no tensor is in data file %d of %d", i, len(files))
		}
	}
	return nil
}

// partOf returns a region of a source: a view of its memory where the region is one run of it, a copy elsewhere.
func partOf(src format.Source, part tensor.Slice) format.Source {
	region, shape, err := part.Resolve(src.Shape)
	if err != nil {
		return format.Source{DType: src.DType, Shape: tensor.Shape{}, Load: func() (tensor.Any, error) { return nil, err }}
	}
	return format.Source{DType: src.DType, Shape: shape, Load: func() (tensor.Any, error) {
		t, err := src.Load()
		if err != nil {
			return nil, err
		}
		at := make([]int, len(region))
		for i, e := range region {
			at[i] = e.Start
		}
		if len(shape) > 0 && slices.Equal(shape[1:], src.Shape[1:]) {
			row := shape[1:].Len()
			rows := reflect.ValueOf(t.Values()).Slice(at[0]*row, (at[0]+shape[0])*row)
			return tensor.Alias(rows, shape...)
		}
		dst, err := tensor.NewAny(src.DType, shape...)
		if err != nil {
			return nil, err
		}
		return dst, tensor.CopyRegion(dst, make([]int, len(shape)), t, at, shape)
	}}
}
