package view

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inBrowser returns the page as headless Chromium has it after its script has run, and requires that it contains each of wants. The page gets more
// time if it does not, because a loaded machine may show it late.
func inBrowser(t *testing.T, url string, wants ...string) string {
	t.Helper()
	var dom string
	for _, budget := range []time.Duration{5 * time.Second, 20 * time.Second, time.Minute} {
		dom = dumped(t, url, budget)
		if !slices.ContainsFunc(wants, func(want string) bool { return !strings.Contains(dom, want) }) {
			break
		}
	}
	for _, want := range wants {
		require.Contains(t, dom, want)
	}
	return dom
}

// dumped returns the page after the given amount of the browser's virtual time.
func dumped(t *testing.T, url string, budget time.Duration) string {
	t.Helper()
	browser := os.Getenv("CKPT_BROWSER")
	if browser == "" {
		t.Skip("it starts a browser: set CKPT_BROWSER to the name of a Chromium, as `.ci/run browser` does")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var dom, messages bytes.Buffer
	c := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--window-size=1200,4000", fmt.Sprint("--virtual-time-budget=", budget.Milliseconds()),
		"--enable-logging=stderr", "--v=0", "--dump-dom", url)
	c.Stdout, c.Stderr = &dom, &messages
	require.NoError(t, c.Run(), messages.String())
	require.NotContains(t, messages.String(), "CONSOLE", "the page shows an error")
	return dom.String()
}

func TestInBrowser(t *testing.T) {
	s := serve(t, save(t, "m.safetensors", blocks(3)))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-ended)
	}()
	dom := inBrowser(t, s.URL(),
		"embed/weight",
		`<span class="hidden">mean </span>4.5</span>`, // a line is filled when it becomes visible
		"0 … 2") // an open group is filled
	require.NotContains(t, dom, "Histogram of h/0", "closed groups are not read")
}

func TestReportInBrowser(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(reportOf(t, save(t, "m.safetensors", blocks(3)))), 0o666))
	inBrowser(t, "file://"+file, "Histogram of h/0/attn/weight: 6 values from 0 to 5, mean 2.5")
}
