package interop

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

const goldenDir = "../../testdata/golden"

// A golden has the fields of a case's expect.json that these tests need; testdata/README.md describes them.
// The root package's tests read every case and compare checksums.
type golden struct {
	dir string

	Prefix   string
	Keys     []goldenKey
	IO       *struct{ Inputs, Outputs goldenArray }
	Latest   json.RawMessage
	Programs map[string]struct{ Restore goldenOutcome }
}

type goldenKey struct {
	Key    string
	At     *struct{} // position in a data file; nil for a partitioned tensor and in the V1 format
	Hex    string
	Values [][]byte `json:"values_b64"`
	Slices [][][2]int
}

type goldenArray struct {
	Shape  []int
	Values []float32
}

// A goldenOutcome has TensorFlow's results of a restore: the kind of an exception, or for each assertion "ok"
// or the message.
type goldenOutcome struct {
	Error                  string
	Consumed               string `json:"assert_consumed"`
	ExistingObjectsMatched string `json:"assert_existing_objects_matched"`
	NontrivialMatch        string `json:"assert_nontrivial_match"`
}

func goldens(t *testing.T, prefix string) map[string]golden {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(goldenDir, prefix+"*", "expect.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no golden checkpoint has a name that begins with %s", prefix)
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

func (g golden) path(prefix string) string { return filepath.Join(g.dir, prefix) }

// TestGoldenValues reads the tensors with values in expect.json, and the parts of partitioned tensors.
func TestGoldenValues(t *testing.T) {
	for name, g := range goldens(t, "") {
		if len(g.Keys) == 0 {
			continue // damaged
		}
		t.Run(name, func(t *testing.T) {
			r, err := ckpt.Open(g.path(g.Prefix))
			require.NoError(t, err)
			defer r.Close()
			for _, k := range g.Keys {
				requireValues(t, r, k)
			}
		})
	}
}

func requireValues(t *testing.T, r *ckpt.Reader, k goldenKey) {
	e, err := r.Lookup(k.Key)
	require.NoError(t, err)
	if k.At != nil { // otherwise the parts are unknown, because TensorFlow's reader does not list them
		require.Empty(t, e.Slices, k.Key)
	} else if k.Slices != nil {
		require.Len(t, e.Slices, len(k.Slices), k.Key)
	}
	for i, s := range k.Slices {
		for axis, extent := range s {
			require.Equal(t, tensor.Extent{Start: extent[0], Length: extent[1]}, e.Slices[i][axis], k.Key)
		}
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

// littleEndian returns a tensor's elements with the bytes of a data file.
func littleEndian(t tensor.Any) []byte {
	memory, _ := tensor.Bytes(t)
	memory = bytes.Clone(memory)
	if !tensor.NativeLittleEndian {
		t.DType().SwapBytes(memory)
	}
	return memory
}

// TestGoldenStateFiles finds the latest checkpoint with state files in all forms.
func TestGoldenStateFiles(t *testing.T) {
	differs := map[string]struct{ reason, path, err string }{
		"elsewhere":     {reason: "the directory was moved: the checkpoint with this base name in it is meant", path: "ckpt"},
		"outside":       {reason: "a file next to a checkpoint must not select other files", err: "leads out of the directory"},
		"unknown-field": {reason: "a later version may have more fields", path: "ckpt"},
		"not-utf8":      {reason: "it is not text, and ignored like other files that TensorFlow cannot parse"},
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

// TestGoldenStatusesByName restores a Saver's checkpoint into programs that differ from it. The assertions
// pass if TensorFlow's do.
func TestGoldenStatusesByName(t *testing.T) {
	type kernel struct {
		K tensor.Tensor[float32] `ckpt:"kernel,fullname=outer/kernel"`
	}
	type bias struct {
		B tensor.Tensor[float32] `ckpt:"bias,fullname=bias"`
	}
	type other struct {
		O tensor.Tensor[float32] `ckpt:"other,fullname=other"`
	}
	zeros := func(n int) tensor.Tensor[float32] { return *tensor.New[float32](n) }
	programs := map[string]any{
		"same": &struct {
			kernel
			bias
		}{kernel{zeros(2)}, bias{zeros(1)}},
		"less": &struct{ kernel }{kernel{zeros(2)}},
		"more": &struct {
			kernel
			other
		}{kernel{zeros(2)}, other{zeros(1)}},
		"other-shape": &struct{ kernel }{kernel{zeros(1)}},
	}
	g := goldens(t, "statuses-by-name")["statuses-by-name"]
	require.Len(t, g.Programs, len(programs))
	for name, want := range g.Programs {
		t.Run("N-03 "+name, func(t *testing.T) {
			c, err := ckpt.New(ckpt.Group{"any": programs[name]}, ckpt.WithLogger(slog.New(slog.DiscardHandler)))
			require.NoError(t, err)
			status, err := c.Restore(t.Context(), g.path(g.Prefix))
			if want.Restore.Error != "" {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			requireSays(t, want.Restore.Consumed, status.AssertConsumed())
			requireSays(t, want.Restore.ExistingObjectsMatched, status.AssertExistingObjectsMatched())
			requireSays(t, want.Restore.NontrivialMatch, status.AssertNontrivialMatch())
		})
	}
}

// requireSays fails the test unless an assertion has TensorFlow's result.
func requireSays(t *testing.T, want string, got error) {
	t.Helper()
	if want == "ok" {
		require.NoError(t, got)
		return
	}
	var mismatch *ckpt.MismatchError
	require.ErrorAs(t, got, &mismatch)
}
