package ckpt

import (
	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/format/objectgraph"
)

// A ShardTensor describes, to a sharding function, a tensor that is being saved.
type ShardTensor = format.ShardTensor

// A ShardPart puts a tensor, or a region of it, into a data file.
type ShardPart = format.ShardPart

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
