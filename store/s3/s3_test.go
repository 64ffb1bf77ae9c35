package s3

import (
	"context"
	"testing"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/internal/servertest"
	"github.com/gockpt/ckpt/store/storetest"
)

// serverAddress returns the address of the server to test with. The script that CI runs starts one.
func serverAddress(t *testing.T) string { return servertest.Address(t, "CKPT_S3") }

// open returns an empty Store on the server.
func open(t *testing.T) store.Store {
	s, err := Open(context.Background(), servertest.Fresh(serverAddress(t)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	serverAddress(t)
	storetest.Run(t, open)
}

func TestVerbs(t *testing.T) {
	serverAddress(t)
	servertest.Verbs(t, servertest.Same(open))
}

// Uploads in parts, with known and unknown sizes, obey the same conditions and return the same bytes.
func TestUploadsInParts(t *testing.T) {
	b := open(t).(*bucket)
	b.part = 5 << 20 // the smallest size that S3 accepts
	servertest.Uploads(t, b, 23<<20+7, "0123")
	left, err := b.core.ListMultipartUploads(t.Context(), b.name, b.prefix, "", "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(left.Uploads) > 0 {
		t.Errorf("%d failed uploads are left", len(left.Uploads))
	}
}
