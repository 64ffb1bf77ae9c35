package gcs

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/api/option"

	"github.com/gockpt/ckpt/store/internal/servertest"
)

// A transport sees requests before they are sent.
type transport func(*http.Request)

func (see transport) RoundTrip(r *http.Request) (*http.Response, error) {
	see(r)
	return http.DefaultTransport.RoundTrip(r)
}

// The contents of objects are sent with their CRC-32C, in one request or in several.
func TestChecksums(t *testing.T) {
	var sums atomic.Int64
	see := transport(func(r *http.Request) {
		var body []byte
		if r.URL.Query().Get("uploadType") == "multipart" { // the contents follow the object's description
			body, _ = io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		if strings.Contains(r.Header.Get("X-Goog-Hash"), "crc32c=") || bytes.Contains(body, []byte(`"crc32c":"`)) {
			sums.Add(1)
		}
	})
	s, err := Open(t.Context(), servertest.Fresh(serverAddress(t)), option.WithHTTPClient(&http.Client{Transport: see}))
	if err != nil {
		t.Fatal(err)
	}
	s.(*bucket).prober = nil
	s.(*bucket).chunk = 256 << 10
	for _, size := range []int{0, 1000, 256<<10 - 1, 256 << 10, 256<<10 + 1, 1 << 20} {
		for _, said := range []int64{int64(size), -1} {
			sums.Store(0)
			contents := bytes.Repeat([]byte{7}, size)
			if _, err := s.Put(t.Context(), "a", bytes.NewReader(contents), said); err != nil {
				t.Fatal(err)
			}
			if sums.Load() != 1 {
				t.Errorf("%d bytes: %d requests with a checksum, want one", size, sums.Load())
			}
			got := make([]byte, size+1)
			if o, err := s.Read(t.Context(), "a", "", got, 0); err != nil || o.Size != int64(size) || !bytes.Equal(got[:size], contents) {
				t.Errorf("%d bytes: read %d: %v", size, o.Size, err)
			}
		}
	}
}
