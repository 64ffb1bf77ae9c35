package gguf

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/formattest"
)

// Files that the reference implementation wrote are read, and dequantized to the same bits.
func TestGolden(t *testing.T) {
	for name, want := range formattest.ReadSums(t, "testdata/sums.json") {
		t.Run(name, func(t *testing.T) {
			r, err := OpenFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			defer r.Close()
			require.True(t, r.Unverified())
			got := formattest.SumsOf(t, r)
			require.Equal(t, len(want), len(got))
			for key, sum := range want {
				require.Equal(t, sum, got[key], key)
			}
			for e := range r.All() {
				if _, ok := want[e.Key]; !ok {
					require.True(t, strings.HasPrefix(e.Key, "refused"), e.Key)
				}
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, file := range []string{"quants.gguf", "bigendian.gguf"} {
		r, err := OpenFile("testdata/" + file)
		require.NoError(t, err)
		defer r.Close()
		contents, err := os.ReadFile("testdata/" + file)
		require.NoError(t, err)
		refused := 0
		for tt := range r.Tensors() {
			if !strings.HasPrefix(tt.Key, "refused") {
				continue
			}
			refused++
			require.Positive(t, tt.Size)
			err := r.WriteStored(t.Context(), tt.Key, io.Discard)
			require.ErrorIs(t, err, errors.ErrUnsupported)
			require.ErrorContains(t, err, "it is stored as "+tt.Stored)
			var b bytes.Buffer
			require.NoError(t, r.WriteBytes(t.Context(), tt.Key, &b))
			require.Equal(t, contents[tt.Offset:tt.Offset+tt.Size], b.Bytes())
		}
		require.Positive(t, refused)
	}
}

func TestMetadata(t *testing.T) {
	for _, file := range []string{"plain.gguf", "bigendian.gguf"} {
		r, err := OpenFile("testdata/" + file)
		require.NoError(t, err)
		defer r.Close()
		require.Equal(t, 3, r.Version())
		require.Equal(t, map[string]any{
			"general.architecture": "test", "general.alignment": uint32(64),
			"test.uint8": uint8(1), "test.int8": int8(-2), "test.uint16": uint16(300), "test.int16": int16(-300), "test.uint32": uint32(70000),
			"test.int32": int32(-70000), "test.float32": float32(1.5), "test.bool": true, "test.string": "text é", "test.uint64": uint64(1 << 40),
			"test.int64": int64(-1 << 40), "test.float64": 0.1,
			"test.tokens": []string{"a", "", "é"}, "test.numbers": []int32{1, 2, 3}, "test.floats": []float32{0.5, -1.5}, "test.flags": []bool{true, false},
		}, r.Metadata())
		texts := r.MetadataText()
		require.Len(t, texts, len(r.Metadata()))
		for key, want := range map[string]string{
			"test.string": "text é", "test.uint8": "1", "test.float64": "0.1", "test.tokens": `["a","","é"]`, "test.flags": "[true,false]",
		} {
			require.Equal(t, want, texts[key], key)
		}
		g, err := r.Graph()
		require.NoError(t, err)
		require.Greater(t, len(g.Nodes), 9)
	}
	r, err := OpenFile("testdata/vocabulary.gguf")
	require.NoError(t, err)
	require.Zero(t, r.Len())
	require.NoError(t, r.Close())
}

func TestText(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  string
	}{
		{"text", "text"},
		{[]uint8{1, 255}, "[1,255]"},
		{[]any{[]int32{1}, []int32{}}, "[[1],[]]"},
		{math.Inf(1), "+Inf"},
		{[]float32{1.5, float32(math.NaN())}, "[1.5 NaN]"},
	} {
		require.Equal(t, tt.want, text(tt.value))
	}
}

func TestRealFiles(t *testing.T) {
	formattest.Real(t, "gguf", func(t *testing.T, path string, want []formattest.Expected) {
		r, err := OpenFile(path)
		require.NoError(t, err)
		defer r.Close()
		for _, w := range want {
			tt, ok := r.Tensor(w.Key)
			require.True(t, ok, w.Key)
			require.Equal(t, w.DType, tt.Stored, w.Key)
			require.Equal(t, w.Shape, []int(tt.Shape), w.Key)
			require.Equal(t, w.SHA256, formattest.SHA256(func(out io.Writer) error { return r.WriteBytes(t.Context(), w.Key, out) }), w.Key)
		}
		require.Equal(t, len(want), r.Len())
	})
}
