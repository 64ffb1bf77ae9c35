package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/internal/thorough"
)

// Commands read files on a web server like local files.
func TestAddresses(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "golden", "saved-numbered")
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	run := func(args ...string) (stdout, stderr string, status int) {
		var out, err bytes.Buffer
		p := Program{Stdout: &out, Stderr: &err}
		status = p.Run(t.Context(), args)
		return out.String(), err.String(), status
	}
	local, remote := filepath.Join(dir, "train", "ckpt-1"), server.URL+"/train/ckpt-1"
	first, second := server.URL+"/train/ckpt-1", server.URL+"/train/ckpt-2"
	for _, args := range [][]string{{"list", "--json"}, {"graph", "--json"}, {"stat", "--json"}, {"list", "--sha256"}} {
		want, _, status := run(append(args, local)...)
		require.Zero(t, status, args)
		got, stderr, status := run(append(args, remote)...)
		require.Zero(t, status, "%v: %s", args, stderr)
		require.Equal(t, bytes.ReplaceAll([]byte(want), []byte(local), []byte("ckpt-1")), []byte(got), args)
	}
	for _, address := range []string{server.URL + "/train/", server.URL + "/train"} { // the state file names the latest
		got, stderr, status := run("list", address)
		require.Zero(t, status, stderr)
		require.Contains(t, got, "save_counter")
	}
	_, stderr, status := run("verify", remote)
	require.Zero(t, status, stderr)
	_, stderr, status = run("diff", first, second)
	require.Equal(t, 1, status, stderr)
	require.Empty(t, stderr)
	out := filepath.Join(t.TempDir(), "m.safetensors")
	_, stderr, status = run("convert", remote, out)
	require.Zero(t, status, stderr)
	_, err := os.Stat(out)
	require.NoError(t, err)

	for address, want := range map[string]string{
		server.URL + "/train/ckpt-9":                "ckpt-9",
		server.URL + "/":                            "Couldn't find 'checkpoint' file or checkpoints in given directory",
		"https://:0secret@/x":                       "the address is not a valid URL",
		"https://user:secret@example.com/m":         "the address must not hold credentials",
		"https://example.com:secret/m":              "the address is not a valid URL",
		"hf://owner":                                "expected hf://OWNER/NAME",
		"s3://bucket/run?key=secret":                "go install github.com/gockpt/ckpt/store/cmd/ckpt@latest",
		"gs://bucket/run":                           "go install github.com/gockpt/ckpt/store/cmd/ckpt@latest",
		server.URL + "/train/ckpt-9?token=secret":   "ckpt-9",
		"http://127.0.0.1:1/train/ckpt?sign=secret": "ckpt",
	} {
		if address == "http://127.0.0.1:1/train/ckpt?sign=secret" && !thorough.Asked() {
			continue // because requests are repeated five times, with pauses
		}
		_, stderr, status := run("list", address)
		require.Equal(t, 1, status, address)
		require.Contains(t, stderr, want)
		require.NotContains(t, stderr, "secret")
	}
}

// The address of a repository on Hugging Face's hub stands for its only weights, or for the list of their
// shards.
func TestRepositories(t *testing.T) {
	weights, err := os.ReadFile(filepath.Join("..", "..", "format", "safetensors", "testdata", "linear.safetensors"))
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/owner/name/resolve/main/linear.safetensors", "/owner/name/resolve/v1/linear.safetensors":
			w.Header().Set("ETag", `"1"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(weights))
		case "/api/models/owner/name/tree/main", "/api/models/owner/name/tree/v1":
			fmt.Fprintf(w, `[{"type":"file","path":"README.md","size":3},{"type":"file","path":"linear.safetensors","size":%d}]`, len(weights))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	t.Setenv("HF_ENDPOINT", server.URL)
	for _, address := range []string{"hf://owner/name", "hf://owner/name/", "hf://owner/name@v1", "hf://owner/name/linear.safetensors", "hf://owner/name@v1/linear.safetensors"} {
		var out, stderr bytes.Buffer
		p := Program{Stdout: &out, Stderr: &stderr}
		require.Zero(t, p.Run(t.Context(), []string{"list", address}), "%s: %s", address, &stderr)
		require.Contains(t, out.String(), "linear.safetensors", address)
	}
}
