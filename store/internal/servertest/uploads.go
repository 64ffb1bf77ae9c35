package servertest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/gockpt/ckpt/store"
)

// Uploads writes objects of size bytes, which has to be so large that s sends them in several parts. The conditions of writes are the same as
// for small ones. other is a version that no object has.
func Uploads(t *testing.T, s store.Store, size int, other string) {
	ctx := t.Context()
	contents := make([]byte, size)
	rand.Read(contents)
	for name, said := range map[string]int64{"known size": int64(size), "unknown size": -1} {
		t.Run(name, func(t *testing.T) {
			o, err := s.PutIfAbsent(ctx, name, bytes.NewReader(contents), said)
			if err != nil {
				t.Fatal(err)
			}
			got, read, err := store.ReadAll(ctx, s, name, 1<<30)
			if err != nil || !bytes.Equal(got, contents) || read.Version != o.Version {
				t.Fatalf("read %d bytes of %+v, wrote %+v: %v", len(got), read, o, err)
			}
			if _, err := s.PutIfAbsent(ctx, name, bytes.NewReader(contents), said); !errors.Is(err, store.ErrExist) {
				t.Errorf("a second put if absent: %v", err)
			}
			if _, err := s.Replace(ctx, name, other, bytes.NewReader(contents), said); !errors.Is(err, store.ErrChanged) {
				t.Errorf("replacing another version: %v", err)
			}
			replaced, err := s.Replace(ctx, name, o.Version, bytes.NewReader(contents[1:]), -1)
			if err != nil {
				t.Fatal(err)
			}
			if replaced.Version == o.Version {
				t.Error("two contents have one version")
			}
		})
	}
	t.Run("bodies of other sizes", func(t *testing.T) {
		for _, said := range []int64{int64(size) - 1, int64(size) + 1} {
			if _, err := s.Put(ctx, "wrong", bytes.NewReader(contents), said); err == nil {
				t.Errorf("%d bytes were said, and %d taken", said, size)
			}
		}
		if _, err := s.Read(ctx, "wrong", "", nil, 0); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("it is there: %v", err)
		}
	})
}
