// Command benchallocs compares what benchmarks allocate with what they allocated before: two outputs of
// `go test -bench . -benchmem`. It prints a table, and fails where one of the same name allocates more than a tenth above what it did. Times
// are not looked at: they say more about the machine than about the change.
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
		return errors.New("the arguments are the output of before and that of now")
	}
	var measured [2]map[string]usage
	for i, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		measured[i], err = parse(f)
		f.Close() // it has been read
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
		fmt.Printf("%d allocate more, which is meant: %s\n", n, allowed)
		return nil
	default:
		return fmt.Errorf("%d allocate more than before", n)
	}
}
