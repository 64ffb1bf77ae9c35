package ckpttest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A GoldenCase is the description, in an expect.json, of checkpoints that TensorFlow wrote: testdata/README.md lists the fields.
type GoldenCase struct {
	Dir    string `json:"-"`
	Prefix string
	GoldenCheckpoint
	Others   map[string]GoldenCheckpoint
	Programs map[string]map[string]GoldenOutcome
	Want     *struct {
		Open, Restore string
		Bad           []string
	}
}

// A GoldenCheckpoint is the contents of a checkpoint.
type GoldenCheckpoint struct {
	Keys []struct {
		Key, DType, SHA256 string
		Shape              []int
	}
	KeysCount  int    `json:"keys_count"`
	KeysDigest string `json:"keys_digest"`
	Graph      json.RawMessage
}

// A GoldenOutcome is the result of a program in TensorFlow.
type GoldenOutcome struct {
	Consumed   string `json:"assert_consumed"`
	Existing   string `json:"assert_existing_objects_matched"`
	Nontrivial string `json:"assert_nontrivial_match"`
	Error      string
	Values     map[string]any
	Warnings   []string
}

// Golden returns the case called name.
func Golden(t testing.TB, name string) GoldenCase {
	t.Helper()
	g := GoldenCase{Dir: Path("testdata/golden", name)}
	data, err := os.ReadFile(filepath.Join(g.Dir, "expect.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &g))
	return g
}

// Path returns the path of the case's checkpoint.
func (g GoldenCase) Path() string { return filepath.Join(g.Dir, g.Prefix) }
