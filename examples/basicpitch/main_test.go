package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

const dir = "../../testdata/basic-pitch"

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, dir))
	require.Contains(t, out.String(), "1.49 s: A3 C#4 E4\n", "all three tones, the last one after the others")
	require.Contains(t, out.String(), "onset: largest difference from TensorFlow")
}

func TestRunTellsOtherPredictions(t *testing.T) {
	p := predicted(t)
	path := filepath.Join(dir, "predictions")
	require.NoError(t, compare(new(strings.Builder), path, p))
	p.Note.Data()[88*16] += 0.01
	require.ErrorContains(t, compare(new(strings.Builder), path, p), "note differs")
}

func predicted(t *testing.T) *Prediction {
	t.Helper()
	var s Spectrogram
	require.NoError(t, ckpt.LoadWeights(t.Context(), filepath.Join(dir, "constants"), &s))
	m := newPitch()
	require.NoError(t, ckpt.LoadWeights(t.Context(), filepath.Join(dir, "variables", "variables"), m))
	x, err := s.Call(audio())
	require.NoError(t, err)
	p, err := m.Predict(x)
	require.NoError(t, err)
	return p
}

func TestSpectrogramWantsWholeFrames(t *testing.T) {
	var s Spectrogram
	_, err := s.Call(make([]float32, 1024))
	require.ErrorContains(t, err, "kernels of shapes", "nothing was restored")
}

func TestReflected(t *testing.T) {
	require.Equal(t, []float32{3, 2, 1, 2, 3, 4, 3, 2}, reflected([]float32{1, 2, 3, 4}, 2))
	require.Equal(t, []float32{1, 1, 1}, reflected([]float32{1}, 1), "positions beyond the input are clamped")
}

func TestStackHarmonics(t *testing.T) {
	x := tensor.New[float32](1, 1, allPitches, 1)
	for i := range x.Data() {
		x.Data()[i] = float32(i)
	}
	y := stackHarmonics(x)
	require.Equal(t, tensor.Shape{1, 1, pianoPitches, 8}, y.Shape())
	require.Equal(t, []float32{0, 0, 36, 57, 72, 84, 93, 101}, y.Data()[:8], "pitches below the lowest are silent")
	require.Equal(t, []float32{227, 263, 299, 0, 0, 0, 0, 0}, y.Data()[263*8:], "pitches above the highest are silent")
}
