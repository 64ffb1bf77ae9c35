// Package web reads files from a web server or from Hugging Face's hub, as a store.Store.
//
// It fetches only the ranges that a caller asks for. A download that breaks off or stalls is resumed where it stopped. If a
// file's ETag or date changes while it is read, reading fails. Errors name the file. They do not hold tokens or the
// addresses of redirects, which may be signed.
package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gockpt/ckpt/store"
)

// Options configure how files are fetched. The zero value is usable.
type Options struct {
	// Client sends the requests. Nil means a client with http.DefaultTransport.
	Client *http.Client
	// Token is sent as a bearer token to the host of the address, with the address's scheme, and never to another host.
	Token string
	// Tries is how many requests in a row may fail or yield nothing before an error is returned; 0 means 5.
	Tries int
	// Stall is how long a server may be silent; 0 means 30 seconds.
	Stall time.Duration
	// Cache is a directory that keeps fetched files, for this process and for others, at the same time or later. "" means no
	// cache. The server is still asked which version of a file it has. If the directory cannot be written to, files are
	// fetched each time. Files are never removed from the cache: delete any of them at any time.
	Cache string
	// SHA256 maps names of files to their SHA-256 in hexadecimal. Hugging Face's hub supplies it for large files. A file is
	// compared with its sum if all of it is in the cache or is read in one call. If they differ, the error satisfies
	// errors.Is(err, [ErrSum]), and the file is removed from the cache.
	SHA256 map[string]string
}

// ErrSum reports a file that does not have the expected SHA-256.
var ErrSum = errors.New("the file does not have the expected contents")

// Open returns the files below an address, "https://example.com/models/": the object "a/b" is the file at base joined with
// a/b. Open does not send a request. The Store is read-only (store.ErrReadOnly). It lists a directory if the server has a page of
// links for it; otherwise pass the name of a file or the prefix of a checkpoint to ckpt.Open.
func Open(base string, o Options) (store.Store, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("web: the address must begin with http:// or https:// and name a host")
	}
	client := &http.Client{}
	if o.Client != nil {
		*client = *o.Client
	}
	client.CheckRedirect = checkRedirect(client.CheckRedirect)
	if o.Tries <= 0 {
		o.Tries = 5
	}
	if o.Stall <= 0 {
		o.Stall = 30 * time.Second
	}
	o.Client = client
	s := &site{base: u, o: o, pause: pause}
	if o.Cache != "" {
		s.cache = &cache{dir: o.Cache}
	}
	return s, nil
}

// HuggingFace returns the files of a repository of Hugging Face's hub, such as "openai-community/gpt2", at a revision: a branch, a tag or a
// commit; "" is main. The hub lists directories: "." is the repository. If o has no token, the token in the environment
// variable HF_TOKEN is sent. HF_ENDPOINT is the address of another hub.
func HuggingFace(repository, revision string, o Options) (store.Store, error) {
	endpoint := os.Getenv("HF_ENDPOINT")
	if endpoint == "" {
		endpoint = "https://huggingface.co"
	}
	if o.Token == "" {
		o.Token = os.Getenv("HF_TOKEN")
	}
	if revision == "" {
		revision = "main"
	}
	if !fs.ValidPath(repository) || strings.Count(repository, "/") > 1 || repository == "." {
		return nil, fmt.Errorf("web: %q is not the name of a repository, such as owner/name", repository)
	}
	s, err := Open(endpoint, o)
	if err != nil {
		return nil, err
	}
	w := s.(*site)
	w.tree = w.base.JoinPath("api", "models").JoinPath(strings.Split(repository, "/")...).JoinPath("tree").JoinPath(url.PathEscape(revision))
	w.base = w.base.JoinPath(strings.Split(repository, "/")...).JoinPath("resolve")
	w.base.RawPath = w.base.EscapedPath() + "/" + url.PathEscape(revision) // a branch may have a slash in its name
	w.base.Path += "/" + revision
	return w, nil
}

