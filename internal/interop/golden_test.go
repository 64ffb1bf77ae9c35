package interop

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/format/bundle"
	"github.com/gockpt/ckpt/tensor"
)

const goldenDir = "../../testdata/golden"

// A golden is a case's expect.json; testdata/README.md says what its fields are.
type golden struct {
	dir string

	Prefix     string
	Keys       []goldenKey
	Graph      json.RawMessage
	Others     map[string]goldenCheckpoint
	KeysCount  int    `json:"keys_count"`
	KeysDigest string `json:"keys_digest"`
	IO         *struct{ Inputs, Outputs goldenArray }
	Latest     json.RawMessage
	Programs   map[string]map[string]goldenOutcome
	Want       *goldenWant
	TF         struct{ Read map[string]string }
}

type goldenCheckpoint struct {
	Keys  []goldenKey
	Graph json.RawMessage
}

type goldenKey struct {
	Key, DType string
	Shape      []int
	SHA256     string
	At         *struct{} // in a data file; nil for a partitioned tensor and in V1's format
	Hex        string
	Values     [][]byte   `json:"values_b64"`
	Slices     [][][2]int // nil: stored whole
	Incomplete bool
}

type goldenArray struct {
	Shape  []int
	Values []float32
}

func goldens(t *testing.T, prefix string) map[string]golden {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(goldenDir, prefix+"*", "expect.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no golden checkpoints are called %s…", prefix)
	cases := make(map[string]golden)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		g := golden{dir: filepath.Dir(file)}
		require.NoError(t, json.Unmarshal(text, &g), file)
		cases[filepath.Base(g.dir)] = g
	}
	return cases
}

func (g golden) path(prefix string) string { return filepath.Join(g.dir, prefix) + trailing(prefix) }

// trailing keeps the slash of a prefix with an empty base name, which filepath.Join drops.
func trailing(prefix string) string {
	if strings.HasSuffix(prefix, "/") {
		return "/"
	}
	return ""
}

// TestGoldenCheckpoints reads everything that TensorFlow wrote, by keys.
func TestGoldenCheckpoints(t *testing.T) {
	for name, g := range goldens(t, "") {
		if g.Want != nil {
			continue // damaged: TestDamagedCheckpoints
		}
		t.Run(name, func(t *testing.T) {
			requireHolds(t, g.path(g.Prefix), goldenCheckpoint{g.Keys, g.Graph}, g.KeysCount)
			if g.KeysDigest != "" {
				require.Equal(t, g.KeysDigest, digest(t, g.path(g.Prefix)))
			}
			for prefix, other := range g.Others {
				t.Run(prefix, func(t *testing.T) { requireHolds(t, g.path(prefix), other, 0) })
			}
		})
	}
}

// requireHolds holds a checkpoint to what is known of it. count is the number of its keys where want has only some, else 0.
func requireHolds(t *testing.T, path string, want goldenCheckpoint, count int) {
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	found := make(map[string]ckpt.VariableInfo)
	var order []string
	for e, err := range r.All() {
		require.NoError(t, err)
		found[e.Key] = e
		order = append(order, e.Key)
	}
	require.IsIncreasing(t, order)
	require.Len(t, found, max(count, len(want.Keys)))
	for _, k := range want.Keys {
		e, ok := found[k.Key]
		require.True(t, ok, "key %q is missing", k.Key)
		require.Equal(t, k.DType, e.DType.String(), k.Key)
		require.Equal(t, k.Shape, append([]int{}, e.Shape...), k.Key)
		if k.At != nil { // else the parts are not known: TensorFlow's reader does not tell them
			require.Empty(t, e.Slices, k.Key)
		} else if k.Slices != nil {
			require.Len(t, e.Slices, len(k.Slices), k.Key)
		}
		for i, s := range k.Slices {
			for axis, extent := range s {
				require.Equal(t, tensor.Extent{Start: extent[0], Length: extent[1]}, e.Slices[i][axis], k.Key)
			}
		}
		if k.Incomplete {
			_, err := r.Tensor(k.Key)
			require.ErrorIs(t, err, bundle.ErrIncomplete)
			continue
		}
		requireValues(t, r, k)
	}
	requireGraph(t, r, want.Graph)
}

