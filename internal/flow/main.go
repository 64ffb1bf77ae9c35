// Flow counts the files that a verb of package ckpt executes for a struct of two fields:
//
//	go run ./internal/flow
//
// It builds itself with coverage, runs each verb in a separate process and prints how many files of each package have a statement
// that ran. With -v it lists them. It ignores work that is done once for a type or a process, before the verb is measured.
package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const module = "github.com/gockpt/ckpt"

func main() {
	log.SetFlags(0)
	log.SetPrefix("flow: ")
	verbose := flag.Bool("v", false, "list the files")
	flag.Parse()
	var err error
	if flag.NArg() == 2 {
		err = measure(flag.Arg(0), flag.Arg(1))
	} else {
		err = printTable(*verbose)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// printTable measures each verb in a separate process.
func printTable(verbose bool) error {
	dir, err := os.MkdirTemp("", "flow")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "flow.exe")
	if out, err := exec.Command("go", "build", "-cover", "-covermode=atomic", "-coverpkg="+module+"/...", "-o", program, module+"/internal/flow").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	fmt.Println("| verb | root | transfer | the two | graphs and paths | below |\n| --- | --- | --- | --- | --- | --- |")
	for _, v := range verbs {
		files, err := touched(program, filepath.Join(dir, v.name), v.name)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		var count [4]int
		for _, f := range files {
			count[layer(f)]++
		}
		fmt.Printf("| `%s` | %d | %d | %d | %d | %d |\n", v.name, count[root], count[transfer], count[root]+count[transfer], count[graphs], count[below])
		if verbose {
			for _, f := range files {
				if layer(f) != below {
					fmt.Println("    ", f)
				}
			}
		}
	}
	return nil
}

// The layers of the module.
const (
	root = iota
	transfer
	graphs
	below
)

// layer returns the layer of a file. Package transfer is the engine: plan, check, run, roll back. The packages in layer graphs
// handle object graphs and find checkpoints. Below them are formats, tensors and files.
func layer(file string) int {
	dir := filepath.ToSlash(filepath.Dir(file))
	switch {
	case dir == ".":
		return root
	case dir == "internal/transfer":
		return transfer
	case slices.Contains([]string{"byname", "derived", "kerasexport", "match", "object", "prefix", "retain", "sections", "stored", "turns", "walk", "wording", "writers"}, strings.TrimPrefix(dir, "internal/")):
		return graphs
	}
	return below
}

// touched runs a verb and returns the files that have a statement that ran.
func touched(program, dir, verb string) ([]string, error) {
	counters := filepath.Join(dir, "counters")
	if err := os.MkdirAll(counters, 0o777); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, verb, dir)
	cmd.Env = append(os.Environ(), "GOCOVERDIR="+dir) // unused counters of the whole process
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	text := filepath.Join(dir, "text")
	if out, err := exec.Command("go", "tool", "covdata", "textfmt", "-i="+counters, "-o="+text).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("covdata: %w\n%s", err, out)
	}
	data, err := os.ReadFile(text)
	if err != nil {
		return nil, err
	}
	var files []string
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		file, block, ok := strings.Cut(lines.Text(), ":")
		file = strings.TrimPrefix(file, module+"/")
		if ok && strings.HasSuffix(file, ".go") && !strings.HasSuffix(block, " 0") && !strings.HasPrefix(file, "internal/flow/") && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files, nil
}
