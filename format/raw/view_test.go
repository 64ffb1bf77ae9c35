package raw

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/tensor"
)

// elements returns the bytes of a region by indexing one element after another. Every way of reading must
// give the same bytes.
func elements(blob []byte, t Tensor, region tensor.Slice) []byte {
	size := t.DType.Size()
	strides := t.Strides
	if strides == nil {
		strides = rowMajor(t.Shape)
	}
	out := []byte{}
	var walk func(axis int, at int64)
	walk = func(axis int, at int64) {
		if axis == len(region) {
			element := slices.Clone(blob[t.Offset+at*int64(size):][:size])
			if t.BigEndian {
				t.DType.SwapBytes(element)
			}
			out = append(out, element...)
			return
		}
		for i := range region[axis].Length {
			walk(axis+1, at+int64(region[axis].Start+i)*strides[axis])
		}
	}
	walk(0, 0)
	return out
}

// A layout makes strides for a shape.
var layouts = map[string]func(rng *rand.Rand, shape tensor.Shape) []int64{
	"row-major": func(*rand.Rand, tensor.Shape) []int64 { return nil },
	"Fortran":   func(_ *rand.Rand, shape tensor.Shape) []int64 { return permuted(shape, descending(len(shape))) },
	"permuted": func(rng *rand.Rand, shape tensor.Shape) []int64 {
		return permuted(shape, rng.Perm(len(shape)))
	},
	"holes": func(rng *rand.Rand, shape tensor.Shape) []int64 {
		s := permuted(shape, rng.Perm(len(shape)))
		for i := range s {
			s[i] *= 3
		}
		return s
	},
	"far apart": func(_ *rand.Rand, shape tensor.Shape) []int64 {
		s := rowMajor(shape)
		for i := range s[:len(s)/2] {
			s[i] *= 5000
		}
		return s
	},
	"any, some expanded": func(rng *rand.Rand, shape tensor.Shape) []int64 {
		s := make([]int64, len(shape))
		for i := range s {
			s[i] = int64(rng.IntN(9))
		}
		return s
	},
}

func descending(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = n - 1 - i
	}
	return order
}

// permuted returns the strides of an array with its axes stored in the given order, the outermost first.
func permuted(shape tensor.Shape, order []int) []int64 {
	s := make([]int64, len(shape))
	next := int64(1)
	for _, axis := range slices.Backward(order) {
		s[axis] = next
		next *= int64(shape[axis])
	}
	return s
}

func randomShape(rng *rand.Rand) tensor.Shape {
	shape := make(tensor.Shape, rng.IntN(5))
	for i := range shape {
		shape[i] = 1 + rng.IntN(6)
	}
	return shape
}

func randomRegion(rng *rand.Rand, shape tensor.Shape) tensor.Slice {
	region := make(tensor.Slice, len(shape))
	for i, n := range shape {
		start := rng.IntN(n)
		region[i] = tensor.Extent{Start: start, Length: 1 + rng.IntN(n-start)}
	}
	return region
}

func TestEveryLayoutReadsTheSame(t *testing.T) {
	source := rand.NewChaCha8([32]byte{1, 2})
	rng := rand.New(source)
	dtypes := []tensor.DType{tensor.DTInt8, tensor.DTFloat16, tensor.DTFloat32, tensor.DTInt64, tensor.DTComplex128, tensor.DTComplex64}
	for name, layout := range layouts {
		t.Run(name, func(t *testing.T) {
			for range thorough.Pick(200, 40) {
				shape := randomShape(rng)
				tt := Tensor{Key: "k", DType: dtypes[rng.IntN(len(dtypes))], Shape: shape, Offset: int64(rng.IntN(5)),
					Strides: layout(rng, shape), BigEndian: rng.IntN(2) == 0}
				blob := make([]byte, 8+tt.Offset+16*span(tt))
				_, err := source.Read(blob)
				require.NoError(t, err)
				checkTensor(t, rng, blob, tt)
			}
		})
	}
}

func span(t Tensor) int64 {
	if t.Strides == nil {
		return int64(t.Shape.Len())
	}
	last := int64(1)
	for i, n := range t.Shape {
		last += int64(n-1) * t.Strides[i]
	}
	return last
}

