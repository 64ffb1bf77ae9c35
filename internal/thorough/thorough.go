// Package thorough says how much a slow test tries: samples in `go test ./...`, everything in `.ci/run faults`, which sets CKPT_THOROUGH.
package thorough

import "os"

// Run reports whether CKPT_THOROUGH is set.
func Run() bool { return os.Getenv("CKPT_THOROUGH") != "" }

// Choose returns all in a thorough run and some, which should be quick, in any other.
func Choose(all, some int) int {
	if Run() {
		return all
	}
	return some
}
