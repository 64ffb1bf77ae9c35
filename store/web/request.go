package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// watch returns a context that ends when alive has not been called for o.Stall. The caller must call done.
func (s *site) watch(ctx context.Context) (watched context.Context, alive, done func()) {
	watched, cancel := context.WithCancelCause(ctx)
	stalled := fmt.Errorf("the server sent nothing for %v", s.o.Stall)
	timer := time.AfterFunc(s.o.Stall, func() { cancel(stalled) })
	return watched, func() { timer.Reset(s.o.Stall) }, func() {
		timer.Stop()
		cancel(nil)
	}
}

// send sends a request with the token; ctx comes from watch. The error does not contain an address.
func (s *site) send(ctx context.Context, method string, u *url.URL, header http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, errors.New("the request's address is invalid")
	}
	r.Header = header
	r.Header.Set("Accept-Encoding", "identity")
	if s.o.Token != "" {
		r.Header.Set("Authorization", "Bearer "+s.o.Token)
	}
	answer, err := s.o.Client.Do(r)
	if err != nil {
		return nil, errAgain{error: cause(ctx, withoutAddress(err))}
	}
	return answer, nil
}

// withoutAddress returns the reason why a request failed, without addresses. The address of the request, of a redirect or of a proxy may
// be signed.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if strings.Contains(err.Error(), "//") {
		return errors.New("the address of the server or of the proxy is invalid")
	}
	return err
}

// cause returns why a request failed: the cause of its context says more than its error.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
