package rules

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
)

// TestOutside compiles a program of another module that calls every public package, which shows that other modules can create the
// arguments. In a thorough run the program also runs.
func TestOutside(t *testing.T) {
	module, err := os.Getwd()
	require.NoError(t, err)
	source, err := os.ReadFile("testdata/outside/main.go")
	require.NoError(t, err)

	for _, path := range publicPackages() {
		require.Contains(t, string(source), strconv.Quote(path), "the program must import every public package")
	}

	dir := t.TempDir()
	goMod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	goSum, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	text := strings.Replace(string(goMod), "module github.com/gockpt/ckpt\n", "module outside\n", 1) +
		fmt.Sprintf("\nrequire github.com/gockpt/ckpt v0.0.0\n\nreplace github.com/gockpt/ckpt => %q\n", filepath.ToSlash(module))
	for name, data := range map[string][]byte{"go.mod": []byte(text), "go.sum": goSum, "main.go": source} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o666))
	}
	args := thorough.Pick([]string{"run", "-mod=mod", "."}, []string{"list", "-mod=mod", "-export", "."}) // which compiles it but does not link it
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// publicPackages returns the paths of the packages that other modules can import.
func publicPackages() (paths []string) {
	for _, p := range packages() {
		if p.GoFiles != nil && p.Name != "main" && !strings.Contains(p.ImportPath, "/internal/") {
			paths = append(paths, p.ImportPath)
		}
	}
	return paths
}

// TestParametersOutside looks for functions with a parameter of an internal type. Other modules cannot call them, so each needs a
// second function: OpenFile for Open, for example.
func TestParametersOutside(t *testing.T) {
	from := compiled(t, token.NewFileSet())
	callable := map[string]string{"NewWriter": "CreateFile", "Merge": "MergeFiles"}
	for _, path := range publicPackages() {
		pkg, err := from.Import(path)
		require.NoError(t, err)
		for _, name := range pkg.Scope().Names() {
			f, ok := pkg.Scope().Lookup(name).(*types.Func)
			if !ok || !f.Exported() || !internalParameter(f) {
				continue
			}
			second := cmp.Or(callable[name], name+"File")
			other, ok := pkg.Scope().Lookup(second).(*types.Func)
			require.True(t, ok, "%s: other modules cannot call %s, and there is no %s", path, name, second)
			require.False(t, internalParameter(other), "%s.%s", path, second)
		}
	}
}

// internalParameter reports whether f has a parameter of a type in an internal package.
func internalParameter(f *types.Func) bool {
	for p := range f.Signature().Params().Variables() {
		of := types.Unalias(p.Type())
		if pointer, ok := of.(*types.Pointer); ok {
			of = pointer.Elem()
		}
		if named, ok := of.(*types.Named); ok && named.Obj().Pkg() != nil && strings.Contains(named.Obj().Pkg().Path(), "/internal/") {
			return true
		}
	}
	return false
}
