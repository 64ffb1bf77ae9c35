package main

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
	"slices"
)

// A pkg is one package: the lines of its files, and for each file the others of the package that it refers to.
type pkg struct {
	path  string
	lines map[string]int
	refs  map[string]map[string]bool
}

// A listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	DepOnly                 bool
}

// load reads and checks the packages that match the patterns.
func load(patterns []string) ([]*pkg, error) {
	args := append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,DepOnly"}, patterns...)
	cmd := exec.Command("go", args...)
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
	var all []*pkg
	for _, l := range wanted {
		p, err := check(fset, l, imports)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.ImportPath, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// check type-checks a package and notes which file refers to which.
func check(fset *token.FileSet, l listed, imports types.Importer) (*pkg, error) {
	p := &pkg{path: l.ImportPath, lines: make(map[string]int), refs: make(map[string]map[string]bool)}
	var files []*ast.File
	for _, name := range l.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		p.lines[name] = fset.File(f.FileStart).LineCount() - 1 // the last line is the empty one after the end
		p.refs[name] = make(map[string]bool)
	}
	info := &types.Info{Uses: make(map[*ast.Ident]types.Object)}
	checked, err := (&types.Config{Importer: imports}).Check(l.ImportPath, fset, files, info)
	if err != nil {
		return nil, err
	}
	for id, obj := range info.Uses {
		if obj.Pkg() != checked || !obj.Pos().IsValid() {
			continue
		}
		from, to := filepath.Base(fset.Position(id.Pos()).Filename), filepath.Base(fset.Position(obj.Pos()).Filename)
		if from != to {
			p.refs[from][to] = true
		}
	}
	return p, nil
}

// total returns how many lines the package has.
func (p *pkg) total() (n int) {
	for _, lines := range p.lines {
		n += lines
	}
	return n
}

// edges returns the number of pairs of files in which the first refers to the second.
func (p *pkg) edges() (n int) {
	for _, to := range p.refs {
		n += len(to)
	}
	return n
}

// largestCycle returns the size of the largest set of files in which each leads to all others. A single file is a cycle of
// 1.
func (p *pkg) largestCycle() []string {
	reached := make(map[string]map[string]bool)
	for file := range p.refs {
		reached[file] = p.reach(file)
	}
	var largest []string
	for file := range p.refs {
		cycle := []string{file}
		for other := range reached[file] {
			if other != file && reached[other][file] {
				cycle = append(cycle, other)
			}
		}
		slices.Sort(cycle)
		if len(cycle) > len(largest) || len(cycle) == len(largest) && slices.Compare(cycle, largest) < 0 {
			largest = cycle
		}
	}
	return largest
}

// reach returns the files that file leads to.
func (p *pkg) reach(file string) map[string]bool {
	seen := make(map[string]bool)
	queue := []string{file}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for to := range p.refs[at] {
			if !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	return seen
}
