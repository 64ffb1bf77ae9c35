// Command benchallocs compares the allocations of benchmarks before and after a change, given two outputs of
// `go test -bench . -benchmem`. It prints a table, and fails if a benchmark allocates over a tenth more than before. It ignores
// times, which depend on the machine more than on the change.
//
//	go run ./internal/benchallocs [-allowed reason] before.txt after.txt
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	allowed := flag.String("allowed", "", "why more may be allocated: what would fail is only shown")
	flag.Parse()
	if err := run(flag.Args(), *allowed); err != nil {
		fmt.Fprintln(os.Stderr, "benchallocs:", err)
		os.Exit(1)
	}
}

func run(files []string, allowed string) error {
	if len(files) != 2 {
		return errors.New("expected two arguments: the output from before and the output from after the change")
	}
	var measured [2]map[string]usage
	for i, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		measured[i], err = parse(f)
		f.Close() // it was only read
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	before, after := measured[0], measured[1]
	if len(after) == 0 {
		return fmt.Errorf("%s has no benchmarks", files[1])
	}
	changes := compare(before, after)
	if err := show(os.Stdout, changes); err != nil {
		return err
	}
	switch n := count(changes, regressed); {
	case n == 0:
		return nil
	case allowed != "":
		fmt.Printf("%d allocate more, which is allowed: %s\n", n, allowed)
		return nil
	default:
		return fmt.Errorf("%d allocate more than before", n)
	}
}
