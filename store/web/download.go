package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/gockpt/ckpt/store"
)

// A download fills p with a range of a file, with as many requests as necessary.
type download struct {
	s       *site
	name    string
	version string // if the caller does not give it, "" until an answer does
	p       []byte
	off     int64

	o    store.Object
	have int  // bytes of p that are filled
	deaf bool // the server does not support HEAD
}

// errDeaf means that the server does not support HEAD requests. Some servers lack them, and an address may be signed for GET only.
var errDeaf = errors.New("the server does not support HEAD requests")

// errBeyond means that a range begins after the end of the file.
var errBeyond = errors.New("the range begins after the end of the file")

// skipped is the largest number of bytes that are read and discarded if a server ignores ranges.
const skipped = 1 << 20

func (d *download) run(ctx context.Context) (store.Object, error) {
	err := d.s.repeat(ctx, func(ctx context.Context) (bool, error) {
		before := d.have
		err := d.request(ctx)
		return d.have > before, err
	})
	return d.o, err
}

// request requests the missing bytes.
func (d *download) request(ctx context.Context) error {
	ctx, alive, done := d.s.watch(ctx)
	defer done()

	method := http.MethodGet
	if len(d.p) == 0 && d.deaf { // without HEAD, ask for the first byte
		first := *d
		first.p, first.off = make([]byte, 1), 0
		err := first.request(ctx)
		d.o, d.version = first.o, first.version
		return err
	}
	if len(d.p) == 0 {
		method = http.MethodHead
	}
	header := http.Header{}
	if method == http.MethodGet {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", d.off+int64(d.have), d.off+int64(len(d.p))-1))
	}
	answer, err := d.s.send(ctx, method, d.s.address(d.name), header)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if strings.TrimPrefix(answer.Request.URL.Path, "/") == strings.TrimPrefix(d.s.address(d.name).Path, "/")+"/" { // redirected to the page of a directory
		return refusal{store.ErrNotExist}
	}
	whole, err := d.look(answer)
	if err == errDeaf {
		d.deaf = true
		return d.request(ctx)
	}
	if err == errBeyond { // this answer may give only the file's size
		d.p = nil
		return d.request(ctx)
	}
	if whole || err != nil {
		return err
	}
	return d.fill(ctx, answer.Body, alive)
}

// look reads an answer's header. If done is true there is nothing to read.
func (d *download) look(answer *http.Response) (done bool, err error) {
	switch code := answer.StatusCode; {
	case answer.Request.Method == http.MethodHead && (code == http.StatusForbidden || code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented):
		return false, errDeaf
	case (code == http.StatusNotFound || code == http.StatusGone) && errors.Is(status(answer), store.ErrNotExist):
		if d.version != "" {
			return false, store.ErrChanged
		}
		return false, status(answer)
	case code == http.StatusRequestedRangeNotSatisfiable:
		size, ok := strings.CutPrefix(answer.Header.Get("Content-Range"), "bytes */")
		n, err := strconv.ParseInt(size, 10, 64)
		if !ok || err != nil || n < 0 || n > d.off+int64(d.have) {
			return false, errors.New("the server rejects the range")
		}
		if d.have > 0 {
			return false, store.ErrChanged
		}
		if d.deaf {
			return true, d.describe(answer, n)
		}
		return false, errBeyond
	case code == http.StatusPartialContent && answer.Request.Method == http.MethodGet:
		first, last, size, ok := parseRange(answer.Header.Get("Content-Range"))
		if want := d.off + int64(d.have); !ok || first != want || last != min(d.off+int64(len(d.p)), size)-1 {
			return false, fmt.Errorf("the server sent the range %q, expected one that begins at byte %d", answer.Header.Get("Content-Range"), want)
		}
		return false, d.describe(answer, size)
	case code != http.StatusOK:
		return false, cmp.Or(status(answer), fmt.Errorf("the server answers %d %s", code, http.StatusText(code)))
	}
	if answer.ContentLength < 0 {
		return false, errors.New("the server does not say how long the file is")
	}
	if err := d.describe(answer, answer.ContentLength); err != nil || answer.Request.Method == http.MethodHead {
		return true, err
	}
	skip := d.off + int64(d.have)
	if answer.ContentLength > skipped && skip+int64(len(d.p)) < answer.ContentLength*9/10 || skip > skipped {
		return false, errors.New("the server ignores ranges, and the file is too large to fetch for each read: download the file first")
	}
	if _, err := io.CopyN(io.Discard, answer.Body, min(skip, answer.ContentLength)); err != nil {
		return false, errAgain{error: err}
	}
	return false, nil
}

// describe fills in the object, or compares the answer with what earlier answers said.
func (d *download) describe(answer *http.Response, size int64) error {
	h := answer.Header
	o := store.Object{Name: d.name, Size: size, Version: fmt.Sprintf("%s|%s|%d", h.Get("ETag"), h.Get("Last-Modified"), size)}
	if tag := linkedTag(answer); tag != "" {
		o.Version = fmt.Sprintf("%s%s|%d", linked, tag, size)
	}
	o.Modified, _ = http.ParseTime(h.Get("Last-Modified"))
	if d.version != "" && d.version != o.Version {
		return store.ErrChanged
	}
	d.o, d.version = o, o.Version
	return nil
}

// linked is the prefix of a version that is the file's hash. The hub gives the hash in the redirect to the file's storage.
const linked = "sha256:"

// linkedTag returns that hash. It accepts only the answer of the first server.
func linkedTag(answer *http.Response) string {
	h := answer.Header
	for r := answer.Request; r.Response != nil; r = r.Response.Request {
		h = r.Response.Header
	}
	return strings.ToLower(strings.Trim(h.Get("X-Linked-Etag"), `"`))
}

// fill reads the missing bytes, up to the end of the file.
func (d *download) fill(ctx context.Context, body io.Reader, alive func()) error {
	want := int(min(int64(len(d.p)), max(0, d.o.Size-d.off)))
	for d.have < want {
		n, err := body.Read(d.p[d.have:want])
		d.have += n
		alive()
		if err != nil && d.have < want {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return errAgain{error: cause(ctx, err)}
		}
	}
	return nil
}

// parseRange parses "bytes 0-9/100".
func parseRange(s string) (first, last, size int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	span, total, ok2 := strings.Cut(s, "/")
	from, to, ok3 := strings.Cut(span, "-")
	var errs [3]error
	first, errs[0] = strconv.ParseInt(from, 10, 64)
	last, errs[1] = strconv.ParseInt(to, 10, 64)
	size, errs[2] = strconv.ParseInt(total, 10, 64)
	ok = ok && ok2 && ok3 && errors.Join(errs[:]...) == nil && 0 <= first && first <= last && last < size
	return first, last, size, ok
}
