package killed

import (
	"context"
	"os"
	"testing"

	"github.com/gockpt/ckpt/internal/ckpttest"
)

var ctx = context.Background()

// TestMain runs the tests, or is the program that a test started to kill it.
func TestMain(m *testing.M) {
	if victim := os.Getenv("CKPT_VICTIM"); victim != "" {
		ckpttest.Quiet()
		os.Exit(beVictim(victim))
	}
	ckpttest.Main(m)
}
