// Package docs_test holds the programs that the pages of this directory and the README show. Each runs as an example.
package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// root is the module's directory. The examples run in a temporary directory with a user's files.
var root string

// files maps the names of a user's files to files of the repository.
var files = map[string]string{
	"model.keras":       "format/keras/testdata/model.keras",
	"model.safetensors": "testdata/pytorch/linear/model.safetensors",
	"model.pt":          "testdata/pytorch/linear/model.pt",
	"images.pt":         "testdata/pytorch/flattened/model.pt",
	"run":               "testdata/regress/train",
}

func TestMain(m *testing.M) {
	code, err := inUserDirectory(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

// inUserDirectory calls run in a temporary directory that has copies of files.
func inUserDirectory(run func() int) (code int, err error) {
	if root, err = filepath.Abs(".."); err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "docs")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	for name, source := range files {
		if err := copyTo(filepath.Join(dir, name), filepath.Join(root, filepath.FromSlash(source))); err != nil {
			return 0, err
		}
	}
	if err := os.Chdir(dir); err != nil {
		return 0, err
	}
	defer os.Chdir(root) // a directory in use cannot be removed everywhere
	return run(), nil
}

// copyTo copies a file or a directory.
func copyTo(target, source string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.CopyFS(target, os.DirFS(source))
	}
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	return os.WriteFile(target, data, 0o666)
}
