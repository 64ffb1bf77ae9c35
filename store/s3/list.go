package s3

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/gockpt/ckpt/store"
)

// pageSize is the largest number of objects that S3 lists in one answer.
const pageSize = 1000

// List implements [store.Store].
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for token := ""; ; {
			if err := ctx.Err(); err != nil {
				yield(store.Object{}, b.fail("list", prefix, err))
				return
			}
			page, err := b.page(ctx, prefix, token)
			if err != nil {
				yield(store.Object{}, b.fail("list", prefix, plain(err)))
				return
			}
			for _, o := range b.objects(page) {
				if !yield(o, nil) {
					return
				}
			}
			if !page.IsTruncated {
				return
			}
			if page.NextContinuationToken == "" || page.NextContinuationToken == token {
				yield(store.Object{}, b.fail("list", prefix, errors.New("the server cut its list short without a token for the next page")))
				return
			}
			token = page.NextContinuationToken
		}
	}
}

// page requests one page of a list. The client's method does not take a context.
func (b *bucket) page(ctx context.Context, prefix, token string) (page minio.ListBucketV2Result, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		page, err = b.core.ListObjectsV2(b.name, b.prefix+prefix, "", token, "/", pageSize)
	}()
	select {
	case <-done:
		return page, err
	case <-ctx.Done():
		return minio.ListBucketV2Result{}, ctx.Err()
	}
}

// objects returns the objects and directories of a page, sorted by name.
func (b *bucket) objects(page minio.ListBucketV2Result) []store.Object {
	var all []store.Object
	for _, o := range page.Contents {
		if name := strings.TrimPrefix(o.Key, b.prefix); name != "" && !strings.HasSuffix(name, "/") { // consoles create objects as placeholders for directories
			all = append(all, store.Object{Name: name, Size: o.Size, Version: strings.Trim(o.ETag, `"`), Modified: o.LastModified})
		}
	}
	for _, p := range page.CommonPrefixes {
		all = append(all, store.Object{Name: strings.TrimPrefix(p.Prefix, b.prefix)})
	}
	slices.SortFunc(all, func(a, b store.Object) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Delete implements [store.Store].
func (b *bucket) Delete(ctx context.Context, name string) error {
	const op = "delete"
	if err := check(name); err != nil {
		return b.fail(op, name, err)
	}
	err := b.client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{})
	if err != nil && answerOf(err) != missing {
		return b.fail(op, name, plain(err))
	}
	return nil
}
