package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestView(t *testing.T) {
	path := filepath.Join(golden, "manager-keeps-last", "train", "ckpt-5")
	t.Run("to a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "report.html")
		r := runCkpt(t, "view", path, "-o", file)
		require.Zero(t, r.status, r.stderr)
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(page), "ckpt-5")
		require.Contains(t, r.stdout, file)
	})
	t.Run("to standard output", func(t *testing.T) {
		r := runCkpt(t, "view", path, "-o", "-")
		require.Zero(t, r.status, r.stderr)
		require.True(t, strings.HasPrefix(r.stdout, "<!DOCTYPE html>"))
	})
	t.Run("served until an interrupt", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		errs := &notifyingBuffer{written: make(chan struct{}, 10)}
		status := make(chan int)
		var out bytes.Buffer
		go func() {
			status <- (&Program{Stdout: &out, Stderr: errs}).Run(ctx, []string{"view", "--no-browser", path})
		}()
		<-errs.written
		cancel()
		require.Zero(t, <-status)
		require.Regexp(t, `^http://(127\.0\.0\.1|\[::1\]):\d+/[A-Z2-7]+/\nCtrl-C ends it.\n$`, errs.String())
	})
	for name, test := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"no path":                         {nil, 2, "expected a PATH, got 0"},
		"no file":                         {[]string{"nowhere"}, 1, "nowhere"},
		"another machine":                 {[]string{"--http", "0.0.0.0:0", path}, 1, "is not this machine's loopback"},
		"a directory without checkpoints": {[]string{t.TempDir()}, 1, "checkpoint"},
		"a missing second checkpoint":     {[]string{path, "nowhere"}, 1, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runCkpt(t, append([]string{"view"}, test.args...)...)
			require.Equal(t, test.status, r.status)
			require.Contains(t, r.stderr, test.stderr)
		})
	}
}

// A notifyingBuffer notifies the test of a write.
type notifyingBuffer struct {
	bytes.Buffer
	written chan struct{}
}

func (b *notifyingBuffer) Write(p []byte) (int, error) {
	n, err := b.Buffer.Write(p)
	b.written <- struct{}{}
	return n, err
}
