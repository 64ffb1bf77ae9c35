package s3

import (
	"testing"

	"github.com/gockpt/ckpt/store/internal/servertest"
)

// TestMain runs the tests, or a process of TestKilled.
func TestMain(m *testing.M) { servertest.Main(m, Open) }

func TestKilled(t *testing.T) { servertest.Killed(t, servertest.Fresh(serverAddress(t)), Open) }

func TestEveryCallFails(t *testing.T) {
	serverAddress(t)
	servertest.EveryCallFails(t, open)
}

// TestProcesses prints the table of processes in docs/scale.md with -v; CKPT_THOROUGH=1 gives all of its lines.
func TestProcesses(t *testing.T) { servertest.Processes(t, serverAddress(t), Open) }
