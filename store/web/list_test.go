package web_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/web"
	"github.com/gockpt/ckpt/tensor"
)

// A hub answers like Hugging Face's hub, for one repository with one revision.
type hub struct {
	files
	revision string // in the form of addresses
	token    string // the required token; "" if none is needed
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	deny := func(code int, word string) {
		w.Header().Set("X-Error-Code", word)
		w.WriteHeader(code)
	}
	if h.token != "" && r.Header.Get("Authorization") != "Bearer "+h.token {
		deny(http.StatusUnauthorized, "RepoNotFound")
		return
	}
	asked := r.URL.EscapedPath()
	if !strings.HasPrefix(asked, "/owner/name/") && !strings.HasPrefix(asked, "/api/models/owner/name/") {
		deny(http.StatusNotFound, "RepoNotFound")
		return
	}
	tree, isTree := strings.CutPrefix(asked+"/", "/api/models/owner/name/tree/"+h.revision+"/")
	file, isFile := strings.CutPrefix(asked, "/owner/name/resolve/"+h.revision+"/")
	switch {
	case isTree:
		h.requests.Add(1)
		h.list(w, r, tree)
	case isFile:
		r.URL.Path = "/" + file
		h.files.ServeHTTP(w, r)
	default:
		deny(http.StatusNotFound, "RevisionNotFound")
	}
}

// list answers with the entries of a directory, two per page.
func (h *hub) list(w http.ResponseWriter, r *http.Request, dir string) {
	entries := map[string]map[string]any{}
	for name, contents := range h.contents {
		rest, ok := strings.CutPrefix(name, dir)
		if sub, _, below := strings.Cut(rest, "/"); ok && below {
			entries[dir+sub] = map[string]any{"type": "directory", "path": dir + sub, "size": 0}
		} else if ok {
			entries[name] = map[string]any{"type": "file", "path": name, "size": len(contents), "oid": "0"}
		}
	}
	names, from := []string{}, 0
	for name := range entries {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	fmt.Sscan(r.URL.Query().Get("cursor"), &from)
	page := []any{}
	for _, name := range names[from:min(from+2, len(names))] {
		page = append(page, entries[name])
	}
	if from+2 < len(names) {
		w.Header().Set("Link", fmt.Sprintf(`<%s?cursor=%d>; rel="next"`, r.URL.EscapedPath(), from+2))
	}
	json.NewEncoder(w).Encode(page)
}

// startHub starts a hub and selects it in the environment. The hub's repository has the files of a save of
// sharded weights.
func startHub(t *testing.T, revision string) *hub {
	m := store.Memory()
	require.NoError(t, ckpt.SaveWeights(t.Context(), "model.safetensors", sharded(7), ckpt.In(m), ckpt.MaxShardSize(4000)))
	require.NoError(t, ckpt.SaveWeights(t.Context(), "onnx/other.safetensors", sharded(8), ckpt.In(m)))
	h := &hub{files: files{contents: map[string][]byte{"README.md": []byte("a model"), "config.json": []byte("{}")}, etag: `"1"`}, revision: revision}
	for _, dir := range []string{"", "onnx/"} {
		for o := range m.List(t.Context(), dir) {
			if !strings.HasSuffix(o.Name, "/") {
				h.contents[o.Name], _, _ = store.ReadAll(t.Context(), m, o.Name, 1<<30)
			}
		}
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
	return h
}

type shardedModel struct {
	Layers []tensor.Tensor[float32]
}

func sharded(value float32) *shardedModel {
	m := &shardedModel{Layers: make([]tensor.Tensor[float32], 5)}
	for i := range m.Layers {
		m.Layers[i] = *tensor.New[float32](30, 30)
		m.Layers[i].Data()[i] = value
	}
	return m
}

func listed(t *testing.T, s store.Store, prefix string) (names []string) {
	for o, err := range s.List(t.Context(), prefix) {
		require.NoError(t, err)
		names = append(names, o.Name)
	}
	return names
}

func TestRepository(t *testing.T) {
	for _, revision := range []string{"main", "refs%2Fpr%2F1"} {
		h := startHub(t, revision)
		s, err := web.HuggingFace("owner/name", strings.ReplaceAll(revision, "%2F", "/"), web.Options{})
		require.NoError(t, err)
		all := listed(t, s, "")
		require.Equal(t, []string{"README.md", "config.json"}, all[:2])
		require.Equal(t, []string{"model.safetensors.index.json", "onnx/"}, all[len(all)-2:])
		require.Equal(t, []string{"onnx/other.safetensors"}, listed(t, s, "onnx/"))
		require.Equal(t, []string{"onnx/"}, listed(t, s, "on"))
		require.Empty(t, listed(t, s, "absent/"))
		require.Empty(t, listed(t, s, "../"))

		for from, want := range map[string]float32{".": 7, "model.safetensors.index.json": 7, "onnx": 8} {
			h.requests.Store(0)
			got := shardedModel{Layers: make([]tensor.Tensor[float32], 5)}
			require.NoError(t, ckpt.LoadWeights(t.Context(), from, &got, ckpt.In(s)), from)
			require.Equal(t, want, got.Layers[3].Data()[3])
			require.LessOrEqual(t, h.requests.Load(), int64(60), from)
		}
	}
}

// If the hub denies access, the error says so. The repository never looks empty.
func TestRepositoryThatIsDenied(t *testing.T) {
	h := startHub(t, "main")
	h.token = "secret"
	for name, test := range map[string]struct {
		repository, revision, token string
		want                        string
		is                          error
	}{
		"no token":      {"owner/name", "main", "", "pass a token that may read it", fs.ErrPermission},
		"another token": {"owner/name", "main", "wrong-secret", "pass a token that may read it", fs.ErrPermission},
		"repository":    {"owner/nothing", "main", "secret", "the repository does not exist, or the token may not read it", nil},
		"revision":      {"owner/name", "v9", "secret", "the repository has no such revision", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HF_TOKEN", test.token)
			s, err := web.HuggingFace(test.repository, test.revision, web.Options{})
			require.NoError(t, err)
			for _, path := range []string{".", "model.safetensors"} {
				_, err = ckpt.Open(path, ckpt.In(s))
				require.ErrorContains(t, err, test.want, path)
				require.NotErrorIs(t, err, ckpt.ErrNotFound)
				require.NotContains(t, err.Error(), "secret")
				if test.is != nil {
					require.ErrorIs(t, err, test.is)
				}
			}
		})
	}
	t.Setenv("HF_TOKEN", "secret")
	s, err := web.HuggingFace("owner/name", "", web.Options{})
	require.NoError(t, err)
	r, err := ckpt.Open(".", ckpt.In(s))
	require.NoError(t, err)
	require.NoError(t, r.Close())
}

// A list that never ends is an error, however long its pages are.
func TestListsWithoutEnd(t *testing.T) {
	for name, path := range map[string]string{"many pages": "a", "large pages": strings.Repeat("a", 1<<20)} {
		t.Run(name, func(t *testing.T) {
			page, list := 0, fmt.Appendf(nil, `[{"type": "file", "path": %q, "size": 1}]`, path)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				page++
				w.Header().Set("Link", fmt.Sprintf(`<%s?cursor=%d>; rel="next"`, r.URL.EscapedPath(), page))
				w.Write(list)
			}))
			defer server.Close()
			t.Setenv("HF_ENDPOINT", server.URL)
			s, err := web.HuggingFace("owner/name", "main", web.Options{})
			require.NoError(t, err)
			for _, err = range s.List(t.Context(), "") {
			}
			require.ErrorContains(t, err, "the list")
			require.LessOrEqual(t, page, 1000)
		})
	}
}

