package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/gockpt/ckpt/tensor"
)

func matrix(t testing.TB, rows, columns int) *tensor.Tensor[int32] {
	t.Helper()
	m := tensor.New[int32](rows, columns)
	for i := range m.Data() {
		m.Data()[i] = int32(i + 1)
	}
	return m
}

func TestCopyRegion(t *testing.T) {
	for _, c := range []struct {
		name         string
		dstAt, srcAt []int
		shape        tensor.Shape
		want         []int32
	}{
		{"whole rows", []int{1, 0}, []int{0, 0}, tensor.Shape{2, 3}, []int32{0, 0, 0, 1, 2, 3, 4, 5, 6}},
		{"one element", []int{2, 2}, []int{1, 1}, tensor.Shape{1, 1}, []int32{0, 0, 0, 0, 0, 0, 0, 0, 5}},
		{"a column", []int{0, 0}, []int{0, 2}, tensor.Shape{3, 1}, []int32{3, 0, 0, 6, 0, 0, 9, 0, 0}},
		{"a block", []int{0, 1}, []int{1, 0}, tensor.Shape{2, 2}, []int32{0, 4, 5, 0, 7, 8, 0, 0, 0}},
		{"all of it", []int{0, 0}, []int{0, 0}, tensor.Shape{3, 3}, []int32{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"an empty region at the end", []int{3, 3}, []int{3, 0}, tensor.Shape{0, 0}, make([]int32, 9)},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst := tensor.New[int32](3, 3)
			require.NoError(t, tensor.CopyRegion(dst, c.dstAt, matrix(t, 3, 3), c.srcAt, c.shape))
			require.Equal(t, c.want, dst.Data())
		})
	}
	t.Run("scalars have one region", func(t *testing.T) {
		dst := tensor.New[string]()
		require.NoError(t, tensor.CopyRegion(dst, nil, tensor.Scalar("whole"), nil, nil))
		require.Equal(t, "whole", dst.At())
	})
	t.Run("elements of any type", func(t *testing.T) {
		for _, e := range elements {
			if e.goType == nil {
				continue
			}
			src := filled(t, e.dtype, 2, 4)
			there, back := tensor.Clone(src), filled(t, e.dtype, 2, 4)
			require.NoError(t, there.Build(4, 4))
			require.NoError(t, tensor.CopyRegion(there, []int{1, 2}, src, []int{0, 1}, tensor.Shape{2, 2}))
			require.NoError(t, back.Build(2, 4))
			for column := range 4 { // the middle in two steps by way of there, the edges directly
				from, at := src, []int{0, column}
				if column == 1 || column == 2 {
					from, at = there, []int{1, column + 1}
				}
				require.NoError(t, tensor.CopyRegion(back, []int{0, column}, from, at, tensor.Shape{2, 1}))
			}
			require.True(t, tensor.Equal(src, back), e.name)
		}
	})
}

func TestCopyRegionRefuses(t *testing.T) {
	var unbuilt tensor.Tensor[int32]
	m := matrix(t, 3, 3)
	for _, c := range []struct {
		name    string
		dst     tensor.Any
		dstAt   []int
		srcAt   []int
		shape   tensor.Shape
		problem string
	}{
		{"another dtype", tensor.New[uint32](3, 3), []int{0, 0}, []int{0, 0}, tensor.Shape{1, 1}, "tensor: cannot copy a region of int32[3 3] into uint32[3 3]: the dtypes differ"},
		{"another rank", tensor.New[int32](9), []int{0, 0}, []int{0, 0}, tensor.Shape{1, 1}, "tensor: a region of shape [1 1] at [0 0] does not fit int32[9]"},
		{"a position of another rank", m, []int{0}, []int{0, 0}, tensor.Shape{1, 1}, "does not fit"},
		{"a destination that is not built", &unbuilt, nil, nil, nil, "does not fit int32 (not built)"},
		{"beyond the destination", m, []int{0, 2}, []int{0, 0}, tensor.Shape{1, 2}, "tensor: a region of shape [1 2] at [0 2] does not fit in int32[3 3] along axis 1"},
		{"beyond the source", m, []int{0, 0}, []int{2, 0}, tensor.Shape{2, 1}, "tensor: a region of shape [2 1] at [2 0] does not fit in int32[3 3] along axis 0"},
		{"before the start", m, []int{-1, 0}, []int{0, 0}, tensor.Shape{1, 1}, "along axis 0"},
		{"a negative length", m, []int{0, 0}, []int{0, 0}, tensor.Shape{1, -1}, "along axis 1"},
		{"an end that wraps around", m, []int{math.MaxInt, 0}, []int{0, 0}, tensor.Shape{math.MaxInt, 1}, "along axis 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := tensor.Clone(c.dst)
			require.ErrorContains(t, tensor.CopyRegion(c.dst, c.dstAt, m, c.srcAt, c.shape), c.problem)
			require.True(t, tensor.Equal(before, c.dst))
		})
	}
}

// TestCopyRegionIsElementByElement copies random regions between tensors of any rank, and compares the result
// with the definition.
func TestCopyRegionIsElementByElement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rank := rapid.IntRange(0, 4).Draw(t, "rank")
		var dstShape, srcShape, shape tensor.Shape
		var dstAt, srcAt []int
		for range rank {
			n := rapid.IntRange(0, 4).Draw(t, "length")
			d, s := rapid.IntRange(0, 2).Draw(t, "dst start"), rapid.IntRange(0, 2).Draw(t, "src start")
			shape, dstAt, srcAt = append(shape, n), append(dstAt, d), append(srcAt, s)
			dstShape = append(dstShape, d+n+rapid.IntRange(0, 2).Draw(t, "dst rest"))
			srcShape = append(srcShape, s+n+rapid.IntRange(0, 2).Draw(t, "src rest"))
		}
		dst, src := tensor.New[int64](dstShape...), tensor.New[int64](srcShape...)
		for i := range src.Data() {
			src.Data()[i] = int64(i + 1)
		}
		want := dst.Clone()
		index := make([]int, rank)
		for range shape.Len() {
			from, to := make([]int, rank), make([]int, rank)
			for axis, i := range index {
				from[axis], to[axis] = srcAt[axis]+i, dstAt[axis]+i
			}
			want.Set(src.At(from...), to...)
			for axis := rank - 1; axis >= 0; axis-- {
				if index[axis]++; index[axis] < shape[axis] {
					break
				}
				index[axis] = 0
			}
		}
		require.NoError(t, tensor.CopyRegion(dst, dstAt, src, srcAt, shape))
		require.Equal(t, want.Data(), dst.Data())
	})
}

// BenchmarkCopyRegion copies 16 MB as one run, as rows and as single elements.
func BenchmarkCopyRegion(b *testing.B) {
	const rows, columns = 2048, 2048
	src := tensor.New[float32](rows, columns)
	for _, c := range []struct {
		name   string
		dst    tensor.Any
		region tensor.Shape
	}{
		{"one run", tensor.New[float32](rows, columns), tensor.Shape{rows, columns}},
		{"rows", tensor.New[float32](rows, columns), tensor.Shape{rows, columns - 1}},
		{"columns", tensor.New[float32](rows, 1), tensor.Shape{rows, 1}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(4 * c.region.Len()))
			for b.Loop() {
				if err := tensor.CopyRegion(c.dst, []int{0, 0}, src, []int{0, 0}, c.region); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
