package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A usage is what one iteration of a benchmark allocates.
type usage struct{ bytes, allocs float64 }

// processors matches the end of a benchmark's name, which is its number of processors.
var processors = regexp.MustCompile(`-[0-9]+$`)

// parse reads the output of `go test -benchmem`. It returns the allocations of each benchmark by package and name. Of several
// runs it takes the minimum, because single runs may allocate more, such as a buffer that two goroutines needed at once.
func parse(r io.Reader) (map[string]usage, error) {
	found := make(map[string]usage)
	pkg := ""
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "pkg: "); ok {
			pkg = name
			continue
		}
		// BenchmarkName-2  20  1234 ns/op  56 B/op  7 allocs/op
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		u, ok, err := parseUsage(fields[2:])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		if !ok {
			continue
		}
		key := pkg + " " + processors.ReplaceAllString(fields[0], "")
		if old, ok := found[key]; ok {
			u = usage{min(u.bytes, old.bytes), min(u.allocs, old.allocs)}
		}
		found[key] = u
	}
	return found, lines.Err()
}

// parseUsage finds memory among values that are followed by units.
func parseUsage(fields []string) (u usage, ok bool, err error) {
	for i := 0; i+1 < len(fields); i += 2 {
		to := map[string]*float64{"B/op": &u.bytes, "allocs/op": &u.allocs}[fields[i+1]]
		if to == nil {
			continue
		}
		if *to, err = strconv.ParseFloat(fields[i], 64); err != nil {
			return usage{}, false, err
		}
		ok = true
	}
	return u, ok, nil
}
