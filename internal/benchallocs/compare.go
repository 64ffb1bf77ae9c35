package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
)

// A change compares one benchmark before and after.
type change struct {
	name          string
	before, after usage
	verdict       verdict
}

type verdict string

const (
	same      verdict = ""
	regressed verdict = "MORE"
	improved  verdict = "less"
	added     verdict = "new"
	removed   verdict = "gone"
)

// A benchmark may allocate a tenth more than before, plus a small constant for differences between runs. The
// constant matters for benchmarks that allocate almost nothing.
const (
	tolerance   = 0.10
	slackAllocs = 2
	slackBytes  = 1 << 10
)

func more(before, after, slack float64) bool { return after > before*(1+tolerance)+slack }

// compare returns the changes of all benchmarks, sorted by name.
func compare(before, after map[string]usage) (changes []change) {
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := change{name: name, before: before[name], after: after[name]}
		_, was := before[name]
		_, is := after[name]
		switch {
		case !was:
			c.verdict = added
		case !is:
			c.verdict = removed
		case more(c.before.allocs, c.after.allocs, slackAllocs) || more(c.before.bytes, c.after.bytes, slackBytes):
			c.verdict = regressed
		case more(c.after.allocs, c.before.allocs, slackAllocs) || more(c.after.bytes, c.before.bytes, slackBytes):
			c.verdict = improved
		}
		changes = append(changes, c)
	}
	return changes
}

// count returns the number of changes with a verdict.
func count(changes []change, v verdict) (n int) {
	for _, c := range changes {
		if c.verdict == v {
			n++
		}
	}
	return n
}

// show prints the changes as a table.
func show(out io.Writer, changes []change) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "benchmark\tallocs/op\tbefore\tB/op\tbefore\t")
	for _, c := range changes {
		after, before := columns(c.after), columns(c.before)
		switch c.verdict {
		case added:
			before = [2]string{}
		case removed:
			after = [2]string{}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", c.name, after[0], before[0], after[1], before[1], c.verdict)
	}
	return w.Flush()
}

func columns(u usage) [2]string {
	return [2]string{strconv.FormatFloat(u.allocs, 'f', -1, 64), strconv.FormatFloat(u.bytes, 'f', -1, 64)}
}
