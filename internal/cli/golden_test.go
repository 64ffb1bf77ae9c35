package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An expectation is the description of a checkpoint in an expect.json.
type expectation struct {
	Prefix string
	expectedCheckpoint
	Others map[string]expectedCheckpoint
	// Want is set for a damaged checkpoint. Bad lists the keys that cannot be read.
	Want *struct {
		Open, Restore string
		Bad           []string
	}
}

type expectedCheckpoint struct {
	Keys []struct {
		Key    string
		DType  string
		Shape  []int
		SHA256 string
		At     *struct{ Size int64 }
	}
	Count  int    `json:"keys_count"`
	Digest string `json:"keys_digest"`
	Graph  json.RawMessage
}

type listed struct {
	Key    string
	DType  string
	Shape  []int
	Bytes  int64
	SHA256 *string
}

func expectations(t *testing.T) map[string]expectation {
	t.Helper()
	dirs, err := os.ReadDir(golden)
	require.NoError(t, err)
	all := make(map[string]expectation)
	for _, d := range dirs {
		data, err := os.ReadFile(filepath.Join(golden, d.Name(), "expect.json"))
		require.NoError(t, err)
		var e expectation
		require.NoError(t, json.Unmarshal(data, &e), d.Name())
		all[d.Name()] = e
	}
	return all
}

// TestWhatTensorFlowWrote lists, draws and verifies every undamaged checkpoint under testdata/golden.
func TestWhatTensorFlowWrote(t *testing.T) {
	checked := 0
	for name, e := range expectations(t) {
		if e.Want != nil {
			continue
		}
		checkpoints := map[string]expectedCheckpoint{e.Prefix: e.expectedCheckpoint}
		for prefix, other := range e.Others {
			checkpoints[prefix] = other
		}
		for prefix, want := range checkpoints {
			path := golden + "/" + name + "/" + prefix
			t.Run("Q-01 Q-02 Q-08 "+name+"/"+prefix, func(t *testing.T) {
				checked++
				checkList(t, path, want)
				checkGraph(t, path, want)
				r := runCkpt(t, "verify", path)
				require.Zero(t, r.status, r.stderr)
				require.Contains(t, r.stdout, "all checksums right")
				require.Zero(t, runCkpt(t, "list", path).status)
			})
		}
	}
	require.Greater(t, checked, 50)
}

func checkList(t *testing.T, path string, want expectedCheckpoint) {
	r := runCkpt(t, "list", "--json", path)
	require.Zero(t, r.status, r.stderr)
	var got []listed
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got))
	byKey := make(map[string]listed)
	var digest strings.Builder
	for i, g := range got {
		if i > 0 {
			require.Less(t, got[i-1].Key, g.Key, "the order of keys")
		}
		byKey[g.Key] = g
		if g.SHA256 != nil {
			shape := strings.ReplaceAll(strings.Trim(fmt.Sprint(g.Shape), "[]"), " ", ", ")
			fmt.Fprintf(&digest, "%s\t%s\t[%s]\t%s\n", g.Key, g.DType, shape, *g.SHA256)
		}
	}
	if want.Digest != "" {
		require.Len(t, got, want.Count)
		sum := sha256.Sum256([]byte(digest.String()))
		require.Equal(t, want.Digest, hex.EncodeToString(sum[:]))
	} else {
		require.Len(t, got, len(want.Keys))
	}
	for _, k := range want.Keys {
		g, ok := byKey[k.Key]
		require.True(t, ok, k.Key)
		require.Equal(t, k.DType, g.DType, k.Key)
		require.Equal(t, k.Shape, g.Shape, k.Key)
		if k.At != nil {
			require.Equal(t, k.At.Size, g.Bytes, k.Key)
		}
		if k.SHA256 != "" {
			require.NotNil(t, g.SHA256, k.Key)
			require.Equal(t, k.SHA256, *g.SHA256, k.Key)
		}
	}
}

func checkGraph(t *testing.T, path string, want expectedCheckpoint) {
	r := runCkpt(t, "graph", "--json", path)
	if string(want.Graph) == "null" || len(want.Graph) == 0 {
		require.Equal(t, 1, r.status)
		require.Contains(t, r.stderr, "the checkpoint is name-based")
		return
	}
	require.Zero(t, r.status, r.stderr)
	type graph struct{ Nodes []json.RawMessage }
	var expected, got graph
	require.NoError(t, json.Unmarshal(want.Graph, &expected))
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got))
	if want.Digest == "" {
		require.Len(t, got.Nodes, len(expected.Nodes))
	}
	for i, n := range expected.Nodes { // only the first ones of a large tensor are kept
		require.JSONEq(t, string(n), string(got.Nodes[i]))
	}
	require.Zero(t, runCkpt(t, "graph", path).status)
}

// TestWhatIsDamaged checks that every damaged checkpoint causes one clear line on standard error and the
// status 1, unless TensorFlow reads it right.
func TestWhatIsDamaged(t *testing.T) {
	// These statuses differ from the result of restoring the base, for the given reasons.
	others := map[string]int{
		"damaged-entry-dtype-same-size":        0, // another dtype of the same size cannot be detected
		"damaged-entry-rank-unknown-with-dims": 1, // whether to restore is a matter of taste, and this shape is invalid
		"damaged-entry-slices-leave-a-gap":     0, // TensorFlow writes such checkpoints: the existing values are intact
		"damaged-graph-slot-out-of-range":      1,
		"damaged-header-unknown-endianness":    1,
	}
	for name, e := range expectations(t) {
		if e.Want == nil {
			continue
		}
		path := filepath.Join(golden, name, "ckpt")
		want, known := others[name]
		if !known && e.Want.Restore != "ok" {
			want = 1
		}
		t.Run(name, func(t *testing.T) {
			for _, args := range [][]string{{"list", "--json"}, {"list", "--sha256"}, {"verify"}, {"verify", "--json"}, {"graph"}, {"graph", "--json"}, {"list"}} {
				r := runCkpt(t, append(args, path)...)
				if args[0] == "verify" || args[0] == "list" && len(args) > 1 && args[1] == "--json" {
					require.Equal(t, want, r.status, "%v: %s", args, r.stderr)
				}
				if r.status != 0 {
					require.Equal(t, 1, r.status)
					require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
					require.True(t, strings.HasPrefix(r.stderr, "ckpt: "), r.stderr)
					require.Contains(t, r.stderr, path, "the file")
				} else {
					require.Empty(t, r.stderr)
				}
			}
			if want == 0 || e.Want.Open != "ok" || name == "damaged-table-header-only" { // it does not have keys
				return
			}
			said := runCkpt(t, "verify", path)
			for _, key := range e.Want.Bad {
				require.Contains(t, said.stdout, key)
			}
		})
	}
}
