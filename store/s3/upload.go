package s3

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/store"
)

// maxParts is the largest number of parts of an upload.
const maxParts = 10_000

// upload writes an object in parts. The first part has been read.
func (w *writing) upload(ctx context.Context, first []byte) (store.Object, error) {
	key := w.prefix + w.name
	opts := minio.PutObjectOptions{UserMetadata: map[string]string{nonceKey: w.nonce, "x-amz-checksum-algorithm": "CRC32C"}}
	id, err := w.core.NewMultipartUpload(ctx, w.bucket.name, key, opts)
	if err != nil {
		return store.Object{}, err
	}
	parts, err := w.parts(ctx, id, first)
	if err != nil {
		w.abort(ctx, id)
		return store.Object{}, err
	}
	var commit minio.PutObjectOptions
	w.cond.set(&commit)
	o, err := w.commit(ctx, w.read, func() (minio.UploadInfo, error) {
		return w.core.CompleteMultipartUpload(ctx, w.bucket.name, key, id, parts, commit)
	})
	if err != nil {
		w.abort(ctx, id)
	}
	return o, err
}

// abort drops the parts of an upload, because they cost money. It does so even if ctx has ended.
func (w *writing) abort(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = w.core.AbortMultipartUpload(ctx, w.bucket.name, w.prefix+w.name, id) // a lifecycle rule of the bucket can drop remaining parts
}

// parts sends all parts and reuses their buffers.
func (w *writing) parts(ctx context.Context, id string, first []byte) ([]minio.CompletePart, error) {
	var parts []minio.CompletePart
	free := make(chan []byte, atOnce)
	free <- first
	buffers := 1
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	results := make(chan minio.CompletePart, atOnce)
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for p := range results {
			for len(parts) < p.PartNumber {
				parts = append(parts, minio.CompletePart{})
			}
			parts[p.PartNumber-1] = p
		}
	}()
	err := func() error {
		for number, last := 1, false; !last; number++ {
			var buf []byte
			n := len(first)
			if number == 1 {
				buf = <-free
			} else {
				if size := w.partSize(number); buffers < atOnce {
					buffers++
					buf = make([]byte, size)
				} else {
					select {
					case buf = <-free:
					case <-ctx.Done():
						return context.Cause(ctx)
					}
					if int64(cap(buf)) < size {
						buf = make([]byte, size)
					}
					buf = buf[:size]
				}
				var err error
				if n, last, err = w.fill(buf); err != nil {
					return err
				}
				if n == 0 {
					return nil
				}
			}
			group.Go(func() error {
				p, err := w.sendPart(ctx, id, number, buf[:n])
				if err != nil {
					return err
				}
				results <- p
				free <- buf
				return nil
			})
		}
		return nil
	}()
	if waited := group.Wait(); err == nil || waited != nil {
		err = waited
	}
	close(results)
	<-collected
	return parts, err
}

// partSize returns the size of a part. It is the smallest size with which the object fits into maxParts parts. If the object's size is
// unknown, parts become larger after every thousand.
func (w *writing) partSize(number int) int64 {
	size := w.part
	if w.size < 0 {
		return size << min((number-1)/1000, 8)
	}
	for w.size/size >= maxParts-1 {
		size *= 2
	}
	return size
}

func (w *writing) sendPart(ctx context.Context, id string, number int, contents []byte) (minio.CompletePart, error) {
	sum := checksum(contents)
	p, err := w.core.PutObjectPart(ctx, w.bucket.name, w.prefix+w.name, id, number, bytes.NewReader(contents), int64(len(contents)),
		minio.PutObjectPartOptions{CustomHeader: http.Header{"X-Amz-Checksum-Crc32c": {sum}}})
	if err != nil {
		return minio.CompletePart{}, err
	}
	return minio.CompletePart{PartNumber: number, ETag: p.ETag, ChecksumCRC32C: sum}, nil
}
