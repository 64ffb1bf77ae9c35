package storefs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/store"
)

// Swap implements [fsx.Objects].
func (f *FS) Swap(name string, v fsx.Version, data []byte) (fsx.Version, error) {
	clean, err := object("put", name)
	if err != nil {
		return "", err
	}
	o, err := f.put(f.ctx, clean, v, bytes.NewReader(data), int64(len(data)))
	if err == nil {
		return fsx.Version(o.Version), nil
	}
	if v, ok := f.holds(clean, data); ok {
		return v, nil // an answer was lost, or concerns an earlier try
	}
	return "", err
}

// put stores a body if the object of that name has version v.
func (f *FS) put(ctx context.Context, name string, v fsx.Version, body io.Reader, size int64) (o store.Object, err error) {
	switch v {
	case fsx.AnyVersion:
		o, err = f.s.Put(ctx, name, body, size)
	case fsx.NoVersion:
		o, err = f.s.PutIfAbsent(ctx, name, body, size)
	default:
		o, err = f.s.Replace(ctx, name, string(v), body, size)
	}
	if errors.Is(err, store.ErrExist) || errors.Is(err, store.ErrChanged) {
		err = fmt.Errorf("%w: %w", fsx.ErrConflict, err)
	}
	return o, err
}

// lookTime is how long to look for an object that a failed request may have stored, even if the caller's context has ended.
const lookTime = 10 * time.Second

// holds reports whether the object called name holds data.
func (f *FS) holds(name string, data []byte) (fsx.Version, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.ctx), lookTime)
	defer cancel()
	there, o, err := store.ReadAll(ctx, f.s, name, int64(len(data)))
	return fsx.Version(o.Version), err == nil && bytes.Equal(there, data)
}
