package web_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/web"
	"github.com/gockpt/ckpt/tensor"
)

// A files is a handler that serves files. Tests can make it misbehave.
type files struct {
	contents map[string][]byte
	etag     string
	requests atomic.Int64
	sent     atomic.Int64
	spoil    func(n int64, w http.ResponseWriter, r *http.Request) http.ResponseWriter // returns nil if it has answered itself
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := f.requests.Add(1)
	if f.spoil != nil {
		if w = f.spoil(n, w, r); w == nil {
			return
		}
	}
	b, ok := f.contents[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", f.etag)
	http.ServeContent(counting{w, &f.sent}, r, "", time.Unix(1e9, 0), bytes.NewReader(b))
}

type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return c.ResponseWriter.Write(p)
}

func serve(t *testing.T, f *files) string {
	f.etag = `"1"`
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return server.URL
}

func open(t *testing.T, base string, o web.Options) store.Store {
	s, err := web.Open(base, o)
	require.NoError(t, err)
	return s
}

func numbers(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 31 / 7)
	}
	return b
}

func TestRead(t *testing.T) {
	f := &files{contents: map[string][]byte{"a/b c": numbers(1000), "empty": {}}}
	s := open(t, serve(t, f), web.Options{})
	ctx := t.Context()
	o, err := s.Read(ctx, "a/b c", "", nil, 0)
	require.NoError(t, err)
	require.EqualValues(t, 1000, o.Size)
	for _, r := range []struct{ n, off, want int }{{10, 0, 10}, {10, 990, 10}, {20, 990, 10}, {5, 1000, 0}, {5, 5000, 0}, {2000, 0, 1000}} {
		p := make([]byte, r.n)
		got, err := s.Read(ctx, "a/b c", o.Version, p, int64(r.off))
		require.NoError(t, err)
		require.Equal(t, o, got)
		require.Equal(t, numbers(1000)[min(r.off, 1000):][:r.want], p[:r.want])
	}
	e, err := s.Read(ctx, "empty", "", make([]byte, 5), 0)
	require.NoError(t, err)
	require.Zero(t, e.Size)
	_, err = s.Read(ctx, "absent", "", nil, 0)
	require.ErrorIs(t, err, store.ErrNotExist)
	_, err = s.Read(ctx, "../a", "", nil, 0)
	require.ErrorIs(t, err, fs.ErrInvalid)

	f.etag = `"2"`
	_, err = s.Read(ctx, "a/b c", o.Version, make([]byte, 5), 0)
	require.ErrorIs(t, err, store.ErrChanged)
	_, err = s.Put(ctx, "x", strings.NewReader(""), 0)
	require.ErrorIs(t, err, store.ErrReadOnly)
	require.ErrorIs(t, s.Delete(ctx, "x"), store.ErrReadOnly)
	for _, base := range []string{"", "ftp://h", "example.com", "http://"} {
		_, err := web.Open(base, web.Options{})
		require.Error(t, err, base)
	}
}

// cutting breaks off the answer after some bytes.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		c.ResponseWriter.Write(p[:len(p)+c.left])
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return c.ResponseWriter.Write(p)
}

func TestServersThatFail(t *testing.T) {
	all := numbers(100_000)
	refuse := func(code int) func(int64, http.ResponseWriter, *http.Request) http.ResponseWriter {
		return func(n int64, w http.ResponseWriter, _ *http.Request) http.ResponseWriter {
			if n == 1 {
				w.WriteHeader(code)
				return nil
			}
			return w
		}
	}
	lie := func(code int, header, value string) func(int64, http.ResponseWriter, *http.Request) http.ResponseWriter {
		return func(_ int64, w http.ResponseWriter, _ *http.Request) http.ResponseWriter {
			w.Header().Set(header, value)
			w.WriteHeader(code)
			return nil
		}
	}
	for _, test := range []struct {
		name  string
		spoil func(n int64, w http.ResponseWriter, r *http.Request) http.ResponseWriter
		error string // "": the read succeeds
	}{
		{"broken off repeatedly", func(_ int64, w http.ResponseWriter, _ *http.Request) http.ResponseWriter { return &cutting{w, 30_000} }, ""},
		{"always broken off before the first byte", func(_ int64, w http.ResponseWriter, _ *http.Request) http.ResponseWriter { return &cutting{w, 0} }, "gave up after 3 tries"},
		{"busy once", refuse(503), ""},
		{"too many requests once", refuse(429), ""},
		{"forbidden", refuse(403), "pass a token that may read it"},
		{"stalls once", func(n int64, w http.ResponseWriter, r *http.Request) http.ResponseWriter {
			if n == 1 {
				<-r.Context().Done()
				return nil
			}
			return w
		}, ""},
		{"stalls always", func(_ int64, _ http.ResponseWriter, r *http.Request) http.ResponseWriter {
			<-r.Context().Done()
			return nil
		}, "the server sent nothing for"},
		{"ignores ranges of a small file", func(_ int64, w http.ResponseWriter, r *http.Request) http.ResponseWriter {
			r.Header.Del("Range")
			return w
		}, ""},
		{"another range", lie(206, "Content-Range", "bytes 0-9/10"), "expected one that begins at byte 10"},
		{"an impossible range", lie(206, "Content-Range", "bytes 10-9999999999999999999/5"), "expected one that begins at byte 10"},
		{"a negative length", lie(416, "Content-Range", "bytes */-5"), "the server rejects the range"},
		{"other status", lie(204, "X", "y"), "204"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &files{contents: map[string][]byte{"a": all}, spoil: test.spoil}
			s := open(t, serve(t, f), web.Options{Tries: 3, Stall: 200 * time.Millisecond})
			p := make([]byte, len(all)-10)
			_, err := s.Read(t.Context(), "a", "", p, 10)
			if test.error != "" {
				require.ErrorContains(t, err, test.error)
				require.ErrorContains(t, err, "read a: ")
				return
			}
			require.NoError(t, err)
			require.True(t, bytes.Equal(all[10:], p))
		})
	}
}

