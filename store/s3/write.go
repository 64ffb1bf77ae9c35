package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/gockpt/ckpt/store"
)

// A condition must hold for a write to be done.
type condition struct {
	absent  bool
	version string // "" is any
}

// Put implements [store.Store].
func (b *bucket) Put(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return b.write(ctx, "put", name, body, size, condition{})
}

// PutIfAbsent implements [store.Store].
func (b *bucket) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return b.write(ctx, "put if absent", name, body, size, condition{absent: true})
}

// Replace implements [store.Store].
func (b *bucket) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (store.Object, error) {
	if version == "" { // no object has an empty version
		return store.Object{}, b.fail("replace", name, store.ErrChanged)
	}
	return b.write(ctx, "replace", name, body, size, condition{version: version})
}

func (b *bucket) write(ctx context.Context, op, name string, body io.Reader, size int64, c condition) (store.Object, error) {
	if err := check(name); err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	if err := ctx.Err(); err != nil {
		return store.Object{}, b.fail(op, name, err)
	}
	if b.prober != nil {
		probed := *b
		probed.prober = nil
		if err := b.prober.Probe(ctx, &probed, name); err != nil {
			return store.Object{}, err
		}
	}
	w := &writing{bucket: b, name: name, cond: c, nonce: rand.Text(), body: body, size: size}
	o, err := w.run(ctx)
	if err != nil {
		return store.Object{}, b.fail(op, name, plain(err))
	}
	return o, nil
}

// A writing is one write of an object.
type writing struct {
	*bucket
	name  string
	cond  condition
	nonce string // in the object's metadata
	body  io.Reader
	size  int64 // -1: not known
	read  int64 // of body
}

// nonceKey is the metadata key of the nonce.
const nonceKey = "Ckpt-Nonce"

func (w *writing) run(ctx context.Context) (store.Object, error) {
	first := make([]byte, min(w.part, max(w.size, 0)))
	if w.size < 0 {
		first = make([]byte, w.part)
	}
	n, last, err := w.fill(first)
	if err != nil {
		return store.Object{}, err
	}
	if !last {
		return w.upload(ctx, first)
	}
	return w.put(ctx, first[:n])
}

// fill reads body into p until p is full or body ends; last reports whether body ended. It returns an error if body does not have the
// expected size.
func (w *writing) fill(p []byte) (n int, last bool, err error) {
	n, err = io.ReadFull(w.body, p)
	w.read += int64(n)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		last = true
	case err != nil:
		return n, false, err
	case w.size >= 0 && w.read == w.size:
		var more [1]byte
		if extra, err := io.ReadFull(w.body, more[:]); extra > 0 {
			return n, false, fmt.Errorf("the body has more than the expected %d bytes", w.size)
		} else if !errors.Is(err, io.EOF) {
			return n, false, err
		}
		last = true
	}
	if last && w.size >= 0 && w.read != w.size {
		return n, false, fmt.Errorf("the body has %d bytes, expected %d", w.read, w.size)
	}
	return n, last, nil
}

// put writes an object with one request.
func (w *writing) put(ctx context.Context, contents []byte) (store.Object, error) {
	opts := w.options()
	opts.UserMetadata["x-amz-checksum-crc32c"] = checksum(contents)
	return w.commit(ctx, int64(len(contents)), func() (minio.UploadInfo, error) {
		return w.core.PutObject(ctx, w.bucket.name, w.prefix+w.name, bytes.NewReader(contents), int64(len(contents)), "", "", opts)
	})
}

func (w *writing) options() minio.PutObjectOptions {
	opts := minio.PutObjectOptions{UserMetadata: map[string]string{nonceKey: w.nonce}}
	w.cond.set(&opts)
	return opts
}

func (c condition) set(opts *minio.PutObjectOptions) {
	if c.absent {
		opts.SetMatchETagExcept("*")
	}
	if c.version != "" {
		opts.SetMatchETag(c.version)
	}
}

// commit calls do, which makes the object appear. After a refusal it checks whether an earlier request of this write succeeded.
func (w *writing) commit(ctx context.Context, size int64, do func() (minio.UploadInfo, error)) (store.Object, error) {
	for try := 0; ; try++ {
		info, err := do()
		if err == nil {
			return store.Object{Name: w.name, Size: size, Version: info.ETag, Modified: cmp.Or(info.LastModified, time.Now())}, nil
		}
		a := answerOf(err)
		if a == clash && try < 10 { // S3 asks clients to repeat the request
			select {
			case <-time.After(time.Duration(try+1) * 20 * time.Millisecond):
				continue
			case <-ctx.Done():
				return store.Object{}, ctx.Err()
			}
		}
		if a != refused && a != noUpload && !(a == missing && w.cond.version != "") {
			return store.Object{}, err
		}
		there, statErr := w.stat(ctx, w.name, "")
		switch {
		case statErr == nil && there.UserMetadata[nonceKey] == w.nonce:
			return store.Object{Name: w.name, Size: there.Size, Version: there.ETag, Modified: there.LastModified}, nil
		case statErr != nil && answerOf(statErr) != missing:
			return store.Object{}, statErr // the outcome is unknown
		case a == noUpload:
			return store.Object{}, err
		case w.cond.absent:
			return store.Object{}, store.ErrExist
		default:
			return store.Object{}, store.ErrChanged
		}
	}
}

// checksum returns the CRC-32C of p as S3 writes it.
func checksum(p []byte) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli))))
}
