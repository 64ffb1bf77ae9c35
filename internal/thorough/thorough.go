// Package thorough decides how much of a slow test runs. Every day, `go test ./...` runs samples, in which each kind of case
// occurs at least once. If CKPT_THOROUGH is set, as `.ci/run faults` does, the tests run in full.
package thorough

import "os"

// Asked reports whether CKPT_THOROUGH is set.
func Asked() bool { return os.Getenv("CKPT_THOROUGH") != "" }

// Pick returns all if CKPT_THOROUGH is set, and otherwise some, which should be quick.
func Pick[T any](all, some T) T {
	if Asked() {
		return all
	}
	return some
}
