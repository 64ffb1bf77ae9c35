package s3

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gockpt/ckpt/store"
)

// If a server accepts the conditions of writes and ignores them, the first write reports it. Reads work.
func TestServerWithoutConditions(t *testing.T) {
	const etag = `"0123456789abcdef0123456789abcdef"`
	writes := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPut:
			writes++
			w.Header().Set("ETag", etag)
		case http.MethodGet:
			w.Header().Set("ETag", etag)
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			w.Header().Set("Content-Range", "bytes 0-3/4")
			w.WriteHeader(http.StatusPartialContent)
			w.Write([]byte("four"))
		case http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of-a-test")
	s, err := Open(t.Context(), "s3://bucket/run?region=us-east-1&endpoint="+server.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 4)
	if _, err := s.Read(t.Context(), "a", "", p, 0); err != nil || string(p) != "four" || writes > 0 {
		t.Errorf("%q after %d writes: %v", p, writes, err)
	}
	for range 2 {
		if _, err := s.PutIfAbsent(t.Context(), "a", strings.NewReader("x"), 1); !errors.Is(err, store.ErrNoConditions) {
			t.Errorf("a write: %v", err)
		}
	}
	if writes != 2 {
		t.Errorf("%d writes, want the two of the probe", writes)
	}
}

// The probe skips Amazon's hosts.
func TestHostsThatAreKnown(t *testing.T) {
	for host, known := range map[string]bool{
		"s3.amazonaws.com": true, "s3.eu-central-1.amazonaws.com": true, "s3.dualstack.us-west-2.amazonaws.com": true, "s3.cn-north-1.amazonaws.com.cn": true,
		"127.0.0.1:7070": false, "s3.example.com": false, "s3.amazonaws.com.example.com": false, "s3-outposts.us-east-1.amazonaws.com": false, "x.r2.cloudflarestorage.com": false,
	} {
		if conditional(host) != known {
			t.Errorf("%s: %v", host, !known)
		}
	}
}
