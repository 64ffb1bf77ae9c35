// Filegraph prints how the files of packages depend on each other: the numbers of files, lines, references between files, and
// files in the largest cycle.
//
//	go run ./internal/filegraph [-v] [PACKAGE ...]
//
// It ignores tests. With -v it lists the files of the largest cycle.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	verbose := flag.Bool("v", false, "list the files of the largest cycle")
	flag.Parse()
	patterns := flag.Args()
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	packages, err := load(patterns)
	if err != nil {
		fmt.Fprintln(os.Stderr, "filegraph:", err)
		os.Exit(1)
	}
	fmt.Println("| package | files | lines | edges | largest cycle |\n| --- | --- | --- | --- | --- |")
	for _, p := range packages {
		cycle := p.largestCycle()
		fmt.Printf("| %s | %d | %d | %d | %d |\n", p.path, len(p.lines), p.total(), p.edges(), len(cycle))
		if *verbose {
			fmt.Println(strings.Join(cycle, " "))
		}
	}
}
