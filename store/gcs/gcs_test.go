package gcs

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
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

// Uploads in chunks, of known and of unknown sizes: the same conditions, and the same bytes back.
func TestUploadsInChunks(t *testing.T) {
	s := open(t)
	s.(*bucket).chunk = 256 << 10 // the least that GCS takes
	ctx := t.Context()
	contents := make([]byte, 1<<20+7)
	rand.Read(contents)
	for name, size := range map[string]int64{"known": int64(len(contents)), "unknown": -1} {
		o, err := s.PutIfAbsent(ctx, name, bytes.NewReader(contents), size)
		if err != nil {
			t.Fatal(err)
		}
		got, read, err := store.ReadAll(ctx, s, name, 1<<30)
		if err != nil || !bytes.Equal(got, contents) || read.Version != o.Version {
			t.Fatalf("read %d bytes of %+v, wrote %+v: %v", len(got), read, o, err)
		}
		if _, err := s.PutIfAbsent(ctx, name, bytes.NewReader(contents), size); !errors.Is(err, store.ErrExist) {
			t.Errorf("a second put if absent: %v", err)
		}
		if _, err := s.Replace(ctx, name, "1", bytes.NewReader(contents), size); !errors.Is(err, store.ErrChanged) {
			t.Errorf("replacing another version: %v", err)
		}
		if _, err := s.Replace(ctx, name, o.Version, bytes.NewReader(contents[1:]), -1); err != nil {
			t.Error(err)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"s3://b", "gs:///x", "gs://k:secret@b", "gs://b?token=secret", "gs://b\x00secret"} {
		_, err := Open(t.Context(), address)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
