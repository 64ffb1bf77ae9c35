package typed

import (
	"go/importer"
	"go/token"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoad(t *testing.T) {
	all, err := Load("github.com/gockpt/ckpt/internal/thorough")
	require.NoError(t, err)
	require.Len(t, all, 1, "imports are loaded, but not returned")
	p := all[0]
	require.Equal(t, "github.com/gockpt/ckpt/internal/thorough", p.Path)
	require.Equal(t, []string{"thorough.go"}, p.Names)
	require.Len(t, p.Files, 1)
	asked := p.Types.Scope().Lookup("Asked")
	require.Equal(t, "func() bool", asked.Type().String())
	used := false
	for id, object := range p.Info.Uses {
		used = used || object == asked && p.Fset.Position(id.Pos()).Filename != ""
	}
	require.True(t, used, "Pick calls Asked")
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	check := func(text string) error {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte(text), 0o666))
		fset := token.NewFileSet()
		_, err := check(fset, listed{ImportPath: "a", Dir: dir, GoFiles: []string{"a.go"}}, importer.ForCompiler(fset, "gc", nil))
		return err
	}
	require.NoError(t, check("package a\nvar X int\n"))
	require.ErrorContains(t, check("package a\nvar X int = y\n"), "a.go:2:13: undefined: y")
	require.ErrorContains(t, check("package a\nvar X\n"), "a.go:2:6")
}
