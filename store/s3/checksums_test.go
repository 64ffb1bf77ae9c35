package s3

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/gockpt/ckpt/store/internal/servertest"
)

// The contents of objects are sent with their CRC-32C. The server rejects contents with another checksum.
func TestChecksums(t *testing.T) {
	var with, without atomic.Int64
	l := &servertest.Lossy{Lose: func(r *http.Request) bool {
		if r.Method == http.MethodPut {
			if r.Header.Get("X-Amz-Checksum-Crc32c") != "" {
				with.Add(1)
			} else {
				without.Add(1)
			}
		}
		return false
	}}
	s := openLossy(t, l)
	for size, puts := range map[int]int64{0: 1, 1000: 1, 11 << 20: 3} {
		with.Store(0)
		if _, err := s.Put(t.Context(), "a", bytes.NewReader(make([]byte, size)), int64(size)); err != nil {
			t.Fatal(err)
		}
		if with.Load() != puts || without.Load() > 0 {
			t.Errorf("%d bytes: %d requests with a checksum and %d without, want %d", size, with.Load(), without.Load(), puts)
		}
	}
	wrong := minio.PutObjectOptions{UserMetadata: map[string]string{"x-amz-checksum-crc32c": checksum([]byte("other"))}}
	if _, err := s.core.PutObject(t.Context(), s.name, s.prefix+"b", strings.NewReader("bytes"), 5, "", "", wrong); err == nil {
		t.Error("the server accepted contents with another checksum")
	}
}
