package main

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

const names = "../../testdata/chicksexer/names.json"

func TestRun(t *testing.T) {
	weights := filepath.Join("..", "..", checkpoint)
	if _, err := os.Stat(weights + ".index"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the weights, 14 MB, are not here: examples/chicksexer/download fetches them")
	}
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, weights, names, nil))
	require.Equal(t, 6, strings.Count(out.String(), "TensorFlow"))
	require.ErrorContains(t, run(t.Context(), &out, weights, names, []string{"Jo☃"}), "does not know '☃'")
}

func TestRunWithoutWeights(t *testing.T) {
	err := run(t.Context(), new(strings.Builder), filepath.Join(t.TempDir(), "model.ckpt"), names, nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "download")
}

func TestCellLayer(t *testing.T) {
	// This cell has one input and one unit. The rows of its input, candidate, forget and output gates have
	// different numbers.
	weights, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8}, 2, 4)
	require.NoError(t, err)
	biases, err := tensor.FromSlice([]float32{10, 20, 30, 40}, 4)
	require.NoError(t, err)
	k, err := (&cell{Weights: *weights, Biases: *biases}).layer()
	require.NoError(t, err)
	require.Equal(t, []float32{1, 3, 2, 4}, k.Kernel.Data())
	require.Equal(t, []float32{5, 7, 6, 8}, k.RecurrentKernel.Data())
	require.Equal(t, []float32{10, 31, 20, 40}, k.Bias.Data(), "with the forget gate's 1")

	_, err = (&cell{Weights: *tensor.New[float32](2, 3)}).layer()
	require.ErrorContains(t, err, "[2 3]")
}

func TestAnswer(t *testing.T) {
	var m Sexer
	m.WordRNNLayer.Pooling.Weight, m.WordRNNLayer.Pooling.Bias = *tensor.New[float32](1), *tensor.New[float32](1)
	m.SoftmaxLayer.Weight, m.SoftmaxLayer.Bias = *tensor.New[float32](1, 1), *tensor.New[float32](1)
	m.WordRNNLayer.Pooling.Weight.Set(float32(math.Log(3)), 0)
	m.SoftmaxLayer.Weight.Set(4, 0, 0)
	m.SoftmaxLayer.Bias.Set(-3, 0)
	got, err := m.answer([]float32{0, 1}, 2)
	require.NoError(t, err)
	require.InDelta(t, 0.5, got, 1e-6, "the second word counts three times as much: 3/4·4 - 3 is 0")
	_, err = m.answer([]float32{0, 1, 2, 3}, 2)
	require.ErrorContains(t, err, "outputs of width 2")
}
