package gcs

import (
	"context"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/store"
	"github.com/gockpt/ckpt/store/internal/servertest"
	"github.com/gockpt/ckpt/store/storetest"
)

// serverAddress returns the address of the server to test with. The script that CI runs starts one.
func serverAddress(t *testing.T) string { return servertest.Address(t, "CKPT_GCS") }

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

// Uploads in chunks, with known and unknown sizes, obey the same conditions and return the same bytes.
func TestUploadsInChunks(t *testing.T) {
	s := open(t)
	s.(*bucket).chunk = 256 << 10 // the smallest size that GCS accepts
	servertest.Uploads(t, s, 1<<20+7, "1")
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"s3://b", "gs:///x", "gs://k:secret@b", "gs://b?token=secret", "gs://b\x00secret"} {
		_, err := Open(t.Context(), address)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
