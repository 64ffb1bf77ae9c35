package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7"
)

// fail says which object could not be read or written.
func (b *bucket) fail(op, name string, err error) error {
	return fmt.Errorf("s3: %s %s in bucket %s: %w", op, b.prefix+name, b.name, err)
}

// check returns an error where name is not one of an object's.
func check(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return fs.ErrInvalid
	}
	return nil
}

// An answer is the kind of a server's refusal.
type answer int

const (
	other   answer = iota // anything that leaves open what happened
	missing               // there is no such object
	refused               // the condition of the request does not hold
	clash                 // another conditional request was under way; this one was not done
	beyond                // the range begins after the object's end
	noUpload
)

// answerOf tells what err, of the client, says about the request.
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

// plain is err without the address of the request, because its query may be signed.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
