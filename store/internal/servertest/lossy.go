package servertest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/gockpt/ckpt/store"
)

// A Lossy is a transport that loses answers: the server carries out the request, and the client gets the error of a broken connection.
type Lossy struct {
	http.RoundTripper
	// Lose reports whether a request may lose its answer. Every second such request loses it, so that a repeated request succeeds.
	Lose func(*http.Request) bool
	// Cut is the number of bytes after which the bodies of answers break off; 0 means never.
	Cut int64
	// Lost is the number of answers and bodies that were lost.
	Lost atomic.Int64

	asked atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (l *Lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if l.Lose != nil && l.Lose(r) && l.asked.Add(1)%2 == 1 {
		answer.Body.Close()
		l.Lost.Add(1)
		return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: io.ErrUnexpectedEOF}
	}
	if l.Cut > 0 && r.Method == http.MethodGet && answer.ContentLength > l.Cut {
		l.Lost.Add(1)
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(answer.Body, l.Cut), broken{}), answer.Body}
	}
	return answer, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the connection broke") }

// LostAnswers writes to a store through l, which loses answers. The client repeats the requests. The store must recognize that the server
// refuses a repeated request because the first succeeded.
func LostAnswers(t *testing.T, s store.Store, l *Lossy, contents []byte) {
	t.Helper()
	ctx, size := t.Context(), int64(len(contents))
	first, err := s.PutIfAbsent(ctx, "a", bytes.NewReader(contents), size)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutIfAbsent(ctx, "a", bytes.NewReader(contents), -1); !errors.Is(err, store.ErrExist) {
		t.Errorf("put if absent twice: %v", err)
	}
	other := append([]byte("other "), contents...)
	second, err := s.Replace(ctx, "a", first.Version, bytes.NewReader(other), -1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Replace(ctx, "a", first.Version, bytes.NewReader(contents), size); !errors.Is(err, store.ErrChanged) {
		t.Errorf("replace the first version again: %v", err)
	}
	got, o, err := store.ReadAll(ctx, s, "a", 1<<30)
	if err != nil || !bytes.Equal(got, other) || o.Version != second.Version {
		t.Errorf("%d bytes of %+v, want %d of %+v: %v", len(got), o, len(other), second, err)
	}
	if err := s.Delete(ctx, "a"); err != nil {
		t.Error(err)
	}
	if l.Lost.Load() == 0 {
		t.Error("no answer was lost")
	}
}

// BrokenReads reads from a store through l, which breaks off the bodies of answers after 1000 bytes. The store must resume the read.
func BrokenReads(t *testing.T, s store.Store, l *Lossy) {
	t.Helper()
	contents := bytes.Repeat([]byte("0123456789abc"), 10_000)
	if _, err := s.Put(t.Context(), "a", bytes.NewReader(contents), -1); err != nil {
		t.Fatal(err)
	}
	l.Cut = 1000
	p := make([]byte, 50_000)
	if _, err := s.Read(t.Context(), "a", "", p, 1234); err != nil || !bytes.Equal(p, contents[1234:51_234]) {
		t.Errorf("read in %d pieces: %v", l.Lost.Load(), err)
	}
	if l.Lost.Load() != 49 {
		t.Errorf("%d bodies broke off, want 49 of 1000 bytes each", l.Lost.Load())
	}
}
