package web

import (
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/gockpt/ckpt/store"
)

// A refusal is the error of an answer that the same request would get again.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// status returns the error of an answer's status, nil for success. Hugging Face's hub says more in a header, of which known words alone
// are shown.
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
		return refusal{fmt.Errorf("the server answers %s: the repository is gated, ask for access on its page and give a token that has it: %w", text, fs.ErrPermission)}
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return refusal{fmt.Errorf("the server answers %s: give a token that may read it: %w", text, fs.ErrPermission)}
	case word == "RepoNotFound": // which is not an answer about the file
		return refusal{fmt.Errorf("the server answers %s: there is no such repository, or the token may not see it", text)}
	case word == "RevisionNotFound":
		return refusal{fmt.Errorf("the server answers %s: the repository has no such revision", text)}
	case code == http.StatusNotFound || code == http.StatusGone:
		return refusal{fmt.Errorf("the server answers %s: %w", text, store.ErrNotExist)}
	}
	return refusal{fmt.Errorf("the server answers %s", text)}
}
