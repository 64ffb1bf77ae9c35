package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const data = "../../testdata/vad"

func TestRun(t *testing.T) {
	weights := filepath.Join("..", "..", ".cache", "silero-vad", "silero_vad", "data", "silero_vad_16k.safetensors")
	if _, err := os.Stat(weights); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the weights are not here: examples/vad/download fetches them")
	}
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, weights, data, ""))
	require.Contains(t, out.String(), "125 chunks, largest difference from PyTorch in float64:")
	require.Contains(t, out.String(), "speech from")
}

func TestRunWithoutWeights(t *testing.T) {
	err := run(t.Context(), new(strings.Builder), filepath.Join(t.TempDir(), "model.safetensors"), data, "")
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "download")
}

func TestParseWAV(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(data, "speech.wav"))
	require.NoError(t, err)
	samples, err := parseWAV(good)
	require.NoError(t, err)
	require.Len(t, samples, 4*sampleRate)

	stereo := append([]byte(nil), good...)
	stereo[22] = 2
	for _, c := range []struct {
		name  string
		data  []byte
		error string
	}{
		{"empty", nil, "not a WAV file"},
		{"a file in another format", []byte("RIFF    AVI LIST"), "not a WAV file"},
		{"two channels", stereo, "2 channels"},
		{"truncated before the samples", good[:36], "does not hold any samples"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseWAV(c.data)
			require.ErrorContains(t, err, c.error)
		})
	}

	samples, err = parseWAV(good[:1000]) // from a recorder that was stopped
	require.NoError(t, err)
	require.Len(t, samples, (1000-44)/2)
}

func TestPrintSpeech(t *testing.T) {
	var out strings.Builder
	printSpeech(&out, []float32{0.1, 0.9, 0.8, 0.2, 0.7})
	require.Equal(t, "speech from 0.03 s to 0.10 s\nspeech from 0.13 s to 0.16 s\n", out.String())
}