// checkRedirect removes the token from requests to other hosts, and from requests that change from HTTPS to HTTP.
func checkRedirect(next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		if first := via[0].URL; r.URL.Host != first.Host || r.URL.Scheme != first.Scheme {
			r.Header.Del("Authorization")
		}
		if next != nil {
			return next(r, via)
		}
		if len(via) >= 10 {
			return errors.New("10 redirects")
		}
		return nil
	}
}

// A site is the files below an address.
type site struct {
	base  *url.URL
	o     Options
	cache *cache   // nil: no cache
	tree  *url.URL // the address of the hub's lists; nil for other servers
	pause func(context.Context, time.Duration) error
	seen  sync.Map // objects, keyed by name and version
}

// address returns the address of a file.
func (s *site) address(name string) *url.URL { return below(s.base, name) }

// below returns the address of the file called name below u.
func below(u *url.URL, name string) *url.URL {
	parts := strings.Split(strings.TrimSuffix(name, "/"), "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return u.JoinPath(parts...)
}

func (s *site) fail(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Read implements store.Store.
func (s *site) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	if !fs.ValidPath(name) || name == "." || off < 0 {
		return store.Object{}, s.fail("read", name, fs.ErrInvalid)
	}
	get := s.get
	if s.cache != nil && len(p) > 0 {
		get = s.getKept
	}
	o, err := get(ctx, name, version, p, off)
	if err == nil && off == 0 && o.Size > 0 && int64(len(p)) >= o.Size {
		err = s.check(o, p[:o.Size])
	}
	if err != nil {
		return store.Object{}, s.fail("read", name, err)
	}
	return o, nil
}

// check compares the SHA-256 of a whole file, if it is known.
func (s *site) check(o store.Object, contents []byte) error {
	want := s.sum(o)
	if want == "" {
		return nil
	}
	h := sha256.New()
	h.Write(contents)
	return sameSum(h, want)
}

// sum returns the expected SHA-256 of a file, "" if it is unknown.
func (s *site) sum(o store.Object) string {
	if sum := s.o.SHA256[o.Name]; sum != "" {
		return sum
	}
	sum, _, _ := strings.Cut(o.Version, "|")
	sum, ok := strings.CutPrefix(sum, linked)
	if !ok || len(sum) != hex.EncodedLen(sha256.Size) {
		return "" // for a file stored in Git itself the tag is another hash
	}
	return sum
}

// get fetches a range.
func (s *site) get(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	d := download{s: s, name: name, version: version, p: p, off: off}
	return d.run(ctx)
}

// getKept reads a range and fetches only the bytes that are not cached.
func (s *site) getKept(ctx context.Context, name, version string, p []byte, off int64) (o store.Object, err error) {
	seen, ok := s.seen.Load(name + "\x00" + version)
	if ok {
		o = seen.(store.Object)
	} else {
		if o, err = s.get(ctx, name, version, nil, 0); err != nil {
			return o, err
		}
		s.seen.Store(name+"\x00"+o.Version, o)
	}
	k := s.cache.of(s.address(name), o.Version)
	p = p[:min(int64(len(p)), max(0, o.Size-off))]
	for _, m := range k.fill(p, off) {
		part := p[m.off-off:][:m.n]
		if _, err := s.get(ctx, name, o.Version, part, m.off); err != nil {
			return o, err
		}
		k.add(part, m.off)
	}
	if sum := s.sum(o); sum != "" {
		err = k.verify(o.Size, sum)
	}
	return o, err
}

// Put implements store.Store: it fails.
func (s *site) Put(_ context.Context, name string, _ io.Reader, _ int64) (store.Object, error) {
	return store.Object{}, s.fail("put", name, store.ErrReadOnly)
}

// PutIfAbsent implements store.Store: it fails.
func (s *site) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return s.Put(ctx, name, body, size)
}

// Replace implements store.Store: it fails.
func (s *site) Replace(ctx context.Context, name, _ string, body io.Reader, size int64) (store.Object, error) {
	return s.Put(ctx, name, body, size)
}

// Delete implements store.Store: it fails.
func (s *site) Delete(_ context.Context, name string) error {
	return s.fail("delete", name, store.ErrReadOnly)
}
