package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7"
)

// fail adds the operation, the object and the bucket to err.
func (b *bucket) fail(op, name string, err error) error {
	return fmt.Errorf("s3: %s %s in bucket %s: %w", op, b.prefix+name, b.name, err)
}

// check returns an error if name is not a valid name of an object.
func check(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return fs.ErrInvalid
	}
	return nil
}

// An answer classifies a server's refusal.
type answer int

const (
	other   answer = iota // any other answer: the outcome is unknown
	missing               // there is no such object
	refused               // the request's condition does not hold
	clash                 // another conditional request was in progress; this one was not done
	beyond                // the range begins after the object's end
	noUpload
)

// answerOf classifies err, an error of the client.
func answerOf(err error) answer {
	r := minio.ToErrorResponse(err)
	switch {
	case r.Code == "NoSuchBucket":
		return other
	case r.Code == "NoSuchUpload":
		return noUpload
	case r.Code == "NoSuchKey" || r.StatusCode == http.StatusNotFound:
		return missing
	case r.Code == "PreconditionFailed" || r.StatusCode == http.StatusPreconditionFailed || r.StatusCode == http.StatusNotModified:
		return refused
	case r.Code == "ConditionalRequestConflict" || r.StatusCode == http.StatusConflict:
		return clash
	case r.Code == "InvalidRange" || r.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return beyond
	}
	return other
}

// plain returns err without the address of the request, because its query may be signed.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