// Servers format the page of a directory in different ways.
func TestPagesOfDirectories(t *testing.T) {
	pages := map[string]string{
		"nginx":  `<html><h1>Index of /m/</h1><pre><a href="../">../</a><a href="a%20b.index">a b.index</a> 27-Nov 9<a href="sub/">sub/</a></pre>`,
		"Apache": `<a href="?C=N;O=D">Name</a><a href="/">Parent Directory</a><A class="x" HREF='a%20b.index'>a b</A><a href="sub/">sub/</a>`,
		"IIS":    `<A HREF="/">[To Parent Directory]</A><A HREF="/m/a%20b.index">a b</A><A HREF="/m/sub/">sub</A>`,
		"Caddy":  `<a href="./a%20b.index">a b</a><a href="./sub/">sub</a><a href="https://example.com/m/x.index">x</a><a href="#top">top</a>`,
	}
	contents := map[string][]byte{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page := contents[r.URL.Path]; page != nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write(page)
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	for name, page := range pages {
		contents["/m/"] = []byte(page)
		for _, base := range []string{"/m", "/m/"} {
			require.Equal(t, []string{"a b.index", "sub/"}, listed(t, open(t, server.URL+base, web.Options{}), ""), name)
		}
		require.Equal(t, []string{"m/sub/"}, listed(t, open(t, server.URL, web.Options{}), "m/s"), name)
	}
	contents["/m/"] = []byte(`<a href="%zz"><a href="..%2f"><a href="x%2fy"><a href="a"><a href="a"><a href="//[::1"><a`)
	require.Equal(t, []string{"a"}, listed(t, open(t, server.URL+"/m", web.Options{}), ""), "links that lead nowhere")
}

// The latest checkpoint of a directory is found on a file server that redirects directories to their pages.
func TestDirectoryOnAServer(t *testing.T) {
	dir := t.TempDir()
	s := store.Dir(dir)
	m := sharded(0)
	c, err := ckpt.New(m, ckpt.In(s))
	require.NoError(t, err)
	for step := range 2 {
		m.Layers[0].Data()[0] = float32(step)
		_, err = c.Save(t.Context(), "run/ckpt")
		require.NoError(t, err)
	}
	require.NoError(t, ckpt.SaveWeights(t.Context(), "hf/model.safetensors", sharded(5), ckpt.In(s), ckpt.MaxShardSize(4000)))
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	for from, want := range map[string]float32{"run": 1, "run/ckpt-1": 0, "hf": 5} {
		for base, name := range map[string]string{server.URL: from, server.URL + "/" + path.Dir(from): path.Base(from)} {
			var got shardedModel
			require.NoError(t, ckpt.LoadWeights(t.Context(), name, &got, ckpt.In(open(t, base, web.Options{})), ckpt.Partial()), base)
			require.Equal(t, want, got.Layers[0].Data()[0])
		}
	}
	latest, err := ckpt.Latest("run", ckpt.In(open(t, server.URL, web.Options{})))
	require.NoError(t, err)
	require.Equal(t, "run/ckpt-2", latest)
	_, err = ckpt.Open("none", ckpt.In(open(t, server.URL, web.Options{})))
	require.ErrorIs(t, err, ckpt.ErrNotFound)
}
