package stored

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// TestShard checks the contract of sharding functions: each element is in one data file, and the numbers of
// the data files have no gaps.
func TestShard(t *testing.T) {
	tensors := []format.ShardTensor{{Key: "a", Shape: tensor.Shape{4, 2}}, {Key: "b", Shape: tensor.Shape{}}}
	rows := func(start, n int) tensor.Slice { return tensor.Slice{{Start: start, Length: n}, tensor.Full} }
	b := format.ShardPart{Tensor: 1}
	for name, tt := range map[string]struct {
		parts   []format.ShardPart
		problem string
	}{
		"whole":                     {[]format.ShardPart{{Tensor: 0}, b}, ""},
		"parts in two files":        {[]format.ShardPart{{Tensor: 0, Part: rows(0, 3)}, {Tensor: 0, Shard: 1, Part: rows(3, 1)}, b}, ""},
		"a missing row":             {[]format.ShardPart{{Tensor: 0, Part: rows(0, 3)}, b}, `"a": 2 of its 8 elements were dropped`},
		"a row that is added twice": {[]format.ShardPart{{Tensor: 0, Part: rows(0, 3)}, {Tensor: 0, Part: rows(2, 2)}, b}, "was added twice"},
		"a missing scalar":          {[]format.ShardPart{{Tensor: 0}}, `"b": 1 of its 1 elements were dropped`},
		"a missing file":            {[]format.ShardPart{{Tensor: 0}, {Tensor: 1, Shard: 2}}, "has no tensors"},
		"an unknown tensor":         {[]format.ShardPart{{Tensor: 0}, b, {Tensor: 2}}, "got a part of tensor 2, but there are only 2 tensors"},
		"an invalid region":         {[]format.ShardPart{{Tensor: 0, Part: rows(3, 2)}, b}, `"a"`},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := Shard(tensors, func([]format.ShardTensor) []format.ShardPart { return tt.parts })
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.parts, parts)
		})
	}
	parts, err := Shard(tensors, nil)
	require.NoError(t, err)
	require.Equal(t, []format.ShardPart{{Tensor: 0}, {Tensor: 1}}, parts, "without a function everything goes to one file")
}
