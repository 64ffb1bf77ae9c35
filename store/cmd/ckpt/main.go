// Ckpt is the command of the same name with the clients of S3 and of Google Cloud Storage: paths are also addresses such as
// s3://bucket/run/ckpt-7 and gs://bucket/run.
//
//	ckpt list 's3://bucket/run?region=eu-central-1'
//	ckpt verify gs://bucket/run/ckpt-7
//	ckpt convert s3://bucket/run model.safetensors
//
// It is a module by itself: the command without them, cmd/ckpt, and programs that import the library do not depend on the clients.
// Credentials come from where packages s3 and gcs say.
package main

import (
	"context"
	"net/url"
	"os"
	"strings"

	"github.com/gockpt/ckpt/internal/cli"
	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/gcs"
	"github.com/gockpt/ckpt/store/s3"
)

func main() { os.Exit(cli.Main(stores)) }

var stores = cli.Stores{
	"s3": func(ctx context.Context, address *url.URL) (store.Store, string, error) {
		bucket, name := split(address)
		s, err := s3.Open(ctx, bucket)
		return s, name, err
	},
	"gs": func(ctx context.Context, address *url.URL) (store.Store, string, error) {
		bucket, name := split(address)
		s, err := gcs.Open(ctx, bucket)
		return s, name, err
	},
}

// split returns the address of the bucket and the name within it, "." for all of it.
func split(address *url.URL) (bucket, name string) {
	b := *address
	if name = strings.Trim(b.Path, "/"); name == "" {
		name = "."
	}
	b.Path, b.RawPath = "", ""
	return b.String(), name
}
