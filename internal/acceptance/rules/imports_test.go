package rules

import (
	"bytes"
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/ckpttest"
)

// A goPackage is a package as `go list` describes it.
type goPackage struct {
	Name, ImportPath string
	GoFiles, Imports []string
}

// packages returns the packages of the module.
var packages = sync.OnceValue(func() (all []goPackage) {
	d := json.NewDecoder(bytes.NewReader(ckpttest.Must(exec.Command("go", "list", "-json=Name,ImportPath,GoFiles,Imports", "./...").Output())))
	for d.More() {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			panic(err)
		}
		all = append(all, p)
	}
	return all
})

// TestImports checks the direction of imports: cmd, examples → root → format → format/sstable, tensor, internal; layers → tensor.
func TestImports(t *testing.T) {
	const module = "github.com/gockpt/ckpt"
	// For a package, the entry with the longest prefix of its name applies. The package may import packages with the prefixes
	// listed there.
	allowed := map[string][]string{
		"":                       {"format", "format/bundle", "format/keras", "format/objectgraph", "format/savedv1", "format/sstable", "format/state", "internal/fsx", "internal/byname", "internal/derived", "internal/kerasexport", "internal/kerasnames", "internal/match", "internal/object", "internal/prefix", "internal/retain", "internal/sections", "internal/stored", "internal/storefs", "internal/transfer", "internal/turns", "internal/verify", "internal/walk", "internal/wording", "internal/writers", "layout", "store", "tensor"},
		"tensor":                 {},
		"store":                  {"store", "internal/fsx"},
		"store/internal":         {"", "internal/thorough", "shard", "store", "tensor"},
		"tensor/gonum":           {"tensor"},
		"internal/fsx":           {"internal/fsx", "internal/thorough"},
		"internal/object":        {"format", "format/objectgraph", "tensor"},
		"internal/prefix":        {"format", "format/bundle", "format/gguf", "format/keras", "format/nametree", "format/npz", "format/objectgraph", "format/raw", "format/safetensors", "format/savedv1", "format/state", "format/torch", "internal/fsx", "internal/splitname", "internal/weightmap", "internal/whatis", "tensor"},
		"internal/retain":        {"format/state", "internal/fsx", "internal/prefix"},
		"internal/sections":      {"format", "format/bundle", "format/objectgraph", "format/sstable", "internal/fsx", "internal/prefix", "internal/stored", "tensor"},
		"internal/stored":        {"format", "format/objectgraph", "internal/object", "tensor"},
		"internal/transfer":      {"format", "internal/object", "tensor"},
		"internal/turns":         {},
		"internal/match":         {"format/objectgraph", "internal/derived", "internal/object", "internal/transfer", "internal/wording", "layout", "store", "tensor"},
		"internal/walk":          {"format", "internal/object", "layout", "tensor"},
		"internal/walk/walktest": {"internal/object", "internal/walk"},
		"internal/byname":        {"format", "format/objectgraph", "internal/object", "internal/prefix", "internal/stored", "internal/transfer", "internal/walk", "internal/wording", "tensor"},
		"internal/storefs":       {"format", "internal/fsx", "store"},
		"internal/verify":        {"format", "format/bundle", "format/objectgraph", "internal/fsx", "internal/object", "internal/prefix"},
		"internal/wording":       {},
		"internal/kerasexport":   {"format", "format/keras", "format/objectgraph", "internal/object", "internal/walk"},
		"internal/kerasnames":    {"format", "format/keras", "format/objectgraph", "internal/object"},
		"internal/writers":       {"format", "format/bundle", "format/keras", "format/npz", "format/safetensors", "internal/fsx", "internal/kerasnames", "tensor"},
		"internal/zipfile":       {"format", "format/raw"},
		"internal/jsonscan":      {},
		"internal/weightmap":     {"format", "format/raw", "internal/fsx", "internal/jsonscan"},
		"internal/pickle":        {"format"},
		"internal/slab":          {},
		"internal/splitname":     {},
		"internal/slicekey":      {"tensor"},
		"internal/whatis":        {"format/torch", "internal/fsx"},
		"format":                 {"tensor"},
		"format/pb":              {},
		"format/sstable":         {"format"},
		"format/state":           {"format", "internal/fsx"},
		"format/objectgraph":     {"format", "format/pb"},
		"format/bundle":          {"format", "format/pb", "format/sstable", "internal/crc", "internal/fsx", "internal/slab", "internal/slicekey", "tensor"},
		"format/savedv1":         {"format", "format/pb", "format/sstable", "internal/crc", "internal/fsx", "internal/slicekey", "tensor"},
		"format/nametree":        {"format", "format/objectgraph"},
		"format/keras":           {"format", "format/hdf5", "format/nametree", "format/objectgraph", "format/raw", "internal/fsx", "internal/zipfile", "tensor"},
		"keras":                  {"", "layers"},
		"format/raw":             {"format", "internal/crc", "internal/fsx", "internal/slab", "tensor"},
		// The formats of other makers import two shared packages, and do not import one another.
		"format/":          {"format", "format/nametree", "format/objectgraph", "format/raw", "internal/crc", "internal/fsx", "internal/jsonscan", "internal/pickle", "internal/slab", "internal/splitname", "internal/weightmap", "internal/zipfile", "tensor"},
		"layout":           {"tensor"},
		"shard":            {"", "format/bundle", "tensor"},
		"internal/derived": {"format", "format/objectgraph", "internal/object", "layout", "tensor"},
		"internal/stats":   {"tensor"},
		"layers":           {"layers", "layout", "tensor"},
		"optimizers":       {"optimizers", "tensor"},
		"cmd":              {"internal/cli"},
		"internal/cli":     {"", "keras", "layers", "format", "format/", "optimizers", "shard", "store", "tensor", "internal"},
		"examples":         {"", "examples", "keras", "layers", "layout", "optimizers", "tensor"},
		"bench":            {"", "bench", "layers", "store", "format", "format/", "tensor", "internal"},
		"internal":         {"", "internal", "layers", "format", "format/", "optimizers", "tensor"},
	}
	under := func(pkg, prefix string) bool {
		return pkg == prefix || prefix != "format" && prefix != "" && strings.HasPrefix(pkg, strings.TrimSuffix(prefix, "/")+"/")
	}
	for _, p := range packages() {
		pkg := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		rule := ""
		for prefix := range allowed {
			if under(pkg, prefix) && len(prefix) > len(rule) {
				rule = prefix
			}
		}
		for _, imp := range p.Imports {
			if imp != module && !strings.HasPrefix(imp, module+"/") {
				continue
			}
			imp = strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
			ok := false
			for _, prefix := range allowed[rule] {
				ok = ok || under(imp, prefix)
			}
			require.True(t, ok, "%s imports %s", p.ImportPath, imp)
		}
	}
}