func requireValues(t *testing.T, r *ckpt.Reader, k goldenKey) {
	if k.SHA256 != "" {
		hash := sha256.New()
		require.NoError(t, r.WriteStored(t.Context(), k.Key, hash))
		require.Equal(t, k.SHA256, hex.EncodeToString(hash.Sum(nil)), k.Key)
	}
	got, err := r.Tensor(k.Key)
	require.NoError(t, err)
	if text, ok := tensor.As[string](got); ok && k.Values != nil {
		require.Len(t, text.Data(), len(k.Values), k.Key)
		for i, s := range k.Values {
			require.Equal(t, string(s), text.Data()[i], k.Key)
		}
	}
	if k.Hex != "" {
		want, err := hex.DecodeString(k.Hex)
		require.NoError(t, err)
		require.Equal(t, want, littleEndian(got), k.Key)
	}
}

// littleEndian returns a tensor's elements as a data file has them.
func littleEndian(t tensor.Any) []byte {
	memory, _ := tensor.Bytes(t)
	memory = bytes.Clone(memory)
	if !tensor.NativeLittleEndian {
		t.DType().SwapBytes(memory)
	}
	return memory
}

func requireGraph(t *testing.T, r *ckpt.Reader, want json.RawMessage) {
	g, err := r.Graph()
	if len(want) == 0 || string(want) == "null" {
		require.ErrorIs(t, err, ckpt.ErrNoObjectGraph)
		return
	}
	require.NoError(t, err)
	got, err := json.Marshal(g)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got))
}

// digest is a checkpoint in one number: the SHA-256 of the lines key, dtype, shape, SHA-256 of the values.
func digest(t *testing.T, path string) string {
	r, err := ckpt.Open(path)
	require.NoError(t, err)
	defer r.Close()
	lines := sha256.New()
	for _, v := range r.Variables() {
		values := sha256.New()
		require.NoError(t, r.WriteStored(t.Context(), v.Key, values))
		shape := strings.ReplaceAll(v.Shape.String(), " ", ", ")
		fmt.Fprintf(lines, "%s\t%v\t%s\t%x\n", v.Key, v.DType, shape, values.Sum(nil))
	}
	return hex.EncodeToString(lines.Sum(nil))
}

// TestGoldenStateFiles finds the latest checkpoint by each way of writing a state file.
func TestGoldenStateFiles(t *testing.T) {
	differs := map[string]struct{ reason, path, err string }{
		"elsewhere": {reason: "the directory was moved: the checkpoint of that base name in it is meant", path: "ckpt"},
		"outside":   {reason: "a file that came with a checkpoint does not choose what else is read", err: "leads out of the directory"},
		"not-utf8":  {reason: "it is no text, and ignored as TensorFlow ignores other files that it cannot parse"},
	}
	g := goldens(t, "state-files")["state-files"]
	var latest map[string]*string
	require.NoError(t, json.Unmarshal(g.Latest, &latest))
	for name, want := range latest {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state-files") // one of the files names its directory
			require.NoError(t, os.CopyFS(dir, os.DirFS(g.dir)))
			require.NoError(t, os.Rename(filepath.Join(dir, name+".checkpoint"), filepath.Join(dir, "checkpoint")))
			got, err := ckpt.Latest(dir, ckpt.WithLogger(slog.New(slog.DiscardHandler)))
			if d, ok := differs[name]; ok {
				if d.err != "" {
					require.ErrorContains(t, err, d.err, d.reason)
					return
				}
				require.NoError(t, err, d.reason)
				require.Equal(t, d.path, strings.TrimPrefix(got, dir+string(filepath.Separator)), d.reason)
				return
			}
			switch {
			case want == nil:
				require.NoError(t, err)
				require.Empty(t, got)
			case strings.HasPrefix(*want, "error: "):
				require.Error(t, err, "TensorFlow: %s", *want)
			default:
				require.NoError(t, err)
				require.Equal(t, filepath.Join(dir, "ckpt"), filepath.Clean(got))
			}
		})
	}
}
