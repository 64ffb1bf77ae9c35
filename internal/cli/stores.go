package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/web"
)

// everywhere are the stores that every build of the command has. They can only be read.
var everywhere = Stores{"http": openWeb, "https": openWeb, "hf": openHuggingFace}

// elsewhere names the services behind the schemes that need clients from [WithClients].
var elsewhere = map[string]string{"s3": "S3", "gs": "Google Cloud Storage"}

// WithClients is the command with the clients of S3 and Google Cloud Storage, which is in a module by itself.
const WithClients = "github.com/gockpt/ckpt/store/cmd/ckpt"

// locate returns the store of an address, and the name within it. For a path on this machine the store is nil.
func (s Stores) locate(ctx context.Context, address string) (store.Store, string, error) {
	scheme, _, ok := strings.Cut(address, "://")
	open := s[scheme]
	if open == nil {
		open = everywhere[scheme]
	}
	switch service := elsewhere[scheme]; {
	case !ok || open == nil && service == "":
		return nil, address, nil
	case open == nil:
		return nil, "", fmt.Errorf("%s://: this ckpt does not support %s: install one that does, with go install %s@latest", scheme, service, WithClients)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" { // an error of package url shows the address, which may be signed
		return nil, "", fmt.Errorf("%s://: an address that is not a URL: expected such as %s://host/model", scheme, scheme)
	}
	return open(ctx, u)
}

// webOptions keeps what is fetched where CKPT_CACHE says.
func webOptions() web.Options { return web.Options{Cache: os.Getenv("CKPT_CACHE")} }

// openWeb opens a file on a web server, a checkpoint by its prefix, or a directory, which has a slash at its end. What follows a question
// mark goes along with each request, as addresses that were signed want it.
func openWeb(_ context.Context, u *url.URL) (store.Store, string, error) {
	if u.User != nil {
		return nil, "", fmt.Errorf("%s://%s: an address with credentials: they would be shown to everybody who sees the command line", u.Scheme, u.Host)
	}
	dir, name := path.Split(u.Path)
	if name == "" {
		name = "."
	}
	base := url.URL{Scheme: u.Scheme, Host: u.Host, Path: dir, RawQuery: u.RawQuery}
	s, err := web.Open(base.String(), webOptions())
	return s, name, err
}

// openHuggingFace opens hf://OWNER/NAME, which is the repository's only weights or the list of their shards, or hf://OWNER/NAME/PATH.
// After NAME there may be @REVISION.
func openHuggingFace(_ context.Context, u *url.URL) (store.Store, string, error) {
	repository, name, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	repository, revision, _ := strings.Cut(repository, "@")
	if u.User != nil || repository == "" {
		return nil, "", errors.New("hf://: expected hf://OWNER/NAME, hf://OWNER/NAME/PATH, or hf://OWNER/NAME@REVISION/PATH; a token comes from HF_TOKEN")
	}
	if name == "" {
		name = "."
	}
	revision, err := url.PathUnescape(revision)
	if err != nil {
		return nil, "", fmt.Errorf("hf://%s/%s: the revision cannot be unescaped", u.Host, repository)
	}
	s, err := web.HuggingFace(u.Host+"/"+repository, revision, webOptions())
	return s, name, err
}
