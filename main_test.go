package ckpt

import (
	"io"
	"log/slog"
	"os"
	"testing"
)

// TestMain keeps warnings that no test asks for out of the output; those that are asked for go to a logger of the test's own.
// Started by a test as a program to be killed it is that instead.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	if victim := os.Getenv("CKPT_VICTIM"); victim != "" {
		os.Exit(beVictim(victim))
	}
	os.Exit(m.Run())
}
