package main

import (
	"path/filepath"
	"slices"

	"github.com/gockpt/ckpt/internal/typed"
)

// A pkg is a package: the lines of its files, and for each file the other files of the package to which it refers.
type pkg struct {
	path  string
	lines map[string]int
	refs  map[string]map[string]bool
}

// load loads the packages that match the patterns and records which file refers to which.
func load(patterns []string) ([]*pkg, error) {
	packages, err := typed.Load(patterns...)
	if err != nil {
		return nil, err
	}
	var all []*pkg
	for _, p := range packages {
		all = append(all, graphOf(p))
	}
	return all, nil
}

func graphOf(t *typed.Package) *pkg {
	p := &pkg{path: t.Path, lines: make(map[string]int), refs: make(map[string]map[string]bool)}
	for i, f := range t.Files {
		p.lines[t.Names[i]] = t.Fset.File(f.FileStart).LineCount() - 1 // the last line is empty
		p.refs[t.Names[i]] = make(map[string]bool)
	}
	for id, obj := range t.Info.Uses {
		if obj.Pkg() != t.Types || !obj.Pos().IsValid() {
			continue
		}
		from, to := filepath.Base(t.Fset.Position(id.Pos()).Filename), filepath.Base(t.Fset.Position(obj.Pos()).Filename)
		if from != to {
			p.refs[from][to] = true
		}
	}
	return p
}

// total returns the number of lines of the package.
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

// largestCycle returns the largest set of files in which each file leads to all others, sorted by name. A
// single file is a cycle of one.
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

// reach returns the files to which file leads.
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
