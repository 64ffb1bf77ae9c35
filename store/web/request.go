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

// watch returns a context that ends when nobody has called alive for o.Stall; done has to be called.
func (s *site) watch(ctx context.Context) (watched context.Context, alive, done func()) {
	watched, cancel := context.WithCancelCause(ctx)
	stalled := fmt.Errorf("the server sent nothing for %v", s.o.Stall)
	timer := time.AfterFunc(s.o.Stall, func() { cancel(stalled) })
	return watched, func() { timer.Reset(s.o.Stall) }, func() {
		timer.Stop()
		cancel(nil)
	}
}

// send sends a request of a context of watch, with the token. The error tells no address.
func (s *site) send(ctx context.Context, method string, u *url.URL, header http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, errors.New("its address cannot be made")
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

// withoutAddress returns what is to be said of a request that failed: no address, which may be signed, neither ours nor that of a redirect
// or a proxy.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if strings.Contains(err.Error(), "//") {
		return errors.New("the server, or the proxy on the way to it, has an address that is wrong")
	}
	return err
}

// cause returns why a request failed: its context knows more than its error.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
