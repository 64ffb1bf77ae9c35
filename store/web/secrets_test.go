package web_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store/web"
)

// Whatever fails, errors and log lines do not show a token, or a signature in an address or in a redirect.
func TestErrorsHoldNoSecrets(t *testing.T) {
	var log bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	refused := httptest.NewServer(nil)
	refused.Close()
	answers := map[string]http.HandlerFunc{
		"is cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("ETag", `"1"`)
			w.Write([]byte("x"))
			panic(http.ErrAbortHandler)
		},
		"redirects to nowhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, refused.URL+"/x?signature=secret", http.StatusFound)
		},
		"redirects in a loop": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/x?signature=secret", http.StatusFound)
		},
		"redirects to an invalid address": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://u:secret@[::1/secret")
			w.WriteHeader(http.StatusFound)
		},
		"has another range": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 7-8/9")
			w.WriteHeader(http.StatusPartialContent)
		},
		"never ends": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	}
	for _, code := range []int{204, 400, 401, 403, 404, 405, 409, 410, 412, 416, 429, 500, 501, 503} {
		answers[fmt.Sprint("is ", code)] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	check := func(t *testing.T, base string) {
		s, err := web.Open(base+"/models?X-Amz-Signature=secret&token=secret", web.Options{Token: "secret", Tries: 1, Stall: 10 * time.Millisecond, Cache: t.TempDir()})
		require.NoError(t, err)
		for _, name := range []string{"a", "a b%41", "secretless/c"} {
			for _, n := range []int{0, 10} {
				_, err := s.Read(t.Context(), name, "", make([]byte, n), 3)
				require.Error(t, err)
				require.NotContains(t, strings.ReplaceAll(fmt.Sprintf("%v %+v", err, err), "secretless", ""), "secret")
			}
		}
		_, err = ckpt.Latest("run", ckpt.In(s)) // it logs problems
		if err != nil {
			require.NotContains(t, err.Error(), "secret")
		}
		_, err = ckpt.Open("m.safetensors", ckpt.In(s))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")
		_, err = s.Put(t.Context(), "a", strings.NewReader("x"), 1)
		require.NotContains(t, err.Error(), "secret")
	}
	for name, answer := range answers {
		t.Run("the answer "+name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			defer server.Close()
			check(t, server.URL)
		})
	}
	t.Run("no answer", func(t *testing.T) { check(t, refused.URL) })
	for _, base := range []string{"https://u:secret@[::1", "ftp://u:secret@h/x?secret", "https://h:secret/", "https://\x00secret"} {
		_, err := web.Open(base, web.Options{})
		require.Error(t, err, base)
		require.NotContains(t, err.Error(), "secret")
	}
	require.NotContains(t, strings.ReplaceAll(log.String(), "secretless", ""), "secret")
}
