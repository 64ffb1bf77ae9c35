package servertest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/gockpt/ckpt/store"
)

// Uploads writes objects of size bytes, and checks that conditional writes work as for small objects. size must be large enough for s to
// send several parts. other is a version that no object has.
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
				t.Error("different contents have the same version")
			}
		})
	}
	t.Run("bodies of other sizes", func(t *testing.T) {
		for _, said := range []int64{int64(size) - 1, int64(size) + 1} {
			if _, err := s.Put(ctx, "wrong", bytes.NewReader(contents), said); err == nil {
				t.Errorf("expected %d bytes, and accepted %d", said, size)
			}
		}
		if _, err := s.Read(ctx, "wrong", "", nil, 0); !errors.Is(err, store.ErrNotExist) {
			t.Errorf("the object exists: %v", err)
		}
	})
}
