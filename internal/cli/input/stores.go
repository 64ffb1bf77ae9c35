package input

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

// everywhere holds the stores that every build of the command supports. They are read-only.
var everywhere = Stores{"http": openWeb, "https": openWeb, "hf": openHuggingFace}

// elsewhere names the services of schemes that only withClients supports.
var elsewhere = map[string]string{"s3": "S3", "gs": "Google Cloud Storage"}

// withClients is the command with the clients of S3 and Google Cloud Storage, in a separate module.
const withClients = "github.com/gockpt/ckpt/store/cmd/ckpt"

// Locate returns the store of an address, and the name within it. For a path on this machine the store is nil.
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
		return nil, "", fmt.Errorf("%s://: this ckpt does not support %s: install one that does, with go install %s@latest", scheme, service, withClients)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" { // an error of package url would show the address, which may be signed
		return nil, "", fmt.Errorf("%s://: the address is not a valid URL: expected, for example, %s://host/model", scheme, scheme)
	}
	return open(ctx, u)
}

// webOptions caches fetched files in the directory CKPT_CACHE.
func webOptions() web.Options { return web.Options{Cache: os.Getenv("CKPT_CACHE")} }

// openWeb opens a file on a web server, a checkpoint by its prefix, or a directory by a path that ends in a slash. It sends the query of the
// address with each request, because signed addresses need it.
func openWeb(_ context.Context, u *url.URL) (store.Store, string, error) {
	if u.User != nil {
		return nil, "", fmt.Errorf("%s://%s: the address must not hold credentials: other users can see the command line", u.Scheme, u.Host)
	}
	dir, name := path.Split(u.Path)
	if name == "" {
		name = "."
	}
	base := url.URL{Scheme: u.Scheme, Host: u.Host, Path: dir, RawQuery: u.RawQuery}
	s, err := web.Open(base.String(), webOptions())
	return s, name, err
}

// openHuggingFace opens hf://OWNER/NAME, the only weights of a repository or the list of their shards, or hf://OWNER/NAME/PATH.
// @REVISION may follow NAME.
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
		return nil, "", fmt.Errorf("hf://%s/%s: the revision has an invalid %% escape", u.Host, repository)
	}
	s, err := web.HuggingFace(u.Host+"/"+repository, revision, webOptions())
	return s, name, err
}
