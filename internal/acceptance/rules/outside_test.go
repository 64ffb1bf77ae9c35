package rules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOutside runs a program of another module that calls every public package. It shows that other modules can create the arguments.
func TestOutside(t *testing.T) {
	module, err := os.Getwd()
	require.NoError(t, err)
	source, err := os.ReadFile("testdata/outside/main.go")
	require.NoError(t, err)

	packages, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{if .GoFiles}}{{.Name}} {{.ImportPath}}{{else}}main{{end}}", "./...").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(packages)) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "main" && !strings.Contains(path, "/internal/") {
			require.Contains(t, string(source), strconv.Quote(path), "the program must import every public package")
		}
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
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=mod", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
