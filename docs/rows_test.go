package docs_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli"
	"github.com/gockpt/ckpt/keras"
	"github.com/gockpt/ckpt/layers"
	"github.com/gockpt/ckpt/tensor"
)

// in returns the path of a file of the repository.
func in(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }

// loadInto returns a function that loads a file into a value.
func loadInto(model any, options ...ckpt.LoadOption) func(ctx context.Context, path string) error {
	return func(ctx context.Context, path string) error { return ckpt.LoadWeights(ctx, path, model, options...) }
}

func loadKeras(ctx context.Context, path string) error {
	_, err := keras.Load(ctx, path)
	return err
}

// rows has, for the first cell of each row of the README's table, files of that kind and the call that the row names.
var rows = map[string]struct {
	paths []string // relative to the module's directory
	load  func(ctx context.Context, path string) error
}{
	"`model.save(p)` (Keras 3, Functional or Sequential)": {[]string{"format/keras/testdata/model.keras"}, loadKeras},
	"`model.save(p)` (Keras 2 or 3, legacy)":              {[]string{"format/keras/testdata/keras2.h5", "format/keras/testdata/model.h5"}, loadKeras},
	"`model.save_weights(p)` and `model.to_json()`": {[]string{"format/keras/testdata/sharded.weights.json"}, func(ctx context.Context, path string) error {
		description, err := os.Open(in("format", "keras", "testdata", "model.json"))
		if err != nil {
			return err
		}
		defer description.Close()
		model, err := layers.FromKeras(description)
		if err != nil {
			return err
		}
		return ckpt.LoadWeights(ctx, path, model)
	}},
	"`tf.train.Checkpoint(model=m).save(p)`":                      {[]string{"testdata/regress/train"}, loadInto(new(Regress), ckpt.At("model"))},
	"`tf.train.Checkpoint(m).write(p)`, TF 2's `save_weights(p)`": {[]string{"testdata/golden/saved-written/deep/"}, loadInto(new(struct{ W tensor.Tensor[float32] }), ckpt.IgnoreUnknown())},
	"`tf.train.CheckpointManager`":                                {[]string{"testdata/golden/manager-keeps-last/train"}, loadInto(new(struct{ Step tensor.Tensor[int64] }), ckpt.IgnoreUnknown())},
	"`tf.saved_model.save(m, p)`":                                 {[]string{"testdata/golden/saved-model-module/saved"}, loadInto(new(struct{ W tensor.Tensor[float32] }), ckpt.IgnoreUnknown())},
	"`tf.compat.v1.train.Saver`":                                  {[]string{"testdata/golden/saver-v1/one.ckpt", "testdata/golden/saver-v2/model.ckpt-3"}, nil},
	"`torch.save(m.state_dict(), p)`":                             {[]string{"testdata/pytorch/linear/model.pt"}, loadInto(new(Net))},
	"`safetensors.torch.save_file`, Hugging Face":                 {[]string{"testdata/pytorch/linear/model.safetensors"}, loadInto(new(Net))},
	"`np.savez`, `np.save`":                                       {[]string{"format/npz/testdata/orders.npz", "format/npz/testdata/array.npy"}, nil},
	"llama.cpp":                                                   {[]string{"format/gguf/testdata/plain.gguf", "format/gguf/testdata/quants.gguf"}, nil},
}

// TestRows loads a file of every row of the README's table "Which call for which file", and reads its first tensor with Open.
func TestRows(t *testing.T) {
	text, err := os.ReadFile(in("README.md"))
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(text), "| saved with | file | load with |\n| --- | --- | --- |\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")
	seen := make(map[string]bool)
	for line := range strings.Lines(table) {
		title := strings.TrimSpace(strings.Split(line, "|")[1])
		t.Run(title, func(t *testing.T) {
			row, ok := rows[title]
			require.True(t, ok, "this row has no test case")
			seen[title] = true
			for _, path := range row.paths {
				path = in(filepath.FromSlash(path)) + strings.Repeat("/", strings.Count(path, "/")-strings.Count(strings.TrimRight(path, "/"), "/"))
				if row.load != nil {
					require.NoError(t, row.load(t.Context(), path))
				}
				r, err := ckpt.Open(path)
				require.NoError(t, err)
				_, err = r.Tensor(r.Variables()[0].Key)
				require.NoError(t, err)
				require.NoError(t, r.Close())
			}
		})
	}
	require.Len(t, seen, len(rows))
	t.Run("by variable names", func(t *testing.T) {
		var model struct {
			Bias tensor.Tensor[float32]
		}
		require.NoError(t, ckpt.LoadWeights(t.Context(), in("testdata", "golden", "saver-v2", "model.ckpt-3"), &model, ckpt.At("model"), ckpt.IgnoreUnknown()))
	})
	t.Run("arrays by their names", func(t *testing.T) {
		var model struct{ Bf4, Bi8 tensor.Tensor[float32] }
		err := ckpt.LoadWeights(t.Context(), in("format", "npz", "testdata", "orders.npz"), &model, ckpt.IgnoreUnknown())
		require.ErrorIs(t, err, ckpt.ErrMismatch, "int64 is not float32")
		var right struct{ Bf4 tensor.Tensor[float32] }
		require.NoError(t, ckpt.LoadWeights(t.Context(), in("format", "npz", "testdata", "orders.npz"), &right, ckpt.IgnoreUnknown()))
	})
}

// TestCommandsOfPages runs every command line of the README and the pages that begins with `go run ./cmd/ckpt`.
func TestCommandsOfPages(t *testing.T) {
	t.Chdir(root)
	command := regexp.MustCompile(`(?m)^ +go run \./cmd/ckpt (.+)$`)
	found := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, c := range command.FindAllStringSubmatch(string(text), -1) {
			found++
			args := strings.Fields(strings.ReplaceAll(c[1], "'", ""))
			for i, a := range args {
				if slices.Contains([]string{"report.html", "weights.npz", "weights.safetensors", "bias.npy"}, a) { // files that a command writes
					args[i] = filepath.Join(t.TempDir(), a)
				}
			}
			var out, errs strings.Builder
			p := cli.Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
			status := p.Run(t.Context(), args)
			if args[0] == "diff" {
				require.Equal(t, 1, status, c[0]) // the files differ
			} else {
				require.Zero(t, status, "%s: %s", c[0], errs.String())
			}
			require.Empty(t, errs.String(), c[0])
			require.NotEmpty(t, out.String(), c[0])
		}
	}
	require.Greater(t, found, 5)
}
