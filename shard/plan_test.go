package shard_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/shard"
	"github.com/gockpt/ckpt/tensor"
)

// elements returns the indices of a region's elements in a tensor of shape full, in row-major order.
func elements(full tensor.Shape, region tensor.Slice) []int {
	numbers := []int{0}
	for axis, e := range region {
		var next []int
		for _, n := range numbers {
			for i := range e.Length {
				next = append(next, n*full[axis]+e.Start+i)
			}
		}
		numbers = next
	}
	return numbers
}

// elementsOf returns the indices of a part's elements in their order in memory.
func elementsOf(p shard.Part) []int {
	var numbers []int
	for _, box := range p.Boxes() {
		numbers = append(numbers, elements(p.Full(), box)...)
	}
	return numbers
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func shapes(axes, most int) *rapid.Generator[tensor.Shape] {
	return rapid.Map(rapid.SliceOfN(rapid.IntRange(0, most), 0, axes), func(s []int) tensor.Shape { return s })
}

// A flat range has the elements from its start to its end, in order.
func TestFlat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		full := shapes(4, 4).Draw(t, "shape")
		end := rapid.IntRange(0, full.Len()).Draw(t, "end")
		start := rapid.IntRange(0, end).Draw(t, "start")
		p, err := shard.Flat(full, start, end)
		require.NoError(t, err)
		require.Equal(t, end-start, p.Len())
		require.Equal(t, upTo(end)[start:], append([]int{}, elementsOf(p)...))
		require.LessOrEqual(t, len(p.Boxes()), max(2*len(full)-1, 1))
	})
	for _, bad := range [][2]int{{-1, 2}, {3, 2}, {0, 7}} {
		_, err := shard.Flat(tensor.Shape{2, 3}, bad[0], bad[1])
		require.ErrorContains(t, err, "exceed a tensor of shape [2 3], which has 6")
	}
}

// Together, the workers of a mesh have each element as often as the mesh replicates it. Each element has one
// First.
func TestMeshesCoverTensors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mesh := shard.Mesh{{"x", rapid.IntRange(1, 4).Draw(t, "x")}, {"y", rapid.IntRange(1, 3).Draw(t, "y")}}
		full := rapid.Map(rapid.SliceOfN(rapid.IntRange(0, 9), 2, 3), func(s []int) tensor.Shape { return s }).Draw(t, "shape")
		spec := rapid.SampledFrom([][]string{nil, {"x"}, {"", "x"}, {"y", "x"}, {"x y"}, {"", "y x"}, {"y"}}).Draw(t, "cut")
		cut, err := mesh.Cut(spec...)
		require.NoError(t, err)
		held, saved := make([]int, full.Len()), make([]int, full.Len())
		for worker := range mesh.Len() {
			region, err := cut.Region(worker, full)
			require.NoError(t, err)
			for _, i := range elements(full, region) {
				held[i]++
				if cut.First(worker) {
					saved[i]++
				}
			}
		}
		for i := range held {
			require.Equal(t, held[0], held[i])
			require.Equal(t, 1, saved[i])
		}
	})
}

func TestRegions(t *testing.T) {
	mesh := shard.Mesh{{"data", 2}, {"model", 4}}
	for _, tt := range []struct {
		worker int
		shape  tensor.Shape
		cut    []string
		want   string
		first  bool
	}{
		{0, tensor.Shape{8, 6}, nil, "0,8:0,6", true},
		{5, tensor.Shape{8, 6}, nil, "0,8:0,6", false},
		{5, tensor.Shape{8, 6}, []string{"model"}, "2,2:0,6", false},
		{1, tensor.Shape{8, 6}, []string{"model"}, "2,2:0,6", true},
		{5, tensor.Shape{8, 6}, []string{"data", "model"}, "4,4:2,2", true},
		{7, tensor.Shape{8, 6}, []string{"data", "model"}, "4,4:6,0", true}, // ceil(6/4) is 2: three workers have everything
		{5, tensor.Shape{8, 6}, []string{"data model"}, "5,1:0,6", true},
		{5, tensor.Shape{8, 6}, []string{"model data"}, "3,1:0,6", true},
		{3, tensor.Shape{}, nil, "", false},
	} {
		t.Run(fmt.Sprintf("worker %d of %v cut by %q", tt.worker, tt.shape, tt.cut), func(t *testing.T) {
			cut, err := mesh.Cut(tt.cut...)
			require.NoError(t, err)
			region, err := cut.Region(tt.worker, tt.shape)
			require.NoError(t, err)
			require.Equal(t, tt.want, region.String())
			require.Equal(t, tt.first, cut.First(tt.worker))
		})
	}
}

