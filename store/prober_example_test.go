package store_test

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/gockpt/ckpt/store"
)

// A checked store tries the conditional writes of another store before it writes there.
type checked struct {
	store.Store
	prober *store.Prober
}

func (c checked) Put(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	if err := c.prober.Probe(ctx, c.Store, name); err != nil {
		return store.Object{}, err
	}
	return c.Store.Put(ctx, name, body, size)
}

func (c checked) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	if err := c.prober.Probe(ctx, c.Store, name); err != nil {
		return store.Object{}, err
	}
	return c.Store.PutIfAbsent(ctx, name, body, size)
}

func (c checked) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (store.Object, error) {
	if err := c.prober.Probe(ctx, c.Store, name); err != nil {
		return store.Object{}, err
	}
	return c.Store.Replace(ctx, name, version, body, size)
}

// A forgetful store ignores conditions.
type forgetful struct{ store.Store }

func (c forgetful) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (store.Object, error) {
	return c.Put(ctx, name, body, size)
}

// A Prober detects a store without conditional writes before the first write.
func ExampleProber() {
	ctx := context.Background()
	for _, s := range []store.Store{store.Memory(), forgetful{store.Memory()}} {
		s = checked{s, new(store.Prober)}
		_, err := s.Put(ctx, "run/name", strings.NewReader("text"), 4)
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// store: the store lacks conditional writes: PutIfAbsent succeeded twice for one name
}
