package cli

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/ckpttest"
)

// A genCase is a checkpoint for which source is generated, compiled and filled.
type genCase struct {
	name, path, at string
	partly         bool // gen skips some of it
}

// TestGenRestores generates source for checkpoints of all kinds, compiles it, and restores each checkpoint into what its
// constructor returns: nothing may be missing, and nothing left over.
func TestGenRestores(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a program")
	}
	cases := []genCase{
		{name: "cnn", path: "../../testdata/cnn/train"},
		{name: "cnn at its model", path: "../../testdata/cnn/train", at: "model/_operations"},
		{name: "transformer", path: "../../testdata/transformer/train"},
		{name: "regress", path: "../../testdata/regress/train"},
		{name: "mixed", path: "testdata/mixed/model"},
		{name: "unnamed", path: "testdata/unnamed/model"},
		{name: "wide", path: "testdata/wide/model"},
		{name: "keras", path: "../../format/keras/testdata/model.keras"},
	}
	err := filepath.WalkDir(golden, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(golden)+"/")
		if err == nil && strings.HasSuffix(path, ".index") && !strings.HasPrefix(name, "damaged-") {
			cases = append(cases, genCase{
				name: name, path: strings.TrimSuffix(path, ".index"),
				partly: slices.ContainsFunc([]string{"objects-registered-saver", "values-variant"},
					func(prefix string) bool { return strings.HasPrefix(name, prefix) }),
			})
		}
		return err
	})
	require.NoError(t, err)
	named := slices.IndexFunc(cases, func(c genCase) bool { return strings.Contains(c.path, golden) })
	generateAndRestore(t, slices.Concat(cases[:named], sampled(cases[named:])))
}

// The layers of a file in which Keras numbers them are recognised as those of its checkpoints.
func TestGenKeras(t *testing.T) {
	source := requireRun(t, "gen", "../../format/keras/testdata/model.keras")
	for field, goType := range map[string]string{
		"Attend": "MultiHeadAttention", "BothWays": "Bidirectional", "Each": "TimeDistributed", "Norm": "LayerNormalization", "Dense": "Dense",
	} {
		require.Regexp(t, `\b`+field+` +layers\.`+goType+" ", source)
	}
}

// sampled returns some of the cases, or all for a thorough run: each is a package to compile.
func sampled(cases []genCase) (some []genCase) {
	for i := 0; i < len(cases); i += ckpttest.Thorough(1, 6) {
		some = append(some, cases[i])
	}
	return some
}

// generateAndRestore makes one program of all cases, so that one is compiled.
func generateAndRestore(t *testing.T, cases []genCase) {
	t.Helper()
	module, err := filepath.Abs("../..")
	require.NoError(t, err)
	dir := t.TempDir()
	goMod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	require.NoError(t, err)
	text := strings.Replace(string(goMod), "module github.com/gockpt/ckpt\n", "module generated\n", 1) +
		fmt.Sprintf("\nrequire github.com/gockpt/ckpt v0.0.0\n\nreplace github.com/gockpt/ckpt => %s\n", strconv.Quote(filepath.ToSlash(module)))
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	write("go.mod", text)
	goSum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	require.NoError(t, err)
	write("go.sum", string(goSum))

	var imports, calls strings.Builder
	for i, c := range cases {
		pkg := fmt.Sprintf("g%d", i)
		r := runCkpt(t, "gen", c.path, "--at", c.at, "--package", pkg, "-o", filepath.Join(dir, "out.go"))
		require.Zero(t, r.status, "%s: %s", c.name, r.stderr)
		require.Equal(t, c.partly, strings.Contains(r.stderr, "skipped"), "%s: %s", c.name, r.stderr)
		source, err := os.ReadFile(filepath.Join(dir, "out.go"))
		require.NoError(t, err)
		require.NoError(t, os.Remove(filepath.Join(dir, "out.go")))
		write(pkg+"/model.go", string(source))
		absolute, err := filepath.Abs(c.path)
		require.NoError(t, err)
		options := fmt.Sprintf("ckpt.At(%q)", c.at)
		if c.partly {
			options += ", ckpt.IgnoreUnknown()"
		} else {
			options += ", ckpt.Strict()"
		}
		fmt.Fprintf(&imports, "\t\"generated/%s\"\n", pkg)
		fmt.Fprintf(&calls, "\tfmt.Printf(\"%%s: %%v\\n\", %q, ckpt.LoadWeights(ctx, %q, %s.%s(), %s))\n", c.name, absolute, pkg, constructorOf(t, source), options)
	}
	write("main.go", "package main\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\n\t\"github.com/gockpt/ckpt\"\n"+imports.String()+")\n\nfunc main() {\n\tctx := context.Background()\n"+calls.String()+"}\n")
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=mod", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var want strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&want, "%s: <nil>\n", c.name)
	}
	require.Equal(t, want.String(), string(out))
}

// constructorOf returns the name of the function that source begins with.
func constructorOf(t *testing.T, source []byte) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "model.go", source, 0)
	require.NoError(t, err)
	for _, d := range f.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			return f.Name.Name
		}
	}
	require.Fail(t, "no constructor", "%s", source)
	return ""
}
