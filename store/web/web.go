// Package web is a store.Store of files on a web server, to read from: over HTTP, and with the layout of Hugging Face's hub.
//
// Only the ranges that are asked for are fetched. A download that breaks off or stalls is resumed where it stopped. A file that
// changes while it is read is refused, by its ETag or its date. Errors name the file and hold neither tokens nor the addresses of redirects, which
// may be signed.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gockpt/ckpt/store"
)

// Options say how files are fetched. The zero value is usable.
type Options struct {
	// Client sends the requests; nil: a client with http.DefaultTransport.
	Client *http.Client
	// Token is sent as a bearer token to the host of the address, over what scheme it has, and to no other host.
	Token string
	// Tries is how many requests in a row may fail, or give no byte, before an error; 0 is 5.
	Tries int
	// Stall is how long a server may send nothing; 0 is 30 seconds.
	Stall time.Duration
}

// Open returns the files below an address, "https://example.com/models/": the object "a/b" is the file at base joined with a/b. It sends
// no request. The Store cannot be written to ([store.ErrReadOnly]), and lists nothing: give the verbs the name of a file, or the prefix of a
// checkpoint.
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
	return &site{base: u, o: o}, nil
}

// HuggingFace returns the files of a repository of Hugging Face's hub, such as "openai-community/gpt2", at a revision: a branch, a tag or a
// commit; "" is main. Without a token in o that of the environment's HF_TOKEN is sent. HF_ENDPOINT is the address of another hub.
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
	w.base = w.base.JoinPath(strings.Split(repository, "/")...).JoinPath("resolve")
	w.base.RawPath = w.base.EscapedPath() + "/" + url.PathEscape(revision) // a branch may have a slash in its name
	w.base.Path += "/" + revision
	return w, nil
}

// checkRedirect takes the token from requests to other hosts, and off to plain HTTP.
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
	base *url.URL
	o    Options
}

func (s *site) fail(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Read implements store.Store.
func (s *site) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	if !fs.ValidPath(name) || name == "." || off < 0 {
		return store.Object{}, s.fail("read", name, fs.ErrInvalid)
	}
	d := download{s: s, name: name, version: version, p: p, off: off}
	o, err := d.run(ctx)
	if err != nil {
		return store.Object{}, s.fail("read", name, err)
	}
	return o, nil
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

// List implements store.Store: a web server has no listings.
func (s *site) List(context.Context, string) iter.Seq2[store.Object, error] {
	return func(func(store.Object, error) bool) {}
}

// Delete implements store.Store: it fails.
func (s *site) Delete(_ context.Context, name string) error {
	return s.fail("delete", name, store.ErrReadOnly)
}
