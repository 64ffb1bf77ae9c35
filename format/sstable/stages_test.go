package sstable

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// `.ci/run benchmarks` compares these stages with the previous commit: see the root's stages_test.go.

// stagePairs returns keys like those of an index, in order.
func stagePairs() [][]byte {
	keys := make([][]byte, 2_000)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "model/layer_%07d/kernel/.ATTRIBUTES/VARIABLE_VALUE", i)
	}
	return keys
}

func stageTable(w io.Writer, keys [][]byte) error {
	t := NewWriter(w)
	for _, key := range keys {
		if err := t.Add(key, key[:24]); err != nil {
			return err
		}
	}
	return t.Close()
}

func BenchmarkStageEncodeTable(b *testing.B) {
	keys := stagePairs()
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, stageTable(io.Discard, keys))
	}
}

func BenchmarkStageReadTable(b *testing.B) {
	var table bytes.Buffer
	require.NoError(b, stageTable(&table, stagePairs()))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(bytes.NewReader(table.Bytes()), int64(table.Len()))
		require.NoError(b, err)
		for _, err := range r.All() {
			require.NoError(b, err)
		}
	}
}
