// Package typed loads packages of the module with type information, for programs and tests that examine the code.
package typed

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// A Package is one package without its tests.
type Package struct {
	Path  string
	Fset  *token.FileSet
	Names []string // of the files
	Files []*ast.File
	Types *types.Package
	Info  *types.Info // Uses and Defs
}

// listed is the output of go list for a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	DepOnly                 bool
}

// Load loads the packages that match the patterns of `go list`. It builds their imports.
func Load(patterns ...string) ([]*Package, error) {
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	exports := make(map[string]string)
	var wanted []listed
	for d := json.NewDecoder(out); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[l.ImportPath] = l.Export
		if !l.DepOnly {
			wanted = append(wanted, l)
		}
	}
	if err := cmd.Wait(); err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var all []*Package
	for _, l := range wanted {
		p, err := check(fset, l, imports)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.ImportPath, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// check parses and type-checks a package.
func check(fset *token.FileSet, l listed, imports types.Importer) (*Package, error) {
	p := &Package{Path: l.ImportPath, Fset: fset, Names: l.GoFiles}
	for _, name := range l.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.Files = append(p.Files, f)
	}
	p.Info = &types.Info{Uses: make(map[*ast.Ident]types.Object), Defs: make(map[*ast.Ident]types.Object)}
	var err error
	p.Types, err = (&types.Config{Importer: imports}).Check(l.ImportPath, fset, p.Files, p.Info)
	return p, err
}
