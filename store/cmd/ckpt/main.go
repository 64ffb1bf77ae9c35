// Ckpt is the ckpt command with the clients of S3 and Google Cloud Storage: it also accepts addresses such as
// s3://bucket/run/ckpt-7 and gs://bucket/run as paths.
//
//	ckpt list 's3://bucket/run?region=eu-central-1'
//	ckpt verify gs://bucket/run/ckpt-7
//	ckpt convert s3://bucket/run model.safetensors
//
// It is a separate module, so that cmd/ckpt and programs that import the library do not depend on the clients.
// Packages s3 and gcs document where credentials come from.
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

// split returns the address of the bucket and the name within it; "." is the whole bucket.
func split(address *url.URL) (bucket, name string) {
	b := *address
	if name = strings.Trim(b.Path, "/"); name == "" {
		name = "."
	}
	b.Path, b.RawPath = "", ""
	return b.String(), name
}
