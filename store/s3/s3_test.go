package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
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

// Uploads in parts, of known and of unknown sizes: the same conditions, and the same bytes back.
func TestUploadsInParts(t *testing.T) {
	s := open(t)
	s.(*bucket).part = 5 << 20 // the least that S3 takes
	ctx := t.Context()
	contents := make([]byte, 23<<20+7)
	rand.Read(contents)
	for name, size := range map[string]int64{"known": int64(len(contents)), "unknown": -1} {
		t.Run(name, func(t *testing.T) {
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
			if _, err := s.Replace(ctx, name, "0123", bytes.NewReader(contents), size); !errors.Is(err, store.ErrChanged) {
				t.Errorf("replacing another version: %v", err)
			}
			o2, err := s.Replace(ctx, name, o.Version, bytes.NewReader(contents[1:]), -1)
			if err != nil {
				t.Fatal(err)
			}
			if o2.Version == o.Version {
				t.Error("two contents have one version")
			}
		})
	}
	t.Run("bodies of other sizes", func(t *testing.T) {
		for _, size := range []int64{int64(len(contents)) - 1, int64(len(contents)) + 1} {
			if _, err := s.Put(ctx, "wrong", bytes.NewReader(contents), size); err == nil {
				t.Errorf("%d bytes were said, and %d taken", size, len(contents))
			}
		}
		if _, err := s.Read(ctx, "wrong", "", nil, 0); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("it is there: %v", err)
		}
	})
	t.Run("parts of failed uploads are dropped", func(t *testing.T) {
		b := s.(*bucket)
		left, err := b.core.ListMultipartUploads(ctx, b.name, b.prefix, "", "", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(left.Uploads) > 0 {
			t.Errorf("%d uploads are left", len(left.Uploads))
		}
	})
}
