package bundle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// The rows from TensorFlow have the results of its MaxShardSizePolicy. Most of them are from sharding_policies_test.py.
func TestMaxShardSize(t *testing.T) {
	numbers := func(element int64, shape ...int) Sizing {
		return Sizing{Full: append(tensor.Shape{}, shape...), Element: element, Bytes: element * int64(tensor.Shape(shape).Len())}
	}
	texts := func(longest, total int64, shape ...int) Sizing {
		return Sizing{Full: append(tensor.Shape{}, shape...), Element: longest, Bytes: total}
	}
	graph := Sizing{Full: tensor.Shape{}}
	tests := []struct {
		name    string
		tensors []Sizing
		limit   int64
		want    string // per data file, the tensors and parts in it
	}{
		{"O-09 a vector of ten numbers, eight per file", []Sizing{numbers(4, 5), graph}, 8, "0:0,2 | 0:2,2 | 0:4,1 1"},
		{"O-09 3x2 int32 by rows", []Sizing{numbers(4, 3, 2), graph}, 8, "0:0,1:0,2 | 0:1,1:0,2 | 0:2,1:0,2 1"},
		{"O-09 3x2 int32 at 10 bytes: the rest of a file is too small for a row", []Sizing{numbers(4, 3, 2), graph}, 10, "0:0,1:0,2 | 0:1,1:0,2 | 0:2,1:0,2 1"},
		{"O-09 3x2 int32 at 12 bytes: cut by columns, which gives fewer parts", []Sizing{numbers(4, 3, 2), graph}, 12, "0:0,3:0,1 | 0:0,3:1,1 1"},
		{"O-09 3x2 int32 at 16 bytes: two rows, then one row", []Sizing{numbers(4, 3, 2), graph}, 16, "0:0,2:0,2 | 0:2,1:0,2 1"},
		{"O-09 the axis may differ between cuts", []Sizing{numbers(4, 2, 3)}, 8, "0:0,2:0,1 | 0:0,1:1,2 | 0:1,1:1,2"},
		{"O-09 the rest of a file is filled with the next tensor", []Sizing{numbers(4, 3), numbers(4, 3), graph}, 16, "0 1:0,1 | 1:1,2 2"},
		{"O-10 a scalar that is too large gets a file after all others", []Sizing{texts(11, 11), numbers(4, 1), graph}, 10, "1 2 | 0"},
		{"O-10 only scalars that are too large", []Sizing{numbers(8), numbers(8)}, 4, "0 | 1"},
		{"O-10 a scalar that does not fit into the current file opens another", []Sizing{numbers(8), numbers(4), graph}, 10, "0 | 1 2"},
		{"O-11 each string counts as the longest one, all strings together as their sum", []Sizing{texts(5, 9, 3), graph}, 10, "0 1"},
		{"O-11 strings are cut as if each were the longest", []Sizing{texts(5, 13, 3), graph}, 10, "0:0,2 | 0:2,1 1"},
		{"O-11 strings with a sum that fits into the next file are not cut", []Sizing{texts(4, 9, 4), texts(7, 10, 3)}, 10, "0 | 1"},
		{"O-12 the object graph counts as zero bytes", []Sizing{numbers(1, 10), graph}, 10, "0 1"},
		{"O-12 the object graph goes to the last open file", []Sizing{numbers(4, 2), numbers(4, 1), graph}, 8, "0 | 1 2"},
		{"O-13 parts of a part are at the position of the part", []Sizing{{Full: tensor.Shape{6, 2}, Part: tensor.Slice{ext(2, 3), tensor.Full}, Element: 4, Bytes: 24}}, 8, "0:2,1:0,2 | 0:3,1:0,2 | 0:4,1:0,2"},
		{"O-13 a part that fits is not changed", []Sizing{{Full: tensor.Shape{6, 2}, Part: tensor.Slice{ext(2, 3), tensor.Full}, Element: 4, Bytes: 24}}, 24, "0"},
		{"O-14 a tensor that fits is not cut", []Sizing{numbers(4, 2, 2)}, 16, "0"},
		{"O-15 a tensor without elements is stored", []Sizing{numbers(4, 2), numbers(4, 0, 2), texts(0, 0, 0)}, 8, "0 1 2"},
		{"O-16 3x2 int32, 3x2x1 float32 and a string at 10 bytes", []Sizing{numbers(4, 3, 2), numbers(4, 3, 2, 1), texts(11, 11), graph}, 10,
			"0:0,1:0,2 | 0:1,1:0,2 | 0:2,1:0,2 | 1:0,1:0,2:0,1 | 1:1,1:0,2:0,1 | 1:2,1:0,2:0,1 3 | 2"},

		// For the following rows, TensorFlow does not return.
		{"rows and columns that are too large for a file are cut", []Sizing{numbers(4, 3, 3)}, 8, "0:0,1:0,2 | 0:0,1:2,1 | 0:1,2:0,1 | 0:1,1:1,2 | 0:2,1:1,2"},
		{"they are cut repeatedly", []Sizing{numbers(4, 2, 2, 2), graph}, 5, "0:0,1:0,1:0,1 | 0:0,1:0,1:1,1 | 0:0,1:1,1:0,1 | 0:0,1:1,1:1,1 | 0:1,1:0,1:0,1 | 0:1,1:0,1:1,1 | 0:1,1:1,1:0,1 | 0:1,1:1,1:1,1 1"},
		{"each element that is too large gets a file", []Sizing{numbers(1, 2), numbers(16, 2), numbers(1, 1), graph}, 10, "0 2 3 | 1:0,1 | 1:1,1"},
		{"a limit of zero acts as a limit of one byte", []Sizing{numbers(1, 3)}, 0, "0:0,1 | 0:1,1 | 0:2,1"},
		{"bytes without elements do not count", []Sizing{{Full: tensor.Shape{3}, Bytes: 100}}, 10, "0"},
		{"nothing", nil, 10, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cuts, n := MaxShardSize(test.tensors, test.limit)
			require.Equal(t, test.want, describe(cuts, n))
		})
	}
}

