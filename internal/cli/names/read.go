package names

import (
	"context"
	"fmt"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/internal/cli/text"
	"github.com/gockpt/ckpt/tensor"
)

// Read reads the tensor, or the part of it, that the user's name selects: a key, a path or a unique end of either, and perhaps a slice in
// NumPy's notation, kernel[0:3,:]. It also returns the key, with the slice.
func Read(ctx context.Context, r *ckpt.Reader, name string) (string, tensor.Any, error) {
	if key, err := lookup(r, name); err == nil { // the brackets may belong to the key
		t, err := r.ReadTensor(ctx, key)
		return key, t, err
	}
	before, ranges, sliced := cutSlice(name)
	key, err := lookup(r, before)
	if err != nil {
		return "", nil, err
	}
	if !sliced {
		t, err := r.ReadTensor(ctx, key)
		return key, t, err
	}
	e, err := r.Lookup(key)
	if err != nil {
		return "", nil, err
	}
	region, err := parseRanges(ranges, e.Shape)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", text.Safe(key), err)
	}
	t, err := r.Slice(ctx, key, region)
	return name, t, err
}
