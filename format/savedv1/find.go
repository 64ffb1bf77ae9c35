package savedv1

import (
	"context"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// found implements [format.Found].
type found struct {
	r *Reader
	e format.Entry
}

// Find implements [format.Finder].
func (r *Reader) Find(key string) (format.Found, bool, error) {
	e, ok, err := r.Lookup(key)
	if !ok || err != nil {
		return nil, false, err
	}
	return &found{r, e}, true, nil
}

// Entry implements [format.Found].
func (f *found) Entry() (format.Entry, error) { return f.e, nil }

// Check implements [format.Found].
func (f *found) Check() error { return f.r.Check(f.e.Key) }

// Read implements [format.Found].
func (f *found) Read(ctx context.Context, dst tensor.Any) error { return f.r.Read(ctx, f.e.Key, dst) }
