package stored

import (
	"fmt"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/format/objectgraph"
	"github.com/gockpt/ckpt/tensor"
)

// shardTensors describes each tensor to the sharding function. It must load strings for that.
func shardTensors(tensors []Tensor) ([]format.ShardTensor, error) {
	out := make([]format.ShardTensor, len(tensors))
	for i, t := range tensors {
		st := format.ShardTensor{Path: t.Path(), Key: t.Key, DType: t.Source.DType, Shape: t.Source.Shape, Element: int64(t.Source.DType.Size())}
		st.Bytes = st.Element * int64(t.Source.Shape.Len())
		if t.Source.DType == tensor.DTString && t.Key != objectgraph.GraphKey {
			values, err := t.Source.Load()
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

// addSharded adds the tensors to the data files that the sharding function chooses, after checking that each element goes to
// exactly one. Data file 0 of the function is data file first of w.
func addSharded(w format.Writer, tensors []Tensor, shard format.ShardFunc, first int) error {
	infos, err := shardTensors(tensors)
	if err != nil {
		return err
	}
	parts, err := Shard(infos, shard)
	if err != nil {
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

// Shard calls shard to distribute the tensors over data files, and checks the result. A nil shard puts all into one file.
func Shard(tensors []format.ShardTensor, shard format.ShardFunc) ([]format.ShardPart, error) {
	if shard == nil {
		parts := make([]format.ShardPart, len(tensors))
		for i := range parts {
			parts[i].Tensor = i
		}
		return parts, nil
	}
	parts := shard(tensors)
	return parts, checkShards(tensors, parts)
}

// checkShards checks the contract of a sharding function (validate_shards in sharding_util.py).
func checkShards(tensors []format.ShardTensor, parts []format.ShardPart) error {
	covered, files := make([]int, len(tensors)), make(map[int]bool)
	regions := make([][]tensor.Slice, len(tensors))
	for _, p := range parts {
		if p.Tensor < 0 || p.Tensor >= len(tensors) {
			return fmt.Errorf("ckpt: sharding: got a part of tensor %d, but there are only %d tensors", p.Tensor, len(tensors))
		}
		t := tensors[p.Tensor]
		if p.Shard < 0 {
			return fmt.Errorf("ckpt: sharding: %q: invalid data file %d", t.Key, p.Shard)
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
				return fmt.Errorf("ckpt: sharding: %q: %v was added twice", t.Key, whole)
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
			return fmt.Errorf("ckpt: sharding: data file %d of %d has no tensors", i, len(files))
		}
	}
	return nil
}
