package gcs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"

	"cloud.google.com/go/storage"

	"github.com/gockpt/ckpt/store"
)

// Read implements [store.Store].
func (b *bucket) Read(ctx context.Context, name, version string, p []byte, off int64) (store.Object, error) {
	const op = "read"
	if err := check(name); err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	if off < 0 {
		return store.Object{}, b.fail(op, name, fs.ErrInvalid)
	}
	o, err := b.read(ctx, name, version, p, off)
	switch {
	case err == nil:
		return o, nil
	case status(err) == http.StatusNotFound && version != "":
		return store.Object{}, b.fail(op, name, store.ErrChanged) // a replaced or deleted object no longer has this generation
	case status(err) == http.StatusNotFound && !errors.Is(err, storage.ErrBucketNotExist):
		return store.Object{}, b.fail(op, name, store.ErrNotExist)
	}
	return store.Object{}, b.fail(op, name, err)
}

func (b *bucket) read(ctx context.Context, name, version string, p []byte, off int64) (o store.Object, err error) {
	handle := b.object(name)
	if version != "" {
		g, err := generation(version)
		if err != nil {
			return o, err
		}
		handle = handle.Generation(g)
	}
	if len(p) > 0 {
		r, err := handle.NewRangeReader(ctx, off, int64(len(p)))
		switch {
		case status(err) == http.StatusRequestedRangeNotSatisfiable: // the answer does not say how large the object is
		case err != nil:
			return o, err
		default:
			defer r.Close()
			a := r.Attrs
			o = store.Object{Name: name, Size: a.Size, Version: strconv.FormatInt(a.Generation, 10), Modified: a.LastModified}
			_, err = io.ReadFull(r, p[:min(int64(len(p)), max(0, a.Size-off))])
			return o, err
		}
	}
	attrs, err := handle.Attrs(ctx)
	if err != nil {
		return o, err
	}
	return b.describe(attrs), nil
}
