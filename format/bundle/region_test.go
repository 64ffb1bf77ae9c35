package bundle

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/internal/fsx/errfs"
	"github.com/gockpt/ckpt/tensor"
)

// countFS counts the bytes that are read from data files.
type countFS struct {
	fsx.ReadFS
	bytes, reads *int
}

func (c countFS) Open(name string) (fsx.Reader, error) {
	r, err := c.ReadFS.Open(name)
	if _, _, _, ok := ParseDataFile(name); ok && err == nil {
		return countReader{r, c}, nil
	}
	return r, err
}

type countReader struct {
	fsx.Reader
	c countFS
}

func (c countReader) ReadAt(p []byte, off int64) (int, error) {
	*c.c.bytes += len(p)
	*c.c.reads++
	return c.Reader.ReadAt(p, off)
}

// at returns the offset of an element.
func at(shape tensor.Shape, index []int) int {
	n := 0
	for i, k := range index {
		n = n*shape[i] + k
	}
	return n
}

// cutOut returns the elements of region in order, by the definition.
func cutOut[T any](values []T, shape tensor.Shape, region tensor.Slice) []T {
	out := []T{}
	index := make([]int, len(shape))
	var walk func(axis int)
	walk = func(axis int) {
		if axis == len(shape) {
			out = append(out, values[at(shape, index)])
			return
		}
		for i := range region[axis].Length {
			index[axis] = region[axis].Start + i
			walk(axis + 1)
		}
	}
	walk(0)
	return out
}

func genShape(t *rapid.T) tensor.Shape {
	return rapid.SliceOfN(rapid.IntRange(0, 7), 0, 4).Draw(t, "shape")
}

func genRegion(t *rapid.T, shape tensor.Shape) tensor.Slice {
	s := make(tensor.Slice, len(shape))
	for i, n := range shape {
		s[i].Start = rapid.IntRange(0, n).Draw(t, "start")
		s[i].Length = rapid.IntRange(0, n-s[i].Start).Draw(t, "length")
	}
	return s
}

// genTiling cuts a shape into regions that tile it, by splitting regions in two.
func genTiling(t *rapid.T, shape tensor.Shape) []tensor.Slice {
	tiles := []tensor.Slice{wholeSlice(shape)}
	for range rapid.IntRange(0, 6).Draw(t, "cuts") {
		i := rapid.IntRange(0, len(tiles)-1).Draw(t, "tile")
		if len(shape) == 0 {
			break
		}
		axis := rapid.IntRange(0, len(shape)-1).Draw(t, "axis")
		if n := tiles[i][axis].Length; n > 1 {
			cut := rapid.IntRange(1, n-1).Draw(t, "at")
			rest := slices.Clone(tiles[i])
			tiles[i] = slices.Clone(tiles[i])
			tiles[i][axis].Length = cut
			rest[axis].Start += cut
			rest[axis].Length -= cut
			tiles = append(tiles, rest)
		}
	}
	return tiles
}

// For any parts of a tensor and any region, a read gives the same elements as indexing.
func TestRegions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := genShape(t)
		values := make([]int32, shape.Len())
		texts := make([]string, shape.Len())
		for i := range values {
			values[i], texts[i] = int32(i), fmt.Sprint(i)
		}
		fsys := errfs.New()
		w := Create(fsys, "c", Options{Shards: 2})
		for i, tile := range genTiling(t, shape) {
			numbers := of(cutOut(values, shape, tile), lengths(tile)...)
			require.NoError(t, w.AddSlice(i%2, "n", shape, tile, format.SourceOf(numbers)))
			strings := of(cutOut(texts, shape, tile), lengths(tile)...)
			require.NoError(t, w.AddSlice(i%2, "s", shape, tile, format.SourceOf(strings)))
		}
		require.NoError(t, w.Commit(t.Context()))
		r, err := Open(fsys, "c")
		require.NoError(t, err)
		defer r.Close()

		for _, region := range []tensor.Slice{wholeSlice(shape), genRegion(t, shape)} {
			numbers := tensor.New[int32](lengths(region)...)
			require.NoError(t, r.ReadSlice(t.Context(), "n", region, numbers))
			require.Equal(t, cutOut(values, shape, region), numbers.Data())
			strings := tensor.New[string](lengths(region)...)
			require.NoError(t, r.ReadSlice(t.Context(), "s", region, strings))
			require.Equal(t, cutOut(texts, shape, region), strings.Data())
		}
		require.NoError(t, r.Check("n"))
		require.NoError(t, r.Verify(t.Context(), func(p Problem) { t.Fatalf("%v", p) }))
	})
}

