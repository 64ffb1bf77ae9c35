package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": 0, "-1": 0, "soon": 0, "99999999999999999999": 0,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		require.Equal(t, want, retryAfter(http.Header{"Retry-After": {value}}, now), value)
	}
}

// If a server asks for a pause, the next request waits for it. If the pause is too long, the call fails
// instead.
func TestPauses(t *testing.T) {
	for name, test := range map[string]struct {
		after  []string // the Retry-After of the refusals
		code   int
		pauses []time.Duration
		error  string
	}{
		"no pause requested":              {[]string{"", "", ""}, 503, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}, ""},
		"seconds":                         {[]string{"3", "", "1"}, 429, []time.Duration{3 * time.Second, 200 * time.Millisecond, time.Second}, ""},
		"shorter than the client's pause": {[]string{"0", "0"}, 429, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}, ""},
		"too long":                        {[]string{"3600"}, 429, nil, "429 Too Many Requests, and asks us to try again in 1h0m0s"},
		"too often":                       {[]string{"1", "1", "1", "1", "1"}, 429, []time.Duration{time.Second, time.Second, time.Second, time.Second}, "gave up after 5 tries: the server answers 429 Too Many Requests"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if answers++; answers <= len(test.after) {
					w.Header().Set("Retry-After", test.after[answers-1])
					w.WriteHeader(test.code)
					return
				}
				http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader("0123456789"))
			}))
			defer server.Close()
			s, err := Open(server.URL, Options{})
			require.NoError(t, err)
			var pauses []time.Duration
			s.(*site).pause = func(_ context.Context, d time.Duration) error {
				pauses = append(pauses, d)
				return nil
			}
			p := make([]byte, 4)
			_, err = s.Read(t.Context(), "a", "", p, 2)
			require.Equal(t, test.pauses, pauses)
			if test.error != "" {
				require.ErrorContains(t, err, test.error)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "2345", string(p))
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := errors.New("ended")
	cancel(ended)
	require.ErrorIs(t, pause(ctx, time.Hour), ended)
	require.NoError(t, pause(t.Context(), 0))
}

// The token is sent only to the host that it is meant for.
func TestTokenOfRedirects(t *testing.T) {
	for to, keeps := range map[string]bool{
		"https://hub.example/b":        true,
		"http://hub.example/b":         false,
		"https://hub.example:444/b":    false,
		"https://cdn.hub.example/b":    false,
		"https://hub.example.evil/b":   false,
		"https://other.example/a?b=c#": false,
	} {
		first := httptest.NewRequest(http.MethodGet, "https://hub.example/a", nil)
		r := httptest.NewRequest(http.MethodGet, to, nil)
		r.Header.Set("Authorization", "Bearer secret")
		require.NoError(t, checkRedirect(nil)(r, []*http.Request{first}))
		require.Equal(t, keeps, r.Header.Get("Authorization") != "", to)
	}
}
