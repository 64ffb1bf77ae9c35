package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// errAgain wraps an error after which the same request may succeed.
type errAgain struct {
	error
	after time.Duration // the pause that the server asks for; 0: none
}

func (e errAgain) Unwrap() error { return e.error }

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second // between requests, unless the server asks for one
	patience     = 2 * time.Minute // the longest pause that a server may ask for
)

// repeat calls request until it succeeds, fails permanently, or has had o.Tries transient errors in a row. Between calls it waits
// with growing pauses, or as long as the server asks for. A request that made progress before it failed does not count.
func (s *site) repeat(ctx context.Context, request func(context.Context) (progress bool, err error)) error {
	wait := firstPause
	for failures := 0; ; {
		progress, err := request(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var again errAgain
		if !errors.As(err, &again) {
			return err
		}
		if progress {
			failures, wait = 0, firstPause
			continue
		}
		if failures++; failures >= s.o.Tries {
			return fmt.Errorf("gave up after %d tries: %w", failures, again.error)
		}
		if again.after > patience {
			return fmt.Errorf("%w, and asks us to try again in %v", again.error, again.after.Round(time.Second))
		}
		if err := s.pause(ctx, max(wait, again.after)); err != nil {
			return err
		}
		wait = min(2*wait, longestPause)
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// retryAfter returns how long an answer asks to wait before the next request, in seconds or until a time; 0 if it does not ask.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