// If a file changes between two requests of one read, the read does not mix both versions.
func TestChangesWhileItIsResumed(t *testing.T) {
	f := &files{contents: map[string][]byte{"a": numbers(100_000)}}
	f.spoil = func(n int64, w http.ResponseWriter, _ *http.Request) http.ResponseWriter {
		if n == 1 {
			return &cutting{w, 30_000}
		}
		f.etag = `"2"`
		return w
	}
	s := open(t, serve(t, f), web.Options{})
	_, err := s.Read(t.Context(), "a", "", make([]byte, 100_000), 0)
	require.ErrorIs(t, err, store.ErrChanged)
}

func TestServerThatIgnoresRangesOfALargeFile(t *testing.T) {
	f := &files{contents: map[string][]byte{"a": numbers(4 << 20)}}
	f.spoil = func(_ int64, w http.ResponseWriter, r *http.Request) http.ResponseWriter {
		r.Header.Del("Range")
		return w
	}
	s := open(t, serve(t, f), web.Options{})
	_, err := s.Read(t.Context(), "a", "", make([]byte, 1000), 3<<20)
	require.ErrorContains(t, err, "ignores ranges")
}

func TestTokensAndRedirects(t *testing.T) {
	const token = "hf_secret"
	var elsewhere, here atomic.Value
	cdn := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere.Store(r.Header.Get("Authorization"))
		w.Header().Set("ETag", `"1"`)
		if r.URL.Query().Get("signature") != "signed" {
			w.WriteHeader(403)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(numbers(1000)))
	}))
	defer cdn.Close()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here.Store(r.Header.Get("Authorization"))
		signature := "signed"
		if strings.HasSuffix(r.URL.Path, "broken") {
			signature = "secret_signature"
		}
		switch r.URL.EscapedPath() {
		case "/owner/name/resolve/refs%2Fpr%2F1/model.safetensors", "/owner/name/resolve/refs%2Fpr%2F1/broken":
			http.Redirect(w, r, cdn.URL+"/blob?signature="+signature, http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer hub.Close()
	t.Setenv("HF_ENDPOINT", hub.URL)
	t.Setenv("HF_TOKEN", token)
	s, err := web.HuggingFace("owner/name", "refs/pr/1", web.Options{})
	require.NoError(t, err)
	p := make([]byte, 10)
	_, err = s.Read(t.Context(), "model.safetensors", "", p, 5)
	require.NoError(t, err)
	require.Equal(t, numbers(1000)[5:15], p)
	require.Equal(t, "Bearer "+token, here.Load())
	require.Equal(t, "", elsewhere.Load(), "the token is not sent to another host")

	_, err = s.Read(t.Context(), "broken", "", p, 5)
	require.ErrorIs(t, err, fs.ErrPermission)
	cdn.Close()
	s, err = web.HuggingFace("owner/name", "refs/pr/1", web.Options{Tries: 1})
	require.NoError(t, err)
	_, gone := s.Read(t.Context(), "model.safetensors", "", p, 5)
	require.Error(t, gone)
	for _, err := range []error{err, gone} {
		require.NotContains(t, fmt.Sprintf("%v %+v", err, err), token)
		require.NotContains(t, fmt.Sprint(err), "signature")
	}
	for _, name := range []string{"", "a/b/c", "../a", "."} {
		_, err := web.HuggingFace(name, "", web.Options{})
		require.Error(t, err)
	}
}

type model struct {
	Large  tensor.Tensor[float32]
	Unused tensor.Tensor[float32] `ckpt:",optional"`
	Small  tensor.Tensor[float32]
}

// Reading from a checkpoint on a server transfers only the requested values.
func TestLoadWeights(t *testing.T) {
	ctx, m := t.Context(), store.Memory()
	saved := model{*tensor.New[float32](1000, 100), *tensor.New[float32](1000, 1000), *tensor.New[float32](7)}
	saved.Large.Data()[12345], saved.Small.Data()[3] = 5, 6
	f := &files{contents: map[string][]byte{}}
	base := serve(t, f)
	for _, path := range []string{"w", "m.safetensors"} {
		require.NoError(t, ckpt.SaveWeights(ctx, path, &saved, ckpt.In(m)))
	}
	for o := range m.List(ctx, "") {
		f.contents[o.Name], _, _ = store.ReadAll(ctx, m, o.Name, 1<<30)
	}
	for _, path := range []string{"w", "m.safetensors"} {
		f.requests.Store(0)
		f.sent.Store(0)
		var got struct{ Large, Small tensor.Tensor[float32] }
		require.NoError(t, ckpt.LoadWeights(ctx, path, &got, ckpt.In(open(t, base, web.Options{})), ckpt.IgnoreUnknown()), path)
		require.EqualValues(t, 5, got.Large.Data()[12345])
		require.EqualValues(t, 6, got.Small.Data()[3])
		require.Less(t, f.sent.Load(), int64(440_000+20_000), path)
		require.LessOrEqual(t, f.requests.Load(), int64(20), path)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	var got model
	require.ErrorIs(t, ckpt.LoadWeights(ended, "w", &got, ckpt.In(open(t, base, web.Options{}))), context.Canceled)
}
