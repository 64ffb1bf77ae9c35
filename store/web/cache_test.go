package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt/store/web"
)

// pieces returns the files of a cache.
func pieces(t *testing.T, dir string) []string {
	names, err := filepath.Glob(filepath.Join(dir, "*", "*-*-*"))
	require.NoError(t, err)
	return names
}

func TestCache(t *testing.T) {
	all := numbers(100_000)
	f := &files{contents: map[string][]byte{"a": all}}
	base, dir := serve(t, f), t.TempDir()
	read := func(off, n int) []byte { // acts as another process
		t.Helper()
		s := open(t, base, web.Options{Cache: dir})
		o, err := s.Read(t.Context(), "a", "", nil, 0)
		require.NoError(t, err)
		p := make([]byte, n)
		got, err := s.Read(t.Context(), "a", o.Version, p, int64(off))
		require.NoError(t, err)
		require.Equal(t, o, got)
		return p[:min(n, max(0, len(all)-off))]
	}
	for _, test := range []struct{ off, n, moved int }{
		{1000, 500, 500}, {1000, 500, 0}, {1100, 100, 0}, {900, 200, 100}, {1400, 200, 100}, {0, 2000, 900 + 400}, {99_990, 100, 10}, {200_000, 10, 0}, {0, 2000, 0},
	} {
		f.sent.Store(0)
		require.Equal(t, all[min(test.off, len(all)):min(test.off+test.n, len(all))], read(test.off, test.n))
		require.EqualValues(t, test.moved, f.sent.Load(), test)
	}
	for name, spoil := range map[string]func(name string) error{
		"cut":       func(name string) error { return os.Truncate(name, 3) },
		"empty":     func(name string) error { return os.Truncate(name, 0) },
		"other":     func(name string) error { return os.WriteFile(name, bytes.Repeat([]byte{9}, 500), 0o666) },
		"gone":      os.Remove,
		"directory": func(name string) error { return os.Rename(name, filepath.Dir(name)+".moved") },
	} {
		for _, p := range pieces(t, dir) {
			require.NoError(t, spoil(p), name)
		}
		require.Equal(t, all[:2000], read(0, 2000), name)
		f.sent.Store(0)
		require.Equal(t, all[:2000], read(0, 2000), name)
		require.Zero(t, f.sent.Load(), name)
	}
	f.etag, f.contents["a"] = `"2"`, numbers(200_000)[100_000:]
	require.Equal(t, f.contents["a"][:2000], read(0, 2000), "another version")

	s := open(t, base, web.Options{Cache: filepath.Join(pieces(t, dir)[0], "below a file")})
	p := make([]byte, 100)
	_, err := s.Read(t.Context(), "a", "", p, 0)
	require.NoError(t, err, "a directory that cannot be created")
	require.Equal(t, f.contents["a"][:100], p)
}

func TestCacheOfManyProcesses(t *testing.T) {
	all := numbers(300_000)
	f := &files{contents: map[string][]byte{"a": all}}
	base, dir := serve(t, f), t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s := open(t, base, web.Options{Cache: dir})
			random := rand.New(rand.NewPCG(2, uint64(i)))
			for range 60 {
				p := make([]byte, random.IntN(20_000))
				off := random.IntN(len(all) + 10)
				if _, err := s.Read(t.Context(), "a", "", p, int64(off)); err != nil {
					t.Error(err)
				}
				want := all[min(off, len(all)):min(off+len(p), len(all))]
				if !bytes.Equal(p[:len(want)], want) {
					t.Errorf("%d bytes from %d differ", len(p), off)
				}
			}
		})
	}
	wg.Wait()
}

// A file is compared with its SHA-256, whatever the source of the hash is and however the file is read.
func TestSHA256(t *testing.T) {
	all := numbers(100_000)
	sum := sha256.Sum256(all)
	right := hex.EncodeToString(sum[:])
	wrong := strings.Repeat("0", 64)
	file := &files{contents: map[string][]byte{"blob": all}}
	blobs := serve(t, file)
	for name, test := range map[string]struct {
		says, known string
		fails       bool
	}{
		"from the hub":                 {right, "", false},
		"another hash from the hub":    {wrong, "", true},
		"known":                        {"", strings.ToUpper(right), false},
		"another hash from the caller": {"", wrong, true},
		"the caller's hash takes precedence over the hub's": {wrong, right, false},
		"Git's hash": {strings.Repeat("0", 40), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if test.says != "" {
					w.Header().Set("X-Linked-Etag", `"`+test.says+`"`)
				}
				http.Redirect(w, r, blobs+"/blob", http.StatusFound)
			}))
			defer hub.Close()
			dir := t.TempDir()
			o := web.Options{}
			if test.known != "" {
				o.SHA256 = map[string]string{"a": test.known}
			}
			_, err := open(t, hub.URL, o).Read(t.Context(), "a", "", make([]byte, len(all)), 0)
			o.Cache = dir
			_, first := open(t, hub.URL, o).Read(t.Context(), "a", "", make([]byte, 60_000), 0)
			require.NoError(t, first, "half of the file cannot be compared")
			_, second := open(t, hub.URL, o).Read(t.Context(), "a", "", make([]byte, 60_000), 50_000)
			_, fromThere := open(t, hub.URL, o).Read(t.Context(), "a", "", make([]byte, 10), 0)
			require.NoError(t, fromThere)
			for _, err := range []error{err, second} {
				if !test.fails {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, web.ErrSum)
				require.ErrorContains(t, err, "read a: ")
			}
			if test.fails {
				file.sent.Store(0)
				_, err := open(t, hub.URL, o).Read(t.Context(), "a", "", make([]byte, 1000), 0)
				require.NoError(t, err)
				require.NotZero(t, file.sent.Load(), "the file is not kept")
			}
		})
	}
}

// An address may be signed only for GET, and some servers do not support HEAD.
func TestServersWithoutHead(t *testing.T) {
	for _, code := range []int{http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented} {
		f := &files{contents: map[string][]byte{"a": numbers(5000), "empty": {}}}
		f.spoil = func(_ int64, w http.ResponseWriter, r *http.Request) http.ResponseWriter {
			if r.Method == http.MethodHead || r.URL.Query().Get("sign") != "x/y" {
				w.WriteHeader(code)
				return nil
			}
			return w
		}
		s := open(t, serve(t, f)+"?sign=x%2Fy", web.Options{})
		for name, size := range map[string]int64{"a": 5000, "empty": 0} {
			o, err := s.Read(t.Context(), name, "", nil, 0)
			require.NoError(t, err)
			require.Equal(t, size, o.Size)
			p := make([]byte, size)
			_, err = s.Read(t.Context(), name, o.Version, p, 0)
			require.NoError(t, err)
			require.Equal(t, f.contents[name], p)
		}
	}
}
