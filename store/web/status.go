package web

import (
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/gockpt/ckpt/store"
)

// A refusal is an error that repeating the request would not change.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// status returns the error of an answer's status, nil for success. Hugging Face's hub gives details in a header; errors show only known
// words of it.
func status(answer *http.Response) error {
	code := answer.StatusCode
	text := fmt.Sprintf("%d %s", code, http.StatusText(code))
	word := answer.Header.Get("X-Error-Code")
	switch {
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		return errAgain{fmt.Errorf("the server answers %s", text), retryAfter(answer.Header, time.Now())}
	case code >= 200 && code <= 299:
		return nil
	case word == "GatedRepo":
		return refusal{fmt.Errorf("the server answers %s: the repository is gated: request access on its page and pass a token that has it: %w", text, fs.ErrPermission)}
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return refusal{fmt.Errorf("the server answers %s: pass a token that may read it: %w", text, fs.ErrPermission)}
	case word == "RepoNotFound": // the repository is missing, not just the file
		return refusal{fmt.Errorf("the server answers %s: the repository does not exist, or the token may not read it", text)}
	case word == "RevisionNotFound":
		return refusal{fmt.Errorf("the server answers %s: the repository has no such revision", text)}
	case code == http.StatusNotFound || code == http.StatusGone:
		return refusal{fmt.Errorf("the server answers %s: %w", text, store.ErrNotExist)}
	}
	return refusal{fmt.Errorf("the server answers %s", text)}
}
