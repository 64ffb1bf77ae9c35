package gcs

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"google.golang.org/api/option"

	"github.com/gockpt/ckpt/store"
)

// lossy loses every other answer to an upload: it is done, and the program is told that the connection broke.
type lossy struct{ uploads, lost atomic.Int64 }

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && (r.Method == http.MethodPost || r.Method == http.MethodPut) && l.uploads.Add(1)%2 == 1 {
		answer.Body.Close()
		l.lost.Add(1)
		return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: io.ErrUnexpectedEOF}
	}
	return answer, err
}

// Whatever answer is lost, the request is repeated, and its refusal is known as the answer to the first.
func TestLostAnswers(t *testing.T) {
	address := serverAddress(t)
	l := new(lossy)
	s, err := Open(t.Context(), address+"/"+rand.Text(), option.WithHTTPClient(&http.Client{Transport: l}))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for _, contents := range []string{"", "small", string(bytes.Repeat([]byte("large "), 1<<20))} {
		body := func() io.Reader { return bytes.NewReader([]byte(contents)) }
		first, err := s.PutIfAbsent(ctx, "a", body(), int64(len(contents)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutIfAbsent(ctx, "a", body(), -1); !errors.Is(err, store.ErrExist) {
			t.Errorf("put if absent twice: %v", err)
		}
		second, err := s.Replace(ctx, "a", first.Version, body(), -1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Replace(ctx, "a", first.Version, body(), -1); !errors.Is(err, store.ErrChanged) {
			t.Errorf("replace the first version again: %v", err)
		}
		got, o, err := store.ReadAll(ctx, s, "a", 1<<30)
		if err != nil || string(got) != contents || o.Version != second.Version {
			t.Errorf("%d bytes of %+v, want %+v: %v", len(got), o, second, err)
		}
		if err := s.Delete(ctx, "a"); err != nil {
			t.Error(err)
		}
	}
	if l.lost.Load() < 6 {
		t.Errorf("%d answers were lost", l.lost.Load())
	}
}
