package ckpttest

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Quiet hides warnings that no test expects. A package's TestMain calls it.
func Quiet() { slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil))) }

// Main runs a package's tests, quietly.
func Main(m *testing.M) {
	Quiet()
	os.Exit(m.Run())
}

// MainAtRoot is Main for tests that name files by their paths from the module's root.
func MainAtRoot(m *testing.M) {
	if err := os.Chdir(Path()); err != nil {
		panic(err)
	}
	Main(m)
}

// Logged returns a logger, and a function that returns what it has written: a line per record, without time and level.
func Logged() (*slog.Logger, func() []string) {
	var b bytes.Buffer
	h := slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key != slog.MessageKey {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(h), func() []string {
		text := strings.TrimSpace(b.String())
		if text == "" {
			return nil
		}
		return strings.Split(text, "\n")
	}
}

// RequireNoneLeft fails the test if a goroutine of the library keeps running.
func RequireNoneLeft(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool {
		buf := make([]byte, 1<<20)
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "gockpt/ckpt.(*Checkpoint).startAsync") || strings.Contains(g, "gockpt/ckpt/format/") {
				return false
			}
		}
		return true
	}, 10*time.Second, time.Millisecond)
}
