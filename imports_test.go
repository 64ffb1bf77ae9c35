package ckpt_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestImports holds the direction of imports: cmd, examples → root → format → format/sstable, tensor, internal; layers → tensor.
func TestImports(t *testing.T) {
	const module = "github.com/gockpt/ckpt"
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...").Output()
	require.NoError(t, err)
	// A package may import those that come with a prefix listed for the longest prefix of its own name.
	allowed := map[string][]string{
		"":                   {"format", "format/bundle", "format/objectgraph", "format/savedv1", "format/sstable", "format/state", "internal/fsx", "tensor"},
		"tensor":             {},
		"internal/fsx":       {"internal/fsx"},
		"format":             {"tensor"},
		"format/pb":          {},
		"format/sstable":     {"format"},
		"format/state":       {"format", "internal/fsx"},
		"format/objectgraph": {"format", "format/pb"},
		"format/bundle":      {"format", "format/pb", "format/sstable", "internal/fsx", "tensor"},
		"format/savedv1":     {"format", "format/pb", "format/sstable", "internal/fsx", "tensor"},
		"layers":             {"layers", "tensor"},
		"optimizers":         {"optimizers", "tensor"},
		"cmd":                {"", "cmd", "layers", "format", "format/bundle", "format/objectgraph", "format/pb", "format/savedv1", "format/sstable", "format/state", "optimizers", "tensor", "internal"},
		"examples":           {"", "examples", "layers", "optimizers", "tensor"},
		"bench":              {"", "bench", "layers", "format", "format/bundle", "format/objectgraph", "format/pb", "format/savedv1", "format/sstable", "format/state", "tensor", "internal"},
		"internal":           {"", "internal", "layers", "format", "format/bundle", "format/objectgraph", "format/pb", "format/savedv1", "format/sstable", "format/state", "optimizers", "tensor"},
	}
	under := func(pkg, prefix string) bool {
		return pkg == prefix || prefix != "format" && prefix != "" && strings.HasPrefix(pkg, prefix+"/")
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		rule := ""
		for prefix := range allowed {
			if under(pkg, prefix) && len(prefix) > len(rule) {
				rule = prefix
			}
		}
		for _, imp := range fields[1:] {
			if imp != module && !strings.HasPrefix(imp, module+"/") {
				continue
			}
			imp = strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
			ok := false
			for _, prefix := range allowed[rule] {
				ok = ok || under(imp, prefix)
			}
			require.True(t, ok, "%s imports %s", fields[0], imp)
		}
	}
}

// TestUnsafe keeps unsafe in one file.
func TestUnsafe(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{range .Imports}}{{if eq . "unsafe"}}{{$.ImportPath}}{{end}}{{end}}`, "./...").Output()
	require.NoError(t, err)
	for _, pkg := range strings.Fields(string(out)) {
		if !strings.HasSuffix(pkg, "/format/pb") { // generated code
			require.True(t, strings.HasSuffix(pkg, "/tensor"), "%s imports unsafe", pkg)
		}
	}
}