func TestRegionsOfStoredTensors(t *testing.T) {
	r := golden(t, "slices")
	tests := []struct {
		name   string
		key    string
		region tensor.Slice
		want   []int32
	}{
		{"B-10 a region within one part", "tiles", tensor.Slice{ext(3, 2), ext(8, 2)}, []int32{38, 39, 48, 49}},
		{"B-10 a region across all parts", "tiles", tensor.Slice{ext(1, 2), ext(3, 2)}, []int32{13, 14, 23, 24}},
		{"B-10 a region across two columns", "cols", tensor.Slice{ext(4, 1), ext(0, 3)}, []int32{40, 41, 42}},
		{"B-37 a region of a tensor that is stored whole", "all", tensor.Slice{ext(2, 2), ext(9, 1)}, []int32{29, 39}},
		{"B-11 full extents equal explicit ones", "explicit", tensor.Slice{ext(0, 1), tensor.Full}, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, shape, err := test.region.Resolve(tensor.Shape{5, 10})
			require.NoError(t, err)
			dst := tensor.New[int32](shape...)
			require.NoError(t, r.ReadSlice(t.Context(), test.key, test.region, dst))
			require.Equal(t, test.want, dst.Data())
		})
	}
	t.Run("Q-11 a region beyond the tensor", func(t *testing.T) {
		err := r.ReadSlice(t.Context(), "all", tensor.Slice{ext(4, 2), tensor.Full}, tensor.New[int32](2, 10))
		require.ErrorContains(t, err, `testdata/slices.index: "all": tensor: slice 4,2:- does not fit shape [5 10] along axis 0`)
	})
	t.Run("Q-11 a region of another rank", func(t *testing.T) {
		require.ErrorContains(t, r.ReadSlice(t.Context(), "all", tensor.Slice{ext(4, 1)}, tensor.New[int32](1)), "rank 1")
	})
	t.Run("Q-11 a destination of another shape", func(t *testing.T) {
		err := r.ReadSlice(t.Context(), "all", tensor.Slice{ext(0, 1), ext(0, 2)}, tensor.New[int32](2, 1))
		require.ErrorContains(t, err, "the checkpoint has int32[1 2], but the destination is int32[2 1]")
	})
	t.Run("parts that cover the region are enough", func(t *testing.T) {
		dst := tensor.New[int8](1)
		merged := golden(t, "merged")
		require.NoError(t, merged.ReadSlice(t.Context(), "late", tensor.Slice{ext(1, 1)}, dst))
		require.Equal(t, []int8{1}, dst.Data())
		require.ErrorIs(t, merged.ReadSlice(t.Context(), "late", tensor.Slice{ext(0, 1)}, dst), ErrIncomplete)
	})
}

// Reading a region costs only as much as reading its rows.
func TestRegionsReadLittle(t *testing.T) {
	fsys := errfs.New()
	w := Create(fsys, "c", Options{})
	big := tensor.New[float32](1000, 1000)
	for i := range big.Data() {
		big.Data()[i] = float32(i)
	}
	require.NoError(t, w.Add(0, "w", format.SourceOf(big)))
	for i := range 10 {
		part := tensor.FromSlice[float32]
		rows, err := part(big.Data()[i*100_000:(i+1)*100_000], 100, 1000)
		require.NoError(t, err)
		require.NoError(t, w.AddSlice(0, "p", tensor.Shape{1000, 1000}, tensor.Slice{ext(100*i, 100), tensor.Full}, format.SourceOf(rows)))
	}
	require.NoError(t, w.Commit(t.Context()))
	tests := []struct {
		name         string
		region       tensor.Slice
		bytes, reads int // at most
	}{
		{"rows are read into their final positions", tensor.Slice{ext(500, 10), tensor.Full}, 40_000, 1},
		{"a few long runs, one read each", tensor.Slice{ext(100, 3), ext(0, 900)}, 3 * 4000, 3},
		{"short runs that are close together are read together", tensor.Slice{ext(0, 100), ext(7, 1)}, 100 * 4000, 8},
		{"one element", tensor.Slice{ext(999, 1), ext(999, 1)}, 4, 1},
		{"nothing", tensor.Slice{ext(3, 0), ext(0, 5)}, 0, 0},
	}
	for _, test := range tests {
		for _, key := range []string{"w", "p"} {
			t.Run(key+": "+test.name, func(t *testing.T) {
				var bytes, reads int
				r, err := Open(countFS{fsys, &bytes, &reads}, "c")
				require.NoError(t, err)
				defer r.Close()
				region, shape, err := test.region.Resolve(big.Shape())
				require.NoError(t, err)
				dst := tensor.New[float32](shape...)
				require.NoError(t, r.ReadSlice(t.Context(), key, test.region, dst))
				require.Equal(t, cutOut(big.Data(), big.Shape(), region), dst.Data())
				require.LessOrEqual(t, bytes, test.bytes)
				require.LessOrEqual(t, reads, test.reads)
			})
		}
	}
}

func TestWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, limit := genShape(t), rapid.IntRange(1, 30).Draw(t, "limit")
		values := make([]int, shape.Len())
		for i := range values {
			values[i] = i
		}
		next := 0
		for region := range windows(shape, limit) {
			require.LessOrEqual(t, lengths(region).Len(), limit)
			for _, v := range cutOut(values, shape, region) {
				require.Equal(t, next, v)
				next++
			}
		}
		require.Equal(t, shape.Len(), next)
	})
}

// The overlap check gives the same result as comparing every pair of regions.
func TestOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := tensor.Shape{4, 4}
		regions := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) tensor.Slice { return genRegion(t, shape) }), 0, 6).Draw(t, "regions")
		want := false
		for i := range regions {
			for j := range i {
				_, ok := regions[i].Intersect(regions[j])
				want = want || ok
			}
		}
		i, j, err := overlap(regions)
		require.NoError(t, err)
		require.Equal(t, want, i != j, "%v", regions)
		if i != j {
			_, ok := regions[i].Intersect(regions[j])
			require.True(t, ok)
		}
	})
}
