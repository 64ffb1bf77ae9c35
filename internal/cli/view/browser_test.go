package view

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inBrowser returns what a page is after its script has run, as headless Chromium has it.
func inBrowser(t *testing.T, url string) string {
	t.Helper()
	browser := os.Getenv("CKPT_BROWSER")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if browser == "" {
			browser, _ = exec.LookPath(name)
		}
	}
	if browser == "" {
		t.Skip("there is no Chromium to show the page in: install it, or name it with CKPT_BROWSER")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var dom, messages bytes.Buffer
	c := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--window-size=1200,4000", "--virtual-time-budget=5000",
		"--enable-logging=stderr", "--v=0", "--dump-dom", url)
	c.Stdout, c.Stderr = &dom, &messages
	require.NoError(t, c.Run(), messages.String())
	require.NotContains(t, messages.String(), "CONSOLE", "the page complains")
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
	dom := inBrowser(t, s.URL())
	require.Contains(t, dom, "embed/weight")
	require.Contains(t, dom, `<span class="hidden">mean </span>4.5</span>`, "a line is filled when it is seen")
	require.Contains(t, dom, "0 … 2", "a group that is open is filled")
	require.NotContains(t, dom, "Histogram of h/0", "what nobody has opened is not read")
}

func TestReportInBrowser(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(reportOf(t, save(t, "m.safetensors", blocks(3)))), 0o666))
	dom := inBrowser(t, "file://"+file)
	require.Contains(t, dom, "Histogram of h/0/attn/weight: 6 values from 0 to 5, mean 2.5")
}
