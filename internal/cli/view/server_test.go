package view

import (
	"context"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/tensor"
)

// serve returns a server for the checkpoints at paths.
func serve(t *testing.T, paths ...string) *Server {
	t.Helper()
	s, err := Listen(t.Context(), open(t, paths...), "localhost:0")
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// get requests a path below a server's address.
func get(s *Server, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", s.URL()+path, nil)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// shown returns a server's response for a path.
func shown(t *testing.T, s *Server, path string) string {
	t.Helper()
	w := get(s, path)
	require.Equal(t, http.StatusOK, w.Code, "%s: %s", path, w.Body)
	return w.Body.String()
}

func TestWhoIsAnswered(t *testing.T) {
	s := serve(t, save(t, "m.safetensors", blocks(3)))
	address := s.listener.Addr().String()
	_, port, _ := strings.Cut(address, ":")
	for _, c := range []struct {
		name, method, host, path string
		status                   int
	}{
		{"the address", "GET", address, "/" + s.token + "/", 200},
		{"the name localhost", "GET", "localhost:" + port, "/" + s.token + "/", 200},
		{"only the head", "HEAD", address, "/" + s.token + "/style.css", 200},
		{"another site's name that resolves to this server", "GET", "evil.example:" + port, "/" + s.token + "/", 421},
		{"another port", "GET", "localhost:1", "/" + s.token + "/", 421},
		{"no host", "GET", "", "/" + s.token + "/", 421},
		{"no token", "GET", address, "/", 403},
		{"another token", "GET", address, "/" + strings.Repeat("A", len(s.token)) + "/", 403},
		{"the beginning of the token", "GET", address, "/" + s.token[:5] + "/", 403},
		{"no slash after it", "GET", address, "/" + s.token, 403},
		{"a method that changes things", "POST", address, "/" + s.token + "/", 405},
		{"a missing file", "GET", address, "/" + s.token + "/page.html", 404},
		{"a path out of the directory", "GET", address, "/" + s.token + "/../../go.mod", 307}, // to the path without the dots, and without the token
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "/", nil)
			r.Host, r.URL.Path = c.host, c.path
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
			require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
			if c.status != 200 {
				require.NotContains(t, w.Body.String(), s.token)
			}
		})
	}
}

func TestListenAtLoopbackOnly(t *testing.T) {
	set := open(t, save(t, "m.npz", blocks(1)))
	for _, address := range []string{"0.0.0.0:0", "example.com:80", "192.168.1.1:0", "[::]:0", "localhost", ""} {
		_, err := Listen(t.Context(), set, address)
		require.ErrorContains(t, err, fmt.Sprintf("address %q", address))
	}
	for _, address := range []string{":0", "127.0.0.1:0"} {
		s, err := Listen(t.Context(), set, address)
		require.NoError(t, err)
		require.Regexp(t, `^http://(127\.0\.0\.1|\[::1\]):\d+/[A-Z2-7]{26}/$`, s.URL())
		require.NoError(t, s.Close())
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, save(t, "m.npz", blocks(1)))
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx) }()
	answer, err := http.Get(s.URL())
	require.NoError(t, err)
	answer.Body.Close()
	require.Equal(t, 200, answer.StatusCode)
	cancel()
	require.NoError(t, <-ended)
}

// addresses matches the addresses that a page requests from its server.
var addresses = regexp.MustCompile(`(?:data-(?:src|lazy|more|get)|src)="((?:list|cells|detail|changes|norms|heat)[^"]*)"`)

