package torch_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/torch"
	"github.com/gockpt/ckpt/internal/formattest"
)

// TestReal reads files that other projects' programs wrote.
func TestReal(t *testing.T) {
	formattest.Real(t, "torch", func(t *testing.T, path string, want []formattest.Expected) {
		r, err := torch.OpenFile(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		formattest.Compare(t, r, want)
		g, err := r.Graph()
		require.NoError(t, err)
		require.NoError(t, g.Check())
	})
}

// TestModules reads the state_dicts of modules of all kinds, and files that were saved in other ways.
// CKPT_TORCH_FILES names their directory. It has NAME/model.pt and NAME/expect.json for each module, and
// files/.
func TestModules(t *testing.T) {
	root := os.Getenv("CKPT_TORCH_FILES")
	if root == "" {
		t.Skip("CKPT_TORCH_FILES does not name a folder of files to read")
	}
	type named struct {
		Name string `json:"name"`
		formattest.Sum
	}
	read := func(t *testing.T, path string, v any) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, v))
	}
	check := func(t *testing.T, path string, want []named) {
		r, err := torch.OpenFile(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		got := formattest.SumsOf(t, r)
		for _, w := range want {
			require.Equal(t, w.Sum, got[w.Name], w.Name)
		}
	}
	paths, err := filepath.Glob(filepath.Join(root, "*", "model.pt"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			var want struct{ Tensors []named }
			read(t, filepath.Join(filepath.Dir(path), "expect.json"), &want)
			check(t, path, want.Tensors)
		})
	}
	var want map[string][]named
	read(t, filepath.Join(root, "files", "expect.json"), &want)
	for name, tensors := range want {
		if path := filepath.Join(root, "files", name); slices.Contains(weightFiles(filepath.Dir(path)), path) {
			t.Run(name, func(t *testing.T) { check(t, path, tensors) })
		}
	}
	t.Run("whole module", func(t *testing.T) {
		_, err := torch.OpenFile(filepath.Join(root, "files", "whole_module.pt"))
		require.ErrorContains(t, err, "it is a whole module, torch.nn.modules.linear.Linear")
	})
}

// weightFiles returns PyTorch's files in dir.
func weightFiles(dir string) (paths []string) {
	for _, ending := range []string{"*.pt", "*.pth", "*.bin", "*.ckpt", "*.pkl"} {
		found, _ := filepath.Glob(filepath.Join(dir, ending))
		paths = append(paths, found...)
	}
	return paths
}
