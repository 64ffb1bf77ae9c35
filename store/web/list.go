package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"iter"
	"mime"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/gockpt/ckpt/store"
)

// Limits of a list: bytes and pages. The hub lists up to a thousand files on a page.
const (
	longestList = 64 << 20
	mostPages   = 1000
)

// List implements store.Store. It asks Hugging Face's hub for the files of the repository. From other servers it fetches the page of the
// directory and yields the files and directories in it that the page links to: most servers can be configured to generate such pages. The
// size of a file is -1 if the server does not give it. Without such a page List yields nothing.
func (s *site) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		all, err := s.list(ctx, prefix)
		if err != nil {
			yield(store.Object{}, s.fail("list", prefix, err))
			return
		}
		for _, o := range all {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (s *site) list(ctx context.Context, prefix string) (all []store.Object, err error) {
	dir, _ := path.Split(prefix)
	if dir != "" && !fs.ValidPath(strings.TrimSuffix(dir, "/")) {
		return nil, nil // no object has a name that begins with it
	}
	if s.tree != nil {
		all, err = s.hubs(ctx, dir)
	} else {
		all, err = s.linked(ctx, dir)
	}
	all = slices.DeleteFunc(all, func(o store.Object) bool { return !strings.HasPrefix(o.Name, prefix) })
	slices.SortFunc(all, func(a, b store.Object) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b store.Object) bool { return a.Name == b.Name }), err
}

// hubs lists a directory of the hub's repository, page by page.
func (s *site) hubs(ctx context.Context, dir string) (all []store.Object, err error) {
	left := longestList
	for at, pages := below(s.tree, dir), 1; at != nil; pages++ {
		if pages > mostPages {
			return nil, fmt.Errorf("the list does not end after %d pages", mostPages)
		}
		var page []struct {
			Type string
			Path string
			Size int64
		}
		var next *url.URL
		err := s.fetch(ctx, at, left, func(answer *http.Response, body []byte) error {
			left -= len(body)
			next = nextPage(answer)
			return json.Unmarshal(body, &page)
		})
		if errors.Is(err, store.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			o := store.Object{Name: e.Path, Size: e.Size}
			if e.Type == "directory" {
				o = store.Object{Name: e.Path + "/"}
			}
			if fs.ValidPath(e.Path) && path.Dir(e.Path) == path.Clean(dir) {
				all = append(all, o)
			}
		}
		if len(page) == 0 {
			return all, nil
		}
		at = next
	}
	return all, nil
}

// nextPage returns the address of the link with rel="next" in an answer's header; nil if there is no such link to the same server.
func nextPage(answer *http.Response) *url.URL {
	for _, link := range strings.Split(answer.Header.Get("Link"), ",") {
		to, rel, _ := strings.Cut(link, ";")
		to = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(to), "<"), ">")
		if !strings.Contains(rel, `rel="next"`) {
			continue
		}
		if u, err := answer.Request.URL.Parse(to); err == nil && u.Host == answer.Request.URL.Host && u.Scheme == answer.Request.URL.Scheme {
			return u
		}
	}
	return nil
}

// linkIn matches a link of a page and its address.
var linkIn = regexp.MustCompile(`(?i)<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')`)

// linked lists a directory by the links on its page.
func (s *site) linked(ctx context.Context, dir string) (all []store.Object, err error) {
	err = s.fetch(ctx, below(s.base, dir).JoinPath("/"), longestList, func(answer *http.Response, body []byte) error {
		if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "text/html" {
			return nil
		}
		page := answer.Request.URL
		for _, m := range linkIn.FindAllSubmatch(body, -1) {
			to, err := page.Parse(html.UnescapeString(string(m[1]) + string(m[2])))
			if err != nil || to.Host != page.Host || to.RawQuery != "" && to.RawQuery != s.base.RawQuery {
				continue
			}
			name, inside := strings.CutPrefix(to.Path, page.Path)
			bare := strings.TrimSuffix(name, "/")
			if !inside || !strings.HasSuffix(page.Path, "/") || bare == "." || !fs.ValidPath(bare) || strings.Contains(bare, "/") {
				continue
			}
			o := store.Object{Name: dir + name, Size: -1}
			if bare != name {
				o.Size = 0
			}
			all = append(all, o)
		}
		return nil
	})
	var refused refusal
	if errors.As(err, &refused) { // the server has no pages for directories
		return nil, nil
	}
	return all, err
}

// fetch passes a whole answer to use. The answer may have at most limit bytes.
func (s *site) fetch(ctx context.Context, u *url.URL, limit int, use func(answer *http.Response, body []byte) error) error {
	return s.repeat(ctx, func(ctx context.Context) (bool, error) {
		ctx, alive, done := s.watch(ctx)
		defer done()
		answer, err := s.send(ctx, http.MethodGet, u, http.Header{})
		if err != nil {
			return false, err
		}
		defer answer.Body.Close()
		if err := status(answer); err != nil {
			return false, err
		}
		alive()
		body, err := io.ReadAll(io.LimitReader(answer.Body, int64(limit)+1))
		switch {
		case err != nil:
			return false, errAgain{error: cause(ctx, err)}
		case len(body) > limit:
			return false, fmt.Errorf("the list is longer than %d bytes", longestList)
		}
		return false, use(answer, body)
	})
}
