package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const dir = "../../testdata/cnn"

func TestRun(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, dir))
	require.Contains(t, out.String(), "largest difference from Keras")
}

func TestRunTellsOtherPredictions(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(dir, "predictions.json"))
	require.NoError(t, err)
	var p predictions
	require.NoError(t, json.Unmarshal(data, &p))
	p.Outputs[0].Values[0] += 1e-3
	data, err = json.Marshal(p)
	require.NoError(t, err)
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "predictions.json"), data, 0o600))
	require.NoError(t, os.CopyFS(filepath.Join(other, "train"), os.DirFS(filepath.Join(dir, "train"))))
	require.ErrorContains(t, run(t.Context(), new(strings.Builder), other), "predictions differ")
}
