package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"time"
)

// Probe checks that s supports conditional writes. It writes an object to the directory dir ("" is the top), tries two
// writes with conditions that do not hold, expects s to refuse both, and deletes the object. Some servers accept conditions
// and ignore them. The error then satisfies errors.Is(err, ErrNoConditions): on such a server, programs that save at the
// same time would overwrite each other's checkpoints.
//
// Implementations of Store use a [Prober], which calls Probe once.
func Probe(ctx context.Context, s Store, dir string) (err error) {
	name := path.Join(dir, probePrefix+rand.Text())
	defer func() { err = errors.Join(err, s.Delete(context.WithoutCancel(ctx), name)) }()
	first, err := s.PutIfAbsent(ctx, name, strings.NewReader("first"), 5)
	if err != nil {
		return fmt.Errorf("store: probe: %w", err)
	}
	switch _, err := s.PutIfAbsent(ctx, name, strings.NewReader("second"), 6); {
	case err == nil:
		return fmt.Errorf("store: %w: PutIfAbsent succeeded twice for one name", ErrNoConditions)
	case !errors.Is(err, ErrExist):
		return fmt.Errorf("store: probe: %w", err)
	}
	second, err := s.Replace(ctx, name, first.Version, strings.NewReader("third"), 5)
	if err != nil {
		return fmt.Errorf("store: probe: %w", err)
	}
	switch _, err := s.Replace(ctx, name, first.Version, strings.NewReader("fourth"), 6); {
	case err == nil || second.Version == first.Version:
		return fmt.Errorf("store: %w: Replace succeeded with an outdated version", ErrNoConditions)
	case !errors.Is(err, ErrChanged):
		return fmt.Errorf("store: probe: %w", err)
	}
	return nil
}

// probePrefix begins the names of the objects that Probe writes.
const probePrefix = ".ckpt-probe-"

// forgotten is the age after which such an object counts as left by a killed program.
const forgotten = time.Hour

// sweep deletes objects that killed probes left in dir. The next sweep tries again if deleting fails.
func sweep(ctx context.Context, s Store, dir string) {
	for o, err := range s.List(ctx, path.Join(dir, probePrefix)) {
		if err != nil {
			return
		}
		if !o.Modified.IsZero() && time.Since(o.Modified) > forgotten {
			_ = s.Delete(ctx, o.Name)
		}
	}
}

// A Prober probes a Store before the first write to it, so that programs that only read do not need permission to write. A
// Store that has a Prober calls Probe in Put, PutIfAbsent and Replace. It passes a Store of the same objects that does not
// probe, because a probe writes. Any number of goroutines may use a Prober. The zero value is ready.
type Prober struct {
	mu   sync.Mutex
	done bool
	err  error // ErrNoConditions if the store lacks them
}

// Probe calls the function Probe with the directory of the object called name, and remembers the result for later calls. It
// also deletes objects that killed probes left there more than an hour ago. It does not remember errors other than
// ErrNoConditions: the next call probes again.
func (p *Prober) Probe(ctx context.Context, s Store, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return p.err
	}
	dir := path.Dir(name)
	err := Probe(ctx, s, dir)
	if err == nil {
		sweep(ctx, s, dir)
	}
	if err == nil || errors.Is(err, ErrNoConditions) {
		p.done, p.err = true, err
	}
	return err
}

// ReadAll returns the contents and the description of an object. It is an error if the object has more than limit bytes. An
// object of up to 64 KiB takes one call.
func ReadAll(ctx context.Context, s Store, name string, limit int64) ([]byte, Object, error) {
	p := make([]byte, min(limit, 64<<10))
	o, err := s.Read(ctx, name, "", p, 0)
	if err != nil {
		return nil, Object{}, err
	}
	switch {
	case o.Size > limit:
		return nil, o, fail("read", name, fmt.Errorf("it has %d bytes, expected at most %d", o.Size, limit))
	case o.Size <= int64(len(p)):
		return p[:o.Size], o, nil
	}
	whole := make([]byte, o.Size)
	have := copy(whole, p)
	_, err = s.Read(ctx, name, o.Version, whole[have:], int64(have))
	return whole, o, err
}
