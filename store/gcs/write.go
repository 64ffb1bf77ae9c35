package gcs

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"

	"cloud.google.com/go/storage"

	"github.com/gockpt/ckpt/store"
)

// nonceKey is the metadata key of the nonce.
const nonceKey = "ckpt-nonce"

// Put implements [store.Store].
func (b *bucket) Put(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return b.write(ctx, "put", name, body, size, nil, nil)
}

// PutIfAbsent implements [store.Store].
func (b *bucket) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return b.write(ctx, "put if absent", name, body, size, &storage.Conditions{DoesNotExist: true}, store.ErrExist)
}

// Replace implements [store.Store].
func (b *bucket) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (store.Object, error) {
	const op = "replace"
	if err := check(name); err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	g, err := generation(version)
	if err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	return b.write(ctx, op, name, body, size, &storage.Conditions{GenerationMatch: g}, store.ErrChanged)
}

// write writes an object if conds hold; conds may be nil. refused is the error if they do not hold.
func (b *bucket) write(ctx context.Context, op, name string, body io.Reader, size int64, conds *storage.Conditions, refused error) (store.Object, error) {
	if err := check(name); err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	if b.prober != nil {
		probed := *b
		probed.prober = nil
		if err := b.prober.Probe(ctx, &probed, name); err != nil {
			return store.Object{}, err
		}
	}
	handle, nonce := b.object(name), rand.Text()
	if conds != nil {
		handle = handle.If(*conds)
	}
	attrs, err := b.upload(ctx, handle, nonce, body, size)
	if conds != nil && status(err) == http.StatusPreconditionFailed {
		there, statErr := b.object(name).Attrs(ctx)
		switch {
		case statErr == nil && there.Metadata[nonceKey] == nonce: // the answer to our own request was lost
			attrs, err = there, nil
		case statErr != nil && status(statErr) != http.StatusNotFound:
			err = statErr // the outcome is unknown
		default:
			err = refused
		}
	}
	if err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	return b.describe(attrs), nil
}

// upload sends body. If body fails or does not have the expected size, the upload is dropped. For an upload in several requests the client
// sends a checksum. For an upload in one request it would only compare the server's checksum afterwards, so upload computes it here.
func (b *bucket) upload(ctx context.Context, handle *storage.ObjectHandle, nonce string, body io.Reader, size int64) (*storage.ObjectAttrs, error) {
	var first bytes.Buffer
	if size >= 0 {
		first.Grow(int(min(size, int64(b.chunk))) + bytes.MinRead)
	}
	_, err := io.CopyN(&first, body, int64(b.chunk)+1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	ctx, drop := context.WithCancel(ctx)
	defer drop()
	w := handle.NewWriter(ctx)
	w.ChunkSize = b.chunk
	if err == io.EOF { // the body has ended
		w.ChunkSize = first.Len() + 1
		w.CRC32C, w.SendCRC32C = crc32.Checksum(first.Bytes(), crc32.MakeTable(crc32.Castagnoli)), true
	}
	w.ContentType = "application/octet-stream"
	w.Metadata = map[string]string{nonceKey: nonce}
	n, err := io.Copy(w, io.MultiReader(&first, body))
	if err == nil && size >= 0 && n != size {
		err = fmt.Errorf("the body has %d bytes, expected %d", n, size)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		drop()
		if closed := w.Close(); closed != nil && !errors.Is(closed, context.Canceled) && status(closed) != 0 {
			err = closed // the server's answer is the reason why writing failed
		}
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return w.Attrs(), nil
}
