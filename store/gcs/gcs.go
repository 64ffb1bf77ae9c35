package gcs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"github.com/gockpt/ckpt/store"
)

// bucket is a Store of a bucket's objects with names that begin with prefix.
type bucket struct {
	handle *storage.BucketHandle
	name   string
	prefix string        // "" or ending in a slash
	chunk  int           // of an upload, in bytes; less in tests
	prober *store.Prober // nil: the server is assumed to support conditional writes
}

// New returns a Store of a bucket's objects below prefix, or of all objects if prefix is "".
func New(client *storage.Client, bucketName, prefix string) store.Store {
	b := &bucket{handle: client.Bucket(bucketName), name: bucketName, chunk: 16 << 20}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		b.prefix = prefix + "/"
	}
	return b
}

// Open returns the Store at an address: gs://BUCKET/PREFIX. It uses the application's default credentials, or none if
// STORAGE_EMULATOR_HOST names a server. opts are passed to the client. It is an error if the address is malformed, if the
// bucket does not exist, or if the credentials do not allow access to it. Before the first write to an emulator,
// or if opts may lead to one, the Store checks that the server supports conditional writes (store.Probe). Reading does not need permission to write.
func Open(ctx context.Context, address string, opts ...option.ClientOption) (store.Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("gcs: the address is not a valid URL") // url.Parse's error would show the address and secrets in it
	}
	if u.Scheme != "gs" || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("gcs: %s://%s%s: expected gs://BUCKET/PREFIX and nothing else", u.Scheme, u.Host, u.Path)
	}
	client, err := storage.NewClient(ctx, append([]option.ClientOption{storage.WithJSONReads()}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("gcs: bucket %s: %w", u.Host, err)
	}
	s := New(client, u.Host, u.Path).(*bucket)
	if len(opts) > 0 || os.Getenv("STORAGE_EMULATOR_HOST") != "" { // the server may not be Google's
		s.prober = new(store.Prober)
	}
	// Listing needs the same permissions as reading and writing, and fails if the bucket does not exist.
	for _, err := range s.List(ctx, "") {
		if err != nil {
			client.Close()
			return nil, err
		}
		break
	}
	return s, nil
}

// object returns the handle of an object. The client repeats uploads and deletions after transient errors. Nonces show
// whether an earlier request of the same upload succeeded.
func (b *bucket) object(name string) *storage.ObjectHandle {
	return b.handle.Object(b.prefix + name).Retryer(storage.WithPolicy(storage.RetryAlways))
}

// fail adds the operation, the object and the bucket to err.
func (b *bucket) fail(op, name string, err error) error {
	return fmt.Errorf("gcs: %s %s in bucket %s: %w", op, b.prefix+name, b.name, plain(err))
}

// plain returns err without the address of the request.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// check returns an error if name is not a valid name of an object.
func check(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return fs.ErrInvalid
	}
	return nil
}

// status returns the status of the server's answer, 0 if it did not answer.
func status(err error) int {
	var e *googleapi.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if errors.Is(err, storage.ErrObjectNotExist) {
		return http.StatusNotFound
	}
	return 0
}

// describe converts the attributes of an object to an Object.
func (b *bucket) describe(a *storage.ObjectAttrs) store.Object {
	return store.Object{Name: strings.TrimPrefix(a.Name, b.prefix), Size: a.Size, Version: strconv.FormatInt(a.Generation, 10), Modified: cmp.Or(a.Updated, a.Created)}
}

// generation parses the Version that describe makes. No object has any other version.
func generation(version string) (int64, error) {
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil || n <= 0 {
		return 0, store.ErrChanged
	}
	return n, nil
}

// List implements [store.Store].
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		query := &storage.Query{Prefix: b.prefix + prefix, Delimiter: "/"}
		if err := query.SetAttrSelection([]string{"Name", "Size", "Generation", "Updated", "Created"}); err != nil {
			yield(store.Object{}, b.fail("list", prefix, err))
			return
		}
		// A page holds objects first and then directories: sort it before yielding.
		for token := ""; ; {
			pager := iterator.NewPager(b.handle.Objects(ctx, query), 1000, token)
			var attrs []*storage.ObjectAttrs
			next, err := pager.NextPage(&attrs)
			if err != nil {
				yield(store.Object{}, b.fail("list", prefix, err))
				return
			}
			for _, o := range b.inOrder(attrs) {
				if !yield(o, nil) {
					return
				}
			}
			if token = next; token == "" {
				return
			}
		}
	}
}

// Delete implements [store.Store].
func (b *bucket) Delete(ctx context.Context, name string) error {
	const op = "delete"
	if err := check(name); err != nil {
		return b.fail(op, name, err)
	}
	if err := b.object(name).Delete(ctx); err != nil && status(err) != http.StatusNotFound {
		return b.fail(op, name, err)
	}
	return nil
}
