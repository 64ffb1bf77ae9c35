// Package thorough decides how much of a slow test runs. Every day, `go test ./...` runs samples, in which each kind of case
// occurs at least once. If CKPT_THOROUGH is set, as `.ci/run faults` does, the tests run in full.
package thorough

import (
	"iter"
	"os"
	"regexp"
	"strconv"
)

// Asked reports whether CKPT_THOROUGH is set.
func Asked() bool { return os.Getenv("CKPT_THOROUGH") != "" }

// Pick returns all if CKPT_THOROUGH is set, and otherwise some, which should be quick.
func Pick[T any](all, some T) T {
	if Asked() {
		return all
	}
	return some
}

// Tries is Pick for a number of random tries. If CKPT_THOROUGH is a number above 1, as in `.ci/nightly`, it multiplies all.
func Tries(all, some int) int {
	if times, err := strconv.Atoi(os.Getenv("CKPT_THOROUGH")); err == nil {
		all *= max(times, 1)
	}
	return Pick(all, some)
}

// Numbers yields the numbers of the steps that a test makes fail, one in each run. kinds are the kinds of the steps of an undisturbed run.
// If CKPT_THOROUGH is set, the numbers are 1, 2, and so on without end, because runs may differ: the test stops when a run has fewer
// steps. Otherwise they are the numbers of the first step of each kind. Kinds that differ only in numbers are the same.
func Numbers(kinds []string) iter.Seq[int] {
	return func(yield func(int) bool) {
		if Asked() {
			for n := 1; yield(n); n++ {
			}
			return
		}
		seen := make(map[string]bool)
		for i, kind := range kinds {
			kind = digits.ReplaceAllLiteralString(kind, "#")
			if !seen[kind] && !yield(i+1) {
				return
			}
			seen[kind] = true
		}
	}
}

// digits are the parts of file names that differ from run to run or from checkpoint to checkpoint.
var digits = regexp.MustCompile(`[0-9a-f]{32}|[0-9]+`)
