package s3

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/gockpt/ckpt/store"
)

const (
	partSize = 16 << 20 // smallest part of a multipart upload; also the largest object that is written with one PUT
	atOnce   = 4        // parts of one upload that are sent concurrently
)

// bucket is a Store of a bucket's objects with names that begin with prefix.
type bucket struct {
	client *minio.Client
	core   minio.Core
	name   string
	prefix string        // "" or ending in a slash
	part   int64         // partSize, less in tests
	prober *store.Prober // nil: the server is assumed to support conditional writes
}

// New returns a Store of a bucket's objects below prefix, or of all objects if prefix is "". It does not check whether the
// server supports conditional writes: call store.Probe if you do not know.
func New(client *minio.Client, bucketName, prefix string) store.Store {
	b := &bucket{client: client, core: minio.Core{Client: client}, name: bucketName, part: partSize}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		b.prefix = prefix + "/"
	}
	return b
}

// Open returns the Store at an address: s3://BUCKET/PREFIX?endpoint=URL&region=NAME&path=true. The default
// endpoint is AWS_ENDPOINT_URL or else Amazon's. The default region is AWS_REGION or else the server's
// answer. path=true puts the bucket's name into the path, as most servers other than Amazon's require; it is
// the default if there is an endpoint. path=false puts it into the host's name. Addresses do not hold
// credentials. They come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN),
// from ~/.aws/credentials with AWS_PROFILE, or from the machine's or the pod's role, in this order.
//
// It is an error if the address is malformed, if the server does not have the bucket, or if the credentials do not allow
// access to it. Before the first write the Store checks that a server other than Amazon's supports conditional writes
// (store.Probe). If not, every write fails with an error that satisfies errors.Is(err, store.ErrNoConditions). Reading does not need permission to
// write.
func Open(ctx context.Context, address string) (store.Store, error) {
	a, err := parse(address)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	client, err := minio.New(a.host, &minio.Options{
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		}),
		Secure: a.secure, Region: a.region, BucketLookup: a.lookup,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: bucket %s: %w", a.bucket, err)
	}
	switch ok, err := client.BucketExists(ctx, a.bucket); {
	case err != nil:
		return nil, fmt.Errorf("s3: bucket %s at %s: %w", a.bucket, a.host, plain(err))
	case !ok:
		return nil, fmt.Errorf("s3: %s has no bucket %s", a.host, a.bucket)
	}
	b := New(client, a.bucket, a.prefix).(*bucket)
	if !conditional(a.host) {
		b.prober = new(store.Prober)
	}
	return b, nil
}

// conditional reports whether a host is Amazon's S3, which supports conditional writes. Thousands of workers that start at once then
// do not have to probe them.
func conditional(host string) bool {
	host = strings.TrimSuffix(host, ".cn")
	return host == "s3.amazonaws.com" || strings.HasPrefix(host, "s3.") && strings.HasSuffix(host, ".amazonaws.com")
}

// An address is a parsed s3:// URL.
type address struct {
	bucket, prefix string
	host, region   string
	secure         bool
	lookup         minio.BucketLookupType // where the bucket's name is: in the host or the path
}

func parse(s string) (a address, err error) {
	u, err := url.Parse(s)
	if err != nil {
		return a, errors.New("the address is not a valid URL") // url.Parse's error would show the address and secrets in it
	}
	if u.User != nil {
		return a, fmt.Errorf("the address of bucket %s holds credentials: pass them in the environment instead", u.Host)
	}
	said := u.Scheme + "://" + u.Host + u.Path // without the query, for messages
	if u.Scheme != "s3" || u.Host == "" {
		return a, fmt.Errorf("%s: expected s3://BUCKET/PREFIX", said)
	}
	a = address{bucket: u.Host, prefix: strings.Trim(u.Path, "/"), host: "s3.amazonaws.com", region: os.Getenv("AWS_REGION"), secure: true}
	endpoint := os.Getenv("AWS_ENDPOINT_URL")
	query := u.Query()
	for key, values := range query {
		switch v := values[0]; key {
		case "endpoint":
			endpoint = v
		case "region":
			a.region = v
		case "path": // below
		default:
			return a, fmt.Errorf("%s: unknown parameter %q: expected endpoint, region or path", said, key)
		}
	}
	if endpoint != "" {
		e, err := url.Parse(endpoint)
		if err != nil || e.Host == "" || e.Scheme != "http" && e.Scheme != "https" || e.User != nil || strings.Trim(e.Path, "/") != "" {
			return a, fmt.Errorf("%s: parameter endpoint: expected http://HOST:PORT or https://HOST, without credentials", said)
		}
		a.host, a.secure, a.lookup = e.Host, e.Scheme == "https", minio.BucketLookupPath
	}
	if query.Has("path") {
		inPath, err := strconv.ParseBool(query.Get("path"))
		if err != nil {
			return a, fmt.Errorf("%s: parameter path: expected true or false", said)
		}
		if a.lookup = minio.BucketLookupDNS; inPath {
			a.lookup = minio.BucketLookupPath
		}
	}
	return a, nil
}
