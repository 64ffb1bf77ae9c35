package cli

import (
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// TestListOrder checks that a list sorts numbers by value. In the order of keys, 10 comes after 1.
func TestListOrder(t *testing.T) {
	var model struct {
		Blocks [12]struct{ W tensor.Tensor[float32] }
	}
	for i := range model.Blocks {
		model.Blocks[i].W = *tensor.New[float32](1)
	}
	path := filepath.Join(t.TempDir(), "ckpt")
	require.NoError(t, ckpt.SaveWeights(t.Context(), path, &model))
	r := runCkpt(t, "list", path)
	require.Zero(t, r.status, r.stderr)
	var order []string
	for _, m := range regexp.MustCompile(`blocks/(\d+)/w\n`).FindAllStringSubmatch(r.stdout, -1) {
		order = append(order, m[1])
	}
	require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}, order)
}

// TestBarsAreForTerminals checks that slow commands do not write a progress bar if standard error is not a
// terminal.
func TestBarsAreForTerminals(t *testing.T) {
	path := filepath.Join(golden, "damaged-none", "ckpt")
	for _, args := range [][]string{{"list", "--sha256", path}, {"stat", path}, {"diff", path, path}, {"verify", path}} {
		r := runCkpt(t, args...)
		require.Zero(t, r.status, args)
		require.Empty(t, r.stderr, args)
	}
}

// TestTensorsThatCannotBeRead lists tensors of unsupported types by the names of the types in the file, and
// reads the values of all others.
func TestTensorsThatCannotBeRead(t *testing.T) {
	for _, tt := range []struct{ file, row, hash, stat string }{
		{"safetensors/testdata/refused.safetensors", `F4 +\[\S+( \d+)*\] .*`, `(cannot be read)`, ""},
		{"npz/testdata/refused.npz", `\|O +\[.*`, `(cannot be read)`, ""},
		{"gguf/testdata/quants.gguf", `float32 .* Q4_K  \(Q4_K\)`, `(cannot be read)`, ""},
		{"hdf5/testdata/unsupported.h5", `compound +\[.*`, `(cannot be read)`, `gzip  (cannot be read)`},
	} {
		t.Run(filepath.Dir(filepath.Dir(tt.file)), func(t *testing.T) {
			path := filepath.Join("..", "..", "format", filepath.FromSlash(tt.file))
			r := runCkpt(t, "list", path)
			require.Zero(t, r.status, r.stderr)
			require.Regexp(t, `(?m)^`+tt.row+`$`, r.stdout)
			require.NotContains(t, r.stdout, "dtype(")
			r = runCkpt(t, "list", "--sha256", path)
			require.Zero(t, r.status, r.stderr)
			require.Contains(t, r.stdout, tt.hash)
			r = runCkpt(t, "list", "--json", path)
			require.Zero(t, r.status, r.stderr)
			require.Contains(t, r.stdout, `"sha256":null`)
			r = runCkpt(t, "stat", path)
			require.Zero(t, r.status, r.stderr)
			require.Contains(t, r.stdout, tt.stat)
			for _, command := range []string{"graph", "gen", "verify"} {
				r = runCkpt(t, command, path)
				require.Zero(t, r.status, r.stderr)
				require.NotContains(t, r.stdout, "dtype(")
			}
		})
	}
}

// TestListMetadata prints the metadata of files.
func TestListMetadata(t *testing.T) {
	format := filepath.Join("..", "..", "format")
	r := runCkpt(t, "list", "--metadata", filepath.Join(format, "gguf", "testdata", "plain.gguf"))
	require.Zero(t, r.status, r.stderr)
	require.Contains(t, r.stdout, "general.alignment = 64\ngeneral.architecture = test\n")
	require.Contains(t, r.stdout, `test.tokens = ["a","","é"]`+"\n")
	require.Contains(t, r.stdout, "18 pairs of metadata in ")
	r = runCkpt(t, "list", "--metadata", "--json", filepath.Join(format, "safetensors", "testdata", "dtypes.safetensors"))
	require.Zero(t, r.status, r.stderr)
	require.JSONEq(t, `{"format": "pt"}`, r.stdout)
	r = runCkpt(t, "list", "--metadata", filepath.Join(golden, "damaged-none", "ckpt"))
	require.Zero(t, r.status, r.stderr)
	require.Contains(t, r.stdout, "0 pairs of metadata in ")
}
