package gcs

import (
	"bytes"
	"net/http"
	"testing"

	"google.golang.org/api/option"

	"github.com/gockpt/ckpt/store/internal/servertest"
)

// If any answer is lost, the request is repeated. A refusal of the repeated request is recognized as the
// success of the first.
func TestLostAnswers(t *testing.T) {
	for name, contents := range map[string][]byte{"none": nil, "small": []byte("small"), "large": bytes.Repeat([]byte("large "), 1<<20)} {
		t.Run(name, func(t *testing.T) {
			l := &servertest.Lossy{RoundTripper: http.DefaultTransport, Lose: func(r *http.Request) bool {
				return r.Method == http.MethodPost || r.Method == http.MethodPut
			}}
			s, err := Open(t.Context(), servertest.Fresh(serverAddress(t)), option.WithHTTPClient(&http.Client{Transport: l}))
			if err != nil {
				t.Fatal(err)
			}
			servertest.LostAnswers(t, s, l, contents)
		})
	}
}

func TestReadsThatBreakOff(t *testing.T) {
	l := &servertest.Lossy{RoundTripper: http.DefaultTransport}
	s, err := Open(t.Context(), servertest.Fresh(serverAddress(t)), option.WithHTTPClient(&http.Client{Transport: l}))
	if err != nil {
		t.Fatal(err)
	}
	servertest.BrokenReads(t, s, l)
}
