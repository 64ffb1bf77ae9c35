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

	"github.com/gockpt/ckpt/internal/thorough"
)

// TestOutside compiles a program of another module that calls every public package, which shows that other modules can create the
// arguments. In a thorough run the program also runs.
func TestOutside(t *testing.T) {
	module, err := os.Getwd()
	require.NoError(t, err)
	source, err := os.ReadFile("testdata/outside/main.go")
	require.NoError(t, err)

	for _, p := range packages() {
		if p.GoFiles != nil && p.Name != "main" && !strings.Contains(p.ImportPath, "/internal/") {
			require.Contains(t, string(source), strconv.Quote(p.ImportPath), "the program must import every public package")
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
	args := thorough.Pick([]string{"run", "-mod=mod", "."}, []string{"list", "-mod=mod", "-export", "."}) // which compiles it but does not link it
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
