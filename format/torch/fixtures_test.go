package torch_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/format/torch"
)

// An expectation is what a fixture's expect.json says of a tensor.
type expectation struct {
	Key    string `json:"key"`
	Name   string `json:"name"`
	DType  string `json:"dtype"`
	Shape  []int  `json:"shape"`
	SHA256 string `json:"sha256"`
}

// list returns what r has, as expectations.
func list(t *testing.T, r *torch.Reader) map[string]expectation {
	all := map[string]expectation{}
	for e, err := range r.All() {
		require.NoError(t, err)
		x := expectation{DType: e.DType.String(), Shape: []int(e.Shape)}
		if x.Shape == nil {
			x.Shape = []int{}
		}
		h := sha256.New()
		require.NoError(t, r.WriteStored(context.Background(), e.Key, h))
		x.SHA256 = hex.EncodeToString(h.Sum(nil))
		all[e.Key] = x
	}
	return all
}

func expected(list []expectation) map[string]expectation {
	all := map[string]expectation{}
	for _, x := range list {
		key := x.Key + x.Name
		x.Key, x.Name = "", ""
		all[key] = x
	}
	return all
}

// TestFixtures reads files of other people, which are not part of the project, where CKPT_FORMAT_FIXTURES names the directory
// with real-formats and torch-files.
func TestFixtures(t *testing.T) {
	root := os.Getenv("CKPT_FORMAT_FIXTURES")
	if root == "" {
		t.Skip("CKPT_FORMAT_FIXTURES does not name the directory of the fixtures")
	}
	check := func(t *testing.T, path string, want []expectation, all bool) {
		r, err := torch.OpenFile(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		got := list(t, r)
		if !all {
			maps.DeleteFunc(got, func(key string, _ expectation) bool {
				return !slices.ContainsFunc(want, func(x expectation) bool { return x.Key+x.Name == key })
			})
		}
		require.Equal(t, expected(want), got)
		g, err := r.Graph()
		require.NoError(t, err)
		require.NoError(t, g.Check())
		t.Logf("%d tensors, passed over: %v", len(got), r.Skipped())
	}
	read := func(t *testing.T, path string, v any) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, v))
	}
	dirs, err := filepath.Glob(filepath.Join(root, "real-formats", "torch", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, dir := range dirs {
		for _, path := range weightFiles(dir) {
			t.Run(filepath.Base(dir), func(t *testing.T) {
				var want struct{ Tensors []expectation }
				read(t, filepath.Join(dir, "expect.json"), &want)
				check(t, path, want.Tensors, true)
			})
		}
	}
	dirs, err = filepath.Glob(filepath.Join(root, "torch-files", "*", "model.pt"))
	require.NoError(t, err)
	for _, path := range dirs {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			var want struct{ Tensors []expectation }
			read(t, filepath.Join(filepath.Dir(path), "expect.json"), &want)
			check(t, path, want.Tensors, true)
		})
	}
	var want map[string][]expectation
	read(t, filepath.Join(root, "torch-files", "files", "expect.json"), &want)
	for name, tensors := range want {
		if !slices.Contains([]string{".pt", ".pth", ".bin", ".ckpt"}, filepath.Ext(name)) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			check(t, filepath.Join(root, "torch-files", "files", name), tensors, name != "training.ckpt")
		})
	}
	t.Run("whole module", func(t *testing.T) {
		_, err := torch.OpenFile(filepath.Join(root, "torch-files", "files", "whole_module.pt"))
		require.ErrorContains(t, err, "it is a whole module, torch.nn.modules.linear.Linear")
		t.Log(err)
	})
}

// weightFiles returns the files of PyTorch in dir.
func weightFiles(dir string) (paths []string) {
	for _, ending := range []string{"*.pt", "*.pth", "*.bin", "*.ckpt"} {
		found, _ := filepath.Glob(filepath.Join(dir, ending))
		paths = append(paths, found...)
	}
	return paths
}
