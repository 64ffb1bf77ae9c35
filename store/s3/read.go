package s3

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/gockpt/ckpt/store"
)

// resumes is how often in a row a read is resumed without any progress.
const resumes = 5

// Read implements [store.Store].
func (b *bucket) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	const op = "read"
	if err := check(name); err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	if off < 0 {
		return store.Object{}, b.fail(op, name, fs.ErrInvalid)
	}
	if len(p) == 0 {
		return b.describe(ctx, op, name, version)
	}
	var o store.Object
	for failed := 0; ; {
		n, got, err := b.readOnce(ctx, name, version, p, off)
		if n > 0 {
			failed = 0
		}
		if err == nil {
			return got, nil
		}
		switch answerOf(err) {
		case beyond: // the answer does not say how large the object is
			return b.describe(ctx, op, name, cmp.Or(version, o.Version))
		case refused:
			return store.Object{}, b.fail(op, name, store.ErrChanged)
		case missing:
			if version != "" {
				return store.Object{}, b.fail(op, name, store.ErrChanged)
			}
			return store.Object{}, b.fail(op, name, store.ErrNotExist)
		}
		if failed++; failed > resumes || got.Version == "" || ctx.Err() != nil {
			return store.Object{}, b.fail(op, name, cmp.Or(ctx.Err(), plain(err)))
		}
		// The body broke off: the rest must be of the same version.
		o, version = got, got.Version
		p, off = p[n:], off+int64(n)
	}
}

// readOnce reads as much of p as one request yields. The Object is valid if the server answered.
func (b *bucket) readOnce(ctx context.Context, name, version string, p []byte, off int64) (n int, o store.Object, err error) {
	var opts minio.GetObjectOptions
	if err := opts.SetRange(off, off+int64(len(p))-1); err != nil {
		return 0, o, err
	}
	if version != "" {
		if err := opts.SetMatchETag(version); err != nil {
			return 0, o, err
		}
	}
	body, info, header, err := b.core.GetObject(ctx, b.name, b.prefix+name, opts)
	if err != nil {
		return 0, o, err
	}
	defer body.Close()
	size, err := sizeOf(header, info.Size)
	if err != nil {
		return 0, o, err
	}
	o = store.Object{Name: name, Size: size, Version: info.ETag, Modified: info.LastModified}
	want := min(int64(len(p)), max(0, size-off))
	n, err = io.ReadFull(body, p[:want])
	if errors.Is(err, io.EOF) && want > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, o, err
}

// sizeOf returns an object's size from the answer to a request for a range. The server may send the whole object only if the request
// asked for all of it.
func sizeOf(h http.Header, length int64) (int64, error) {
	_, total, ok := strings.Cut(h.Get("Content-Range"), "/")
	if !ok {
		return 0, errors.New("the server sent no Content-Range: it does not support ranges")
	}
	size, err := strconv.ParseInt(total, 10, 64)
	if err != nil || size < length {
		return 0, errors.New("the server sent an invalid Content-Range")
	}
	return size, nil
}

// describe returns the description of an object without its contents.
func (b *bucket) describe(ctx context.Context, op, name, version string) (store.Object, error) {
	info, err := b.stat(ctx, name, version)
	if err == nil {
		return store.Object{Name: name, Size: info.Size, Version: info.ETag, Modified: info.LastModified}, nil
	}
	switch a := answerOf(err); {
	case a == refused, a == missing && version != "":
		return store.Object{}, b.fail(op, name, store.ErrChanged)
	case a == missing:
		return store.Object{}, b.fail(op, name, store.ErrNotExist)
	}
	return store.Object{}, b.fail(op, name, plain(err))
}

func (b *bucket) stat(ctx context.Context, name, version string) (minio.ObjectInfo, error) {
	var opts minio.StatObjectOptions
	if version != "" {
		if err := opts.SetMatchETag(version); err != nil {
			return minio.ObjectInfo{}, err
		}
	}
	return b.client.StatObject(ctx, b.name, b.prefix+name, opts)
}
