package shard

import (
	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// Files returns a function for ckpt.ShardBy that writes one data file per worker, in the order of workers. A tensor that is
// not cut by any axis of the mesh goes to the worker that has the fewest bytes so far. Workers without tensors do not get a
// file. If a cut's mesh has more workers than the argument says, there are as many files as the mesh has workers. cut
// returns how the variable with the given path (model.dense.kernel) is cut; if the variable lacks the axis, the save fails
// with an error that names the variable.
//
//	err := ckpt.Reshard(ctx, "run/ckpt-7", "run-of-8/ckpt-7", ckpt.ShardBy(shard.Files(8, cut)))
func Files(workers int, cut func(path string) Cut) func([]ckpt.ShardTensor) []ckpt.ShardPart {
	return func(tensors []ckpt.ShardTensor) []ckpt.ShardPart {
		var parts []ckpt.ShardPart
		bytes := make([]int64, max(workers, 1))
		for i, t := range tensors {
			c := Cut{}
			if t.Path != "" { // the object graph does not have a path
				c = cut(t.Path)
			}
			bytes = append(bytes, make([]int64, max(c.mesh.Len()-len(bytes), 0))...)
			for _, p := range c.pieces(i, t) {
				if p.Part == nil {
					p.Shard = least(bytes)
					bytes[p.Shard] += t.Bytes
				} else {
					bytes[p.Shard] += int64(lengths(p.Part).Len()) * t.Element
				}
				parts = append(parts, p)
			}
		}
		return withoutGaps(parts, len(bytes))
	}
}

// pieces returns the pieces of tensor i for the workers that save them; the only piece of a whole tensor has no Part.
func (c Cut) pieces(i int, t ckpt.ShardTensor) (parts []ckpt.ShardPart) {
	for worker := range c.mesh.Len() {
		region, err := c.Region(worker, t.Shape)
		if err != nil {
			return []ckpt.ShardPart{{Tensor: i, Part: make(tensor.Slice, len(t.Shape)+1)}} // one axis more than the tensor has, so that the save fails
		}
		switch n := lengths(region).Len(); {
		case n == t.Shape.Len():
			return []ckpt.ShardPart{{Tensor: i}}
		case n > 0 && c.First(worker):
			parts = append(parts, ckpt.ShardPart{Tensor: i, Shard: worker, Part: region})
		}
	}
	return parts
}

// least returns the index of the smallest number.
func least(n []int64) int {
	best := 0
	for i, v := range n {
		if v < n[best] {
			best = i
		}
	}
	return best
}

// withoutGaps renumbers the data files in their order, so that none is empty.
func withoutGaps(parts []ckpt.ShardPart, files int) []ckpt.ShardPart {
	used := make([]bool, files)
	for _, p := range parts {
		used[p.Shard] = true
	}
	number, next := make([]int, files), 0
	for i, u := range used {
		number[i] = next
		if u {
			next++
		}
	}
	for i := range parts {
		parts[i].Shard = number[parts[i].Shard]
	}
	return parts
}