// describe returns the contents of each data file: "tensor:part", or "tensor" if it is whole.
func describe(cuts []Cut, n int) string {
	files := make([][]string, n)
	for _, c := range cuts {
		s := fmt.Sprint(c.Tensor)
		if c.Part != nil {
			s += ":" + c.Part.String()
		}
		files[c.Shard] = append(files[c.Shard], s)
	}
	var out []string
	for _, f := range files {
		out = append(out, strings.Join(f, " "))
	}
	return strings.Join(out, " | ")
}

// For any tensors, the parts of each tensor tile it. A file exceeds the limit only if it has a single element. A Writer accepts
// the cuts in their order.
func TestMaxShardSizeTiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sizings []Sizing
		for range rapid.IntRange(0, 5).Draw(t, "tensors") {
			shape := genShape(t)
			sizings = append(sizings, Sizing{Full: shape, Element: 4, Bytes: 4 * int64(shape.Len())})
		}
		limit := rapid.Int64Range(1, 60).Draw(t, "limit")
		cuts, n := MaxShardSize(sizings, limit)

		fsys := errfs.New()
		w := Create(fsys, "c", Options{Shards: n})
		files, large := make([]int64, n), make([]bool, n)
		for i, c := range cuts {
			require.True(t, i == 0 || c.Shard >= cuts[i-1].Shard, "in order")
			full := sizings[c.Tensor].Full
			part := c.Part
			if part == nil {
				part = wholeSlice(full)
			}
			shape := lengths(part)
			files[c.Shard] += 4 * int64(shape.Len())
			large[c.Shard] = large[c.Shard] || c.Large
			require.True(t, !c.Large || shape.Len() == 1)
			require.NoError(t, w.AddSlice(c.Shard, fmt.Sprint(c.Tensor), full, part, format.SourceOf(tensor.New[int32](shape...))))
		}
		for i := range files {
			require.True(t, files[i] <= limit || large[i], "file %d has %d bytes", i, files[i])
		}
		require.NoError(t, w.Commit(t.Context()))
		r, err := Open(fsys, "c")
		require.NoError(t, err)
		defer r.Close()
		for i := range sizings {
			require.NoError(t, r.Check(fmt.Sprint(i)))
		}
	})
}

// The checkpoint must equal the one in testdata that TensorFlow wrote with MaxShardSizePolicy(10).
func TestMaxShardSizeWritesTensorFlowsBytes(t *testing.T) {
	graph := storedBytes(t, golden(t, "sharded"), "_CHECKPOINTABLE_OBJECT_GRAPH")
	values := []tensor.Any{of([]int32{0, 1, 2, 3, 4, 5}, 3, 2), scalar("a long text"), of([]string{"one", "three", "x"}, 3), scalar(string(graph[6:]))}
	keys := []string{"net/a/.ATTRIBUTES/VARIABLE_VALUE", "net/s/.ATTRIBUTES/VARIABLE_VALUE", "net/v/.ATTRIBUTES/VARIABLE_VALUE", "_CHECKPOINTABLE_OBJECT_GRAPH"}
	cuts, n := MaxShardSize([]Sizing{{Full: tensor.Shape{3, 2}, Element: 4, Bytes: 24}, {Full: tensor.Shape{}, Element: 11, Bytes: 11},
		{Full: tensor.Shape{3}, Element: 5, Bytes: 9}, {Full: tensor.Shape{}}}, 10)
	fsys := errfs.New()
	w := Create(fsys, "c", Options{Shards: n})
	for _, c := range cuts {
		v := values[c.Tensor]
		if c.Part == nil {
			require.NoError(t, w.Add(c.Shard, keys[c.Tensor], format.SourceOf(v)))
			continue
		}
		part := of(cutOut(v.Values().([]int32), v.Shape(), c.Part), lengths(c.Part)...)
		require.NoError(t, w.AddSlice(c.Shard, keys[c.Tensor], v.Shape(), c.Part, format.SourceOf(part)))
	}
	require.NoError(t, w.Commit(t.Context()))
	require.Equal(t, files(t, "testdata/sharded"), written(fsys, "c"))
}