func TestRefusedCuts(t *testing.T) {
	mesh := shard.Mesh{{"data", 2}, {"model", 4}}
	for _, tt := range []struct {
		name   string
		mesh   shard.Mesh
		worker int
		cut    []string
		want   string
	}{
		{"a worker beyond the mesh", mesh, 8, nil, "there is no worker 8: the mesh has 8"},
		{"a negative worker", mesh, -1, nil, "there is no worker -1"},
		{"an axis that the mesh lacks", mesh, 0, []string{"tensor"}, `names the axis "tensor", which the mesh lacks`},
		{"an axis twice", mesh, 0, []string{"data", "data"}, `names the axis "data" twice`},
		{"an axis that the tensor lacks", mesh, 0, []string{"", "", "data"}, "a tensor of shape [4 4] lacks axis 2"},
		{"an axis without workers", shard.Mesh{{"x", 0}}, 0, nil, `mesh axis "x" has size 0`},
		{"too many workers", shard.Mesh{{"x", 1 << 20}, {"y", 1 << 20}}, 0, nil, `mesh axis "y" has size 1048576`},
		{"one name twice", shard.Mesh{{"x", 2}, {"x", 2}}, 0, nil, `two mesh axes are called "x"`},
		{"no name", shard.Mesh{{"", 2}}, 0, nil, `mesh axis 0 is called ""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cut, err := tt.mesh.Cut(tt.cut...)
			if err == nil {
				_, err = cut.Region(tt.worker, tensor.Shape{4, 4})
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// M workers, a region or a flat range read what N workers stored. The ranges contain exactly the requested
// elements and read at most a tenth more. No two ranges can be joined within that tenth.
func TestPlansAreExactAndSmall(t *testing.T) {
	const size = 4
	cuts := func(workers int) *rapid.Generator[shard.Cut] {
		return rapid.SampledFrom([]shard.Cut{must(shard.Rows(workers)), must(shard.Columns(workers)), {}})
	}
	rapid.Check(t, func(t *rapid.T) {
		full := rapid.Map(rapid.SliceOfN(rapid.IntRange(1, 12), 2, 3), func(s []int) tensor.Shape { return s }).Draw(t, "shape")
		writers, readers := rapid.IntRange(1, 8).Draw(t, "N"), rapid.IntRange(1, 8).Draw(t, "M")
		cut := cuts(writers).Draw(t, "stored by")
		var stored []tensor.Slice
		for worker := range writers {
			region := must(cut.Region(worker, full))
			if cut.First(worker) && len(elements(full, region)) > 0 {
				stored = append(stored, region)
			}
		}
		var parts []shard.Part
		for worker := range readers {
			region := must(cuts(readers).Draw(t, "read by").Region(worker, full))
			start, end := shard.FlatRange(full.Len(), worker, readers)
			parts = append(parts, must(shard.Box(full, region)), must(shard.Flat(full, start, end)))
		}
		random := make(tensor.Slice, len(full))
		for i, n := range full {
			start := rapid.IntRange(0, n-1).Draw(t, "start")
			random[i] = tensor.Extent{Start: start, Length: rapid.IntRange(0, n-start).Draw(t, "length")}
		}
		p, err := shard.Box(full, random)
		require.NoError(t, err)
		for _, p := range append(parts, p) {
			for _, waste := range []float64{0, 0.1} {
				ranges, err := shard.Plan(p, stored, size, waste)
				require.NoError(t, err)
				var got []int
				bytes := 0
				for i, r := range ranges {
					require.Positive(t, r.Length)
					require.Zero(t, r.Offset%size)
					in := elements(full, stored[r.Stored])
					got = append(got, in[r.Offset/size:(r.Offset+r.Length)/size]...)
					bytes += int(r.Length)
					if i > 0 && ranges[i-1].Stored == r.Stored {
						require.Greater(t, r.Offset, ranges[i-1].Offset+ranges[i-1].Length)
					}
				}
				want := elementsOf(p)
				require.LessOrEqual(t, float64(bytes), (1+waste)*float64(len(want)*size))
				slices.Sort(got)
				slices.Sort(want)
				if waste == 0 {
					require.Equal(t, append([]int{}, want...), append([]int{}, got...))
				}
				require.Subset(t, got, want)
				require.Len(t, slices.Compact(got), bytes/size, "no element is read twice")
			}
		}
	})
}

func TestPlans(t *testing.T) {
	full := tensor.Shape{4, 10}
	box := func(region string) shard.Part {
		s, err := tensor.ParseSlice(region)
		require.NoError(t, err)
		p, err := shard.Box(full, s)
		require.NoError(t, err)
		return p
	}
	type ranges = []shard.Range
	halves := []tensor.Slice{{{Start: 0, Length: 2}, tensor.Full}, {{Start: 2, Length: 2}, tensor.Full}}
	for _, tt := range []struct {
		name   string
		part   shard.Part
		stored []tensor.Slice
		waste  float64
		want   ranges
	}{
		{"adjacent rows are one range", box("1,2:-"), nil, 0, ranges{{0, 40, 80}}},
		{"rows of two stored parts", box("1,2:-"), halves, 0, ranges{{0, 40, 40}, {1, 0, 40}}},
		{"columns are a range for each row", box("-:0,5"), nil, 0.1, ranges{{0, 0, 20}, {0, 40, 20}, {0, 80, 20}, {0, 120, 20}}},
		{"gaps of up to a tenth are read, too", box("-:0,9"), nil, 0.1, ranges{{0, 0, 156}}},
		{"larger gaps are not read", box("-:0,9"), nil, 0, ranges{{0, 0, 36}, {0, 40, 36}, {0, 80, 36}, {0, 120, 36}}},
		{"nothing", must(shard.Flat(full, 7, 7)), halves, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := shard.Plan(tt.part, tt.stored, 4, tt.waste)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	t.Run("parts that are not stored", func(t *testing.T) {
		_, err := shard.Plan(box("1,2:-"), halves[:1], 4, 0)
		require.ErrorIs(t, err, bundle.ErrIncomplete)
		require.ErrorContains(t, err, "the 1 stored parts hold 40 of the part's 80 bytes")
	})
	t.Run("stored parts of another tensor", func(t *testing.T) {
		_, err := shard.Plan(box("1,2:-"), []tensor.Slice{{{Start: 3, Length: 2}, tensor.Full}}, 4, 0)
		require.ErrorContains(t, err, "stored part 0")
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
