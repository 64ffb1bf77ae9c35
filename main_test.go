package ckpt

import (
	"io"
	"log/slog"
	"os"
	"testing"
)

// TestMain keeps warnings that no test asks for out of the output; those that are asked for go to a logger of the test's own.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}
