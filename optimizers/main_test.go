package optimizers_test

import (
	"log/slog"
	"os"
	"testing"
)

// TestMain hides warnings about values that the tests leave unmatched on purpose.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
