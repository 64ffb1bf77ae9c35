package ckpt_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/tensor"
)

// A countingFS counts how often each file is opened and how many of its bytes are read.
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

// Stat is not counted: a file that is looked for is not opened.
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

// TestOneLookAtTheIndex holds that a restore opens the index once and reads none of it twice, whatever the verb.
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
			require.LessOrEqual(t, in.read[name+".index"], len(files[name+".index"].Data), "no byte of it is read twice")
			require.Equal(t, 1, in.opened[name+".data-00000-of-00001"], "the data file is opened once")
		})
	}
}

// TestFlows holds that the functions that ARCHITECTURE.md names in its flows exist.
func TestFlows(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	require.NoError(t, err)
	_, flows, ok := strings.Cut(string(text), "\n    save ")
	require.True(t, ok)
	flows, _, _ = strings.Cut(flows, "\n\n`")
	flows = strings.ReplaceAll(flows, "\n    restore ", "\n")
	name := regexp.MustCompile(`^\w+(\.\w+)*$`)
	declared := make(map[string]map[string]bool) // by package
	var named []string
	for line := range strings.Lines(flows) {
		for part := range strings.SplitSeq(line, ";") {
			calls, _, _ := strings.Cut(part, ":")
			for call := range strings.SplitSeq(calls, "→") {
				if call = strings.TrimSpace(call); call != "" {
					require.Regexp(t, name, call)
					named = append(named, call)
				}
			}
		}
	}
	require.Greater(t, len(named), 15)
	for _, call := range named {
		pkg, dir, decl := "", ".", call
		if first, rest, ok := strings.Cut(call, "."); ok && first == strings.ToLower(first) && first != "restore" {
			pkg, decl, dir = first, rest, filepath.Join("internal", first)
			if _, err := os.Stat(dir); err != nil {
				dir = filepath.Join("format", first)
			}
		}
		if declared[pkg] == nil {
			declared[pkg] = functions(t, dir)
		}
		require.True(t, declared[pkg][decl], "%s names %s, which is not a function of %s", "ARCHITECTURE.md", call, dir)
	}
}

// functions returns the functions and methods of the package in dir: f, or T.f.
func functions(t *testing.T, dir string) map[string]bool {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, paths, dir)
	names := make(map[string]bool)
	for _, path := range paths {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := fn.Name.Name
			if fn.Recv != nil {
				of := fn.Recv.List[0].Type
				if p, ok := of.(*ast.StarExpr); ok {
					of = p.X
				}
				if id, ok := of.(*ast.Ident); ok {
					name = id.Name + "." + name
				}
			}
			names[name] = true
		}
	}
	return names
}
