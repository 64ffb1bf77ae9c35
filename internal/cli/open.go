package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gockpt/ckpt"
	"github.com/gockpt/ckpt/store"
)

// Stores open object stores by the scheme of an address. Each returns the store and the name within it that the address means.
type Stores map[string]func(ctx context.Context, address *url.URL) (s store.Store, name string, err error)

// Inputs open what commands read. All of them open checkpoints here, so that all take the same paths.
type inputs struct{ stores Stores }

// open opens the checkpoint that an argument names: a path, or the address of one in a store.
func (in *inputs) open(ctx context.Context, path string, opts ...ckpt.OpenOption) (*ckpt.Reader, error) {
	s, name, err := in.locate(ctx, path)
	if err != nil {
		return nil, err
	}
	if s != nil {
		opts = append(slices.Clip(opts), ckpt.In(s))
	}
	return ckpt.Open(name, opts...)
}

// locate returns the store of an address, and the name within it. For a path on this machine the store is nil.
func (in *inputs) locate(ctx context.Context, path string) (store.Store, string, error) {
	scheme, _, ok := strings.Cut(path, "://")
	if !ok || in.stores[scheme] == nil {
		return nil, path, nil
	}
	address, err := url.Parse(path)
	if err != nil {
		return nil, "", fmt.Errorf("%s: expected an address such as %s://bucket/model: %w", safe(path), scheme, err)
	}
	return in.stores[scheme](ctx, address)
}
