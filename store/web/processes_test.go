package web_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
	"github.com/gockpt/ckpt/store/web"
)

// TestMain runs the tests, or a process of TestCacheOfProcesses.
func TestMain(m *testing.M) {
	if base := os.Getenv("CKPT_TEST_FETCH"); base != "" {
		if err := fetchAll(base, os.Getenv("CKPT_CACHE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fetched is the file that processes fetch.
var fetched = numbers(400_000)

// fetchAll reads the file in steps and compares its contents.
func fetchAll(base, cache string) error {
	s, err := web.Open(base, web.Options{Cache: cache})
	if err != nil {
		return err
	}
	p := make([]byte, 10_000)
	for off := 0; off < len(fetched); off += len(p) {
		if _, err := s.Read(context.Background(), "a", "", p, int64(off)); err != nil {
			return err
		}
		if !bytes.Equal(p, fetched[off:off+len(p)]) {
			return fmt.Errorf("10000 bytes from %d differ", off)
		}
	}
	return nil
}

// Processes that fetch one file at once share a cache. Killing one of them half-way does not affect the
// others.
func TestCacheOfProcesses(t *testing.T) {
	f := &files{contents: map[string][]byte{"a": fetched}}
	f.spoil = func(_ int64, w http.ResponseWriter, _ *http.Request) http.ResponseWriter {
		time.Sleep(time.Millisecond) // so that they run at the same time
		return w
	}
	base, cache := serve(t, f), t.TempDir()
	start := func() (*exec.Cmd, *bytes.Buffer) {
		cmd, out := exec.Command(os.Args[0]), new(bytes.Buffer)
		cmd.Env = append(os.Environ(), "CKPT_TEST_FETCH="+base, "CKPT_CACHE="+cache)
		cmd.Stderr = out
		require.NoError(t, cmd.Start())
		return cmd, out
	}
	for range thorough.Pick(5, 1) { // killed at any point, while the others run
		a, _ := start()
		b, _ := start()
		until := f.requests.Load() + 2 + int64(rand.IntN(20))
		for end := time.Now().Add(time.Minute); f.requests.Load() < until && len(pieces(t, cache)) < 40; time.Sleep(time.Millisecond) {
			require.True(t, time.Now().Before(end), "no process fetches the file")
		}
		for _, cmd := range []*exec.Cmd{a, b} {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
	var group sync.WaitGroup
	for range thorough.Pick(4, 2) {
		cmd, out := start()
		group.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	f.sent.Store(0)
	require.NoError(t, fetchAll(base, cache))
	require.Zero(t, f.sent.Load(), "the whole file is kept")
}