// TestUnsafe checks that only one file imports unsafe, on all systems, and that no file uses cgo or go:linkname.
func TestUnsafe(t *testing.T) {
	var found []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 1 && d.Name()[0] == '.') {
			return fs.SkipDir
		}
		generated := strings.HasPrefix(filepath.ToSlash(path), "format/pb/")
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || generated {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		require.NoError(t, err)
		for _, imp := range f.Imports {
			if imp.Path.Value == `"unsafe"` || imp.Path.Value == `"C"` {
				found = append(found, filepath.ToSlash(path))
			}
		}
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(source), "\n//go:linkname ", path)
		return nil
	}))
	require.Equal(t, []string{"tensor/bytes.go"}, found)
}

// TestWhatImportersRequire checks which modules the packages of the library need. `go mod tidy` writes these into the go.mod of a program that
// imports all packages. The command line, the examples, the benchmarks and the tests need further modules, which an importer does not get.
func TestWhatImportersRequire(t *testing.T) {
	const module = "github.com/gockpt/ckpt"
	var library []string
	for _, p := range packages() {
		pkg := p.ImportPath
		if name := strings.TrimPrefix(pkg, module); !slices.ContainsFunc([]string{"/internal/", "/cmd/", "/bench", "/examples/", "/docs", "/storetest"}, func(part string) bool { return strings.Contains(name, part) }) {
			library = append(library, pkg)
		}
	}
	require.Contains(t, library, module+"/layers")
	cmd := exec.Command("go", append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, library...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64") // needs the most modules: golang.org/x/sys for processor features
	out, err := cmd.Output()
	require.NoError(t, err)
	modules := strings.Fields(string(out))
	slices.Sort(modules)
	require.Equal(t, []string{
		module,
		"github.com/klauspost/compress",
		"github.com/mitchellh/reflectwalk",
		"golang.org/x/sync",
		"golang.org/x/sys",
		"gonum.org/v1/gonum",
		"google.golang.org/protobuf",
	}, slices.Compact(modules))
}

// TestArchitectureHasEveryPackage looks for packages that ARCHITECTURE.md does not name. It may name only the directory of several
// small ones.
func TestArchitectureHasEveryPackage(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	require.NoError(t, err)
	together := regexp.MustCompile("^/(bench|examples|optimizers|internal/[a-z]+)/|^/store/internal/")
	for _, p := range packages() {
		pkg := strings.TrimPrefix(p.ImportPath, "github.com/gockpt/ckpt")
		if pkg == "" || p.GoFiles == nil || together.MatchString(pkg) {
			continue
		}
		named := regexp.MustCompile("[ /`]" + path.Base(pkg) + "[/` ]")
		require.True(t, named.Match(text), "ARCHITECTURE.md does not name package %s", pkg)
	}
}
