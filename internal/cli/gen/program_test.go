package gen

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
)

// everyCheckpoint returns all checkpoints in the repository for which source can be generated.
func everyCheckpoint(t *testing.T) (all []checkpoint) {
	t.Helper()
	for _, c := range compiled {
		all = append(all, c.checkpoint)
	}
	const golden, pytorch = "../../../testdata/golden", "../../../testdata/pytorch"
	require.NoError(t, filepath.WalkDir(golden, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(path), golden+"/")
		if err == nil && strings.HasSuffix(path, ".index") && !strings.HasPrefix(name, "damaged-") {
			partly := strings.HasPrefix(name, "objects-registered-saver") || strings.HasPrefix(name, "values-variant")
			all = append(all, checkpoint{name: name, path: strings.TrimSuffix(path, ".index"), partly: partly})
		}
		return err
	}))
	dirs, err := os.ReadDir(pytorch)
	require.NoError(t, err)
	for _, d := range dirs {
		for _, file := range []string{"model.safetensors", "model.pt"} {
			if d.IsDir() {
				all = append(all, checkpoint{name: d.Name() + "/" + file, path: filepath.Join(pytorch, d.Name(), file)})
			}
		}
	}
	require.Greater(t, len(all), 120)
	return all
}

// TestCompiles generates source for every checkpoint, and type-checks it.
func TestCompiles(t *testing.T) {
	for _, c := range everyCheckpoint(t) {
		requireCompiles(t, c.source(t, "model"))
	}
}

// TestGenRestores does the same for every checkpoint as TestRestores for some. It compiles a program with all
// of their types.
func TestGenRestores(t *testing.T) {
	if !thorough.Asked() {
		t.Skip("it compiles a program of many packages: set CKPT_THOROUGH, as `.ci/run faults` does")
	}
	module, err := filepath.Abs("../../..")
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	goMod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	require.NoError(t, err)
	write("go.mod", strings.Replace(string(goMod), "module github.com/gockpt/ckpt\n", "module generated\n", 1)+
		fmt.Sprintf("\nrequire github.com/gockpt/ckpt v0.0.0\n\nreplace github.com/gockpt/ckpt => %s\n", strconv.Quote(filepath.ToSlash(module))))
	goSum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	require.NoError(t, err)
	write("go.sum", string(goSum))

	constructor := regexp.MustCompile(`(?m)^func (New\w+)\(`)
	var imports, calls, want strings.Builder
	packages := make(map[string]string) // by the source without the comment above it, because many checkpoints have the same types
	for _, c := range everyCheckpoint(t) {
		comment, source, _ := strings.Cut(c.source(t, "model"), "\npackage model\n")
		pkg, ok := packages[source]
		if !ok {
			pkg = fmt.Sprintf("g%d", len(packages))
			packages[source] = pkg
			write(pkg+"/model.go", comment+"\npackage "+pkg+"\n"+source)
			fmt.Fprintf(&imports, "\t\"generated/%s\"\n", pkg)
		}
		absolute, err := filepath.Abs(c.path)
		require.NoError(t, err)
		last := "ckpt.Strict()"
		if c.partly {
			last = "ckpt.IgnoreUnknown()"
		}
		fmt.Fprintf(&calls, "\tfmt.Printf(\"%%s: %%v\\n\", %q, ckpt.LoadWeights(ctx, %q, %s.%s(), ckpt.At(%q), %s))\n",
			c.name, absolute, pkg, constructor.FindStringSubmatch(source)[1], c.at, last)
		fmt.Fprintf(&want, "%s: <nil>\n", c.name)
	}
	write("main.go", "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\n\t\"github.com/gockpt/ckpt\"\n"+imports.String()+
		")\n\nfunc main() {\n\tctx := context.Background()\n"+calls.String()+"}\n")
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=mod", ".")
	cmd.Dir = dir
	cmd.Env = slices.Concat(os.Environ(), []string{"GOWORK=off"})
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, want.String(), string(out))
}