// TestEveryAddress requests every address on the pages, including all pictures.
func TestEveryAddress(t *testing.T) {
	other := blocks(5)
	other["embed.weight"] = values(0, 5, 3)
	other["head.bias"] = values(9, 5)
	delete(other, "h.4.mlp.weight")
	big := map[string]tensor.Any{"conv": values(0, 2, 3, 4, 5)}
	for i := range 450 {
		big[fmt.Sprintf("list.w%d", i)] = values(0, 2)
	}
	run := t.TempDir()
	for i := range 3 {
		saveTo(t, filepath.Join(run, fmt.Sprintf("at-%d.npz", i)), blocks(4))
	}
	for name, paths := range map[string][]string{
		"one":        {save(t, "m.safetensors", blocks(4))},
		"long":       {save(t, "m.safetensors", big)},
		"two":        {save(t, "a.safetensors", blocks(4)), save(t, "b.safetensors", other)},
		"formats":    {save(t, "a.npz", blocks(4)), save(t, "b.safetensors", blocks(4))},
		"a run":      {run},
		"strings":    {"../../../testdata/golden/damaged-none/ckpt"},
		"damaged":    {"../../../testdata/golden/damaged-data-cut/ckpt"},
		"with names": {"../../../testdata/golden/saver-v2/model.ckpt-3"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, paths...)
			seen := make(map[string]bool)
			pictures, details := 0, 0
			for next := []string{""}; len(next) > 0; next = next[1:] {
				if seen[next[0]] {
					continue
				}
				seen[next[0]] = true
				w := get(s, next[0])
				require.Equal(t, 200, w.Code, "%s: %s", next[0], w.Body)
				if strings.HasPrefix(next[0], "heat") {
					_, err := png.Decode(w.Body)
					require.NoError(t, err)
					pictures++
					continue
				}
				if strings.HasPrefix(next[0], "detail") {
					details++
				}
				for _, found := range addresses.FindAllStringSubmatch(w.Body.String(), -1) {
					next = append(next, strings.ReplaceAll(found[1], "&amp;", "&"))
				}
			}
			require.Equal(t, len(s.set.paths), details, "a line for each tensor")
			if name == "long" {
				require.Equal(t, 1, pictures)
			}
		})
	}
}

func TestRequestsThatNoPageMakes(t *testing.T) {
	s := serve(t, save(t, "m.safetensors", map[string]tensor.Any{"a.b": values(0, 2, 3, 4), "a.c": values(0, 1), "text": values(0, 1)}))
	for _, path := range []string{
		"cells?row=-1", "cells?row=99", "cells?row=x", "cells?row=99999999999999999999", "detail?row=3",
		"list?lo=2&hi=1", "list?lo=0&hi=9", "list?lo=0&hi=3&depth=1", "list?lo=0&hi=2&depth=64", "list?lo=0&hi=3&depth=0&fold=7", "list?lo=0&hi=3&depth=-1",
		"heat.png?row=0&source=1", "heat.png?row=0&at=2", "heat.png?row=0&at=0,0", "heat.png?row=0&at=-1", "heat.png?row=0&at=x", "heat.png?row=1", "changes", "norms",
	} {
		w := get(s, path)
		require.Equal(t, http.StatusNotFound, w.Code, "%s: %s", path, w.Body)
	}
	require.NotContains(t, shown(t, s, "list?lo=0&hi=3&start=99999"), "details", "lines after the last one")
}

func TestFind(t *testing.T) {
	s := serve(t, save(t, "m.safetensors", blocks(12)))
	found := shown(t, s, "find?q="+url.QueryEscape("MLP 1"))
	require.Contains(t, found, "h/1/mlp/weight")
	require.Contains(t, found, "h/11/mlp/weight")
	require.Contains(t, found, "3 tensors found")
	require.NotContains(t, found, "attn")
	require.Contains(t, shown(t, s, "find?q=nothing"), "0 tensors found")
	require.Contains(t, shown(t, s, "find?q=h.11.mlp"), "1 tensor found", "in the file's spelling")
}

// Keras numbers layers and their variables. The page also has their names.
func TestKerasNames(t *testing.T) {
	s := serve(t, "../../../format/keras/testdata/model.keras")
	found := shown(t, s, "find?q=kernel")
	require.Contains(t, found, ".kernel")
	require.Contains(t, found, "vars/0 · ")
	require.NotContains(t, found, ".bias")
}
