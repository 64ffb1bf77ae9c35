package s3

import (
	"os"
	"testing"

	"github.com/gockpt/ckpt/store/internal/servertest"
)

// TestMain lets the test program be a process of TestKilled, too.
func TestMain(m *testing.M) { servertest.Main(m, Open) }

func TestKilled(t *testing.T) { servertest.Killed(t, servertest.Fresh(serverAddress(t)), Open) }

func TestEveryCallFails(t *testing.T) {
	serverAddress(t)
	servertest.EveryCallFails(t, open)
}

// TestProcesses prints the table of processes in docs/scale.md with -v; CKPT_THOROUGH=1 gives all of its lines.
func TestProcesses(t *testing.T) {
	counts := []int{1, 8}
	if os.Getenv("CKPT_THOROUGH") != "" {
		counts = append(counts, 64, 512)
	}
	for _, n := range counts {
		sections, merge := servertest.Processes(t, servertest.Fresh(serverAddress(t)), Open, n)
		t.Logf("| %d | %.2f | %.2f |", n, sections.Seconds(), merge.Seconds())
	}
}
