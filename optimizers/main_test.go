package optimizers_test

import (
	"log/slog"
	"os"
	"testing"
)

// TestMain keeps warnings about what was left unmatched on purpose out of the tests' output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