func checkTensor(t *testing.T, rng *rand.Rand, blob []byte, tt Tensor) {
	ctx, what := context.Background(), fmt.Sprintf("%v%v strides %v", tt.DType, tt.Shape, tt.Strides)
	r, err := NewReader("m", []*Blob{Memory("m", blob)}, []Tensor{tt}, Options{})
	require.NoError(t, err, what)
	want := elements(blob, tt, wholeSlice(tt.Shape))

	dst, err := tensor.NewAny(tt.DType, tt.Shape...)
	require.NoError(t, err)
	require.NoError(t, r.Read(ctx, "k", dst))
	got, _ := tensor.Bytes(dst)
	require.Equal(t, want, got, what)

	var stored bytes.Buffer
	require.NoError(t, r.WriteStored(ctx, "k", &stored))
	require.Equal(t, want, stored.Bytes(), what)
	var windows bytes.Buffer
	require.NoError(t, r.entries[0].writeRegion(ctx, &windows, wholeSlice(tt.Shape), 0, 1+rng.IntN(8)))
	require.Equal(t, want, windows.Bytes(), what)

	region := randomRegion(rng, tt.Shape)
	part, err := tensor.NewAny(tt.DType, lengths(region)...)
	require.NoError(t, err)
	require.NoError(t, r.ReadSlice(ctx, "k", region, part))
	got, _ = tensor.Bytes(part)
	require.Equal(t, elements(blob, tt, region), got, "%s region %v", what, region)

	// A small buffer makes reads use all their cases.
	src, err := r.entries[0].open()
	require.NoError(t, err)
	size := tt.DType.Size()
	start, axes := r.entries[0].view(region)
	g := gather{ctx: ctx, src: src, size: size, buf: make([]byte, size*(1+rng.IntN(12)))}
	memory := make([]byte, len(got))
	require.NoError(t, g.read(memory, axes, start))
	require.Equal(t, got, memory, "%s region %v, %d bytes of buffer", what, region, len(g.buf))

	if r.entries[0].dense() { // as a stream, which can only be read forwards
		b := Memory("m", nil).Stream("s", int64(len(blob)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(blob)), nil })
		s, err := NewReader("s", []*Blob{b}, []Tensor{tt}, Options{})
		require.NoError(t, err)
		require.NoError(t, s.Read(ctx, "k", dst))
		got, _ := tensor.Bytes(dst)
		require.Equal(t, want, got, what)
		require.NoError(t, s.ReadSlice(ctx, "k", region, part))
		stored.Reset()
		require.NoError(t, s.WriteStored(ctx, "k", &stored))
		require.Equal(t, want, stored.Bytes(), what)
	}
}

// doubled stores pairs of float32. It stores half of each number in one byte.
var doubled = &Code{Elements: 2, Bytes: 2, Decode: func(dst, src []byte) {
	for i, b := range src {
		binary.NativeEndian.PutUint32(dst[4*i:], 2*uint32(b))
	}
}}

func TestBlocksReadTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		shape := append(randomShape(rng), 2*(1+rng.IntN(4)))
		tt := Tensor{Key: "k", DType: tensor.DTUInt32, Shape: shape, Offset: 3, Code: doubled}
		blob := make([]byte, 3+shape.Len())
		plain := make([]byte, 4*shape.Len())
		for i := range blob {
			blob[i] = byte(rng.Uint32())
		}
		for i, b := range blob[3:] {
			binary.NativeEndian.PutUint32(plain[4*i:], 2*uint32(b))
		}
		r, err := NewReader("m", []*Blob{Memory("m", blob)}, []Tensor{tt}, Options{})
		require.NoError(t, err)
		for _, region := range []tensor.Slice{wholeSlice(shape), randomRegion(rng, shape)} {
			dst := tensor.New[uint32](lengths(region)...)
			require.NoError(t, r.ReadSlice(t.Context(), "k", region, dst))
			got, _ := tensor.Bytes(dst)
			require.Equal(t, elements(plain, Tensor{DType: tt.DType, Shape: shape}, region), got)
		}
	}
}

// Several goroutines read a large tensor, each with several buffers.
func TestLargeTensors(t *testing.T) {
	const rows, columns = 1500, 1000
	blob := make([]byte, 4*rows*columns)
	for i := range rows * columns {
		binary.LittleEndian.PutUint32(blob[4*i:], uint32(i))
	}
	r, err := NewReader("m", []*Blob{Memory("m", blob)}, []Tensor{
		{Key: "c", DType: tensor.DTUInt32, Shape: tensor.Shape{rows, columns}},
		{Key: "f", DType: tensor.DTUInt32, Shape: tensor.Shape{columns, rows}, Strides: []int64{1, columns}},
	}, Options{Overlap: true})
	require.NoError(t, err)
	c, f := tensor.New[uint32](rows, columns), tensor.New[uint32](columns, rows)
	require.NoError(t, r.Read(t.Context(), "c", c))
	require.NoError(t, r.Read(t.Context(), "f", f))
	for i := range rows {
		for j := range columns {
			if want := uint32(i*columns + j); c.At(i, j) != want || f.At(j, i) != want {
				t.Fatalf("at %d, %d: %d and %d, want %d", i, j, c.At(i, j), f.At(j, i), want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, key := range []string{"c", "f"} {
		require.ErrorIs(t, r.Read(ctx, key, map[string]tensor.Any{"c": c, "f": f}[key]), context.Canceled)
		require.ErrorIs(t, r.WriteStored(ctx, key, io.Discard), context.Canceled)
	}
}
