package ckpt_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A countingFS counts the opens of each file and the bytes that are read from it.
type countingFS struct {
	fs.FS
	mu           sync.Mutex // files may be read in parallel
	opened, read map[string]int
}

func (c *countingFS) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened[name]++
	return &countingFile{f, c, name}, nil
}

// Stat does not count, because it does not open the file.
func (c *countingFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(c.FS, name) }

type countingFile struct {
	fs.File
	in   *countingFS
	name string
}

func (f *countingFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.(io.ReaderAt).ReadAt(p, off)
	f.in.mu.Lock()
	defer f.in.mu.Unlock()
	f.in.read[f.name] += n
	return n, err
}

// TestOneLookAtTheIndex checks for each verb that a restore opens the index once and does not read any byte of it twice.
func TestOneLookAtTheIndex(t *testing.T) {
	type model struct {
		Kernel *tensor.Tensor[float32]
		Step   int64 `ckpt:"step"`
	}
	newModel := func() *model { return &model{Kernel: tensor.New[float32](2, 3)} }
	dir := t.TempDir()
	c, err := ckpt.New(newModel())
	require.NoError(t, err)
	path, err := c.Save(t.Context(), filepath.Join(dir, "ckpt"))
	require.NoError(t, err)
	files := make(fstest.MapFS)
	for _, name := range []string{"ckpt-1.index", "ckpt-1.data-00000-of-00001", "checkpoint"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: data}
	}
	name := filepath.Base(path)
	for label, restore := range map[string]func(fs.FS) error{
		"Restore": func(in fs.FS) error {
			c, err := ckpt.New(newModel())
			require.NoError(t, err)
			_, err = c.Restore(t.Context(), name, ckpt.WithFS(in))
			return err
		},
		"Read": func(in fs.FS) error {
			c, err := ckpt.New(newModel())
			require.NoError(t, err)
			_, err = c.Read(t.Context(), name, ckpt.WithFS(in))
			return err
		},
		"LoadWeights":                func(in fs.FS) error { return ckpt.LoadWeights(t.Context(), name, newModel(), ckpt.WithFS(in)) },
		"LoadWeights of a directory": func(in fs.FS) error { return ckpt.LoadWeights(t.Context(), ".", newModel(), ckpt.WithFS(in)) },
	} {
		t.Run(label, func(t *testing.T) {
			in := &countingFS{FS: files, opened: make(map[string]int), read: make(map[string]int)}
			require.NoError(t, restore(in))
			require.Equal(t, 1, in.opened[name+".index"], "the index is opened once")
			require.LessOrEqual(t, in.read[name+".index"], len(files[name+".index"].Data), "every byte of the index is read at most once")
			require.Equal(t, 1, in.opened[name+".data-00000-of-00001"], "the data file is opened once")
		})
	}
}
