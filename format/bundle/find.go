package bundle

import (
	"context"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/tensor"
)

// found implements [format.Found].
type found struct {
	r *Reader
	s stored
}

// Find implements [format.Finder].
func (r *Reader) Find(key string) (format.Found, bool, error) {
	f := &found{r: r, s: stored{key: key}}
	if ok, err := r.lookup(key, &f.s.rec); !ok || err != nil {
		return nil, false, err
	}
	return f, true, nil
}

// Entry implements [format.Found].
func (f *found) Entry() (format.Entry, error) { return f.r.entry(f.s.key, &f.s.rec) }

// Check implements [format.Found].
func (f *found) Check() error {
	if len(f.s.rec.slices) == 0 {
		return f.r.locate(&f.s)
	}
	_, err := f.r.partsFor(f.s.key, &f.s.rec, wholeSlice(f.s.rec.shape))
	return err
}

// Read implements [format.Found].
func (f *found) Read(ctx context.Context, dst tensor.Any) error {
	if f.s.file != nil { // Check was called, so s does not change any more
		return f.r.readWhole(ctx, &f.s, dst, parallelSize)
	}
	s := f.s // several goroutines may read at once
	return f.r.readWhole(ctx, &s, dst, parallelSize)
}
