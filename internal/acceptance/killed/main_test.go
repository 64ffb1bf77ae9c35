package killed

import (
	"context"
	"os"
	"testing"

	"github.com/gockpt/ckpt/internal/ckpttest"
)

var ctx = context.Background()

// TestMain runs the tests. If a test started this process in order to kill it, TestMain runs the victim.
func TestMain(m *testing.M) {
	if victim := os.Getenv("CKPT_VICTIM"); victim != "" {
		ckpttest.Quiet()
		os.Exit(beVictim(victim))
	}
	ckpttest.Main(m)
}
