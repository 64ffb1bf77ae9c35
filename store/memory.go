package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory returns an empty Store that keeps its objects in memory, for tests.
func Memory() Store { return &memory{objects: make(map[string]memoryObject)} }

type memory struct {
	mu      sync.Mutex
	objects map[string]memoryObject
	writes  int64 // the number of the last write is the version of its object
}

type memoryObject struct {
	Object
	contents []byte // never changed
}

func (m *memory) Read(ctx context.Context, name, version string, p []byte, off int64) (Object, error) {
	const op = "read"
	if err := errors.Join(check(op, name), ctx.Err()); err != nil {
		return Object{}, err
	}
	m.mu.Lock()
	o, ok := m.objects[name]
	m.mu.Unlock()
	switch {
	case off < 0:
		return Object{}, fail(op, name, fs.ErrInvalid)
	case version != "" && o.Version != version:
		return Object{}, fail(op, name, ErrChanged)
	case !ok:
		return Object{}, fail(op, name, ErrNotExist)
	}
	copy(p, o.contents[min(off, o.Size):])
	return o.Object, nil
}

func (m *memory) Put(ctx context.Context, name string, body io.Reader, size int64) (Object, error) {
	return m.put(ctx, "put", name, body, size, func(memoryObject, bool) error { return nil })
}

func (m *memory) PutIfAbsent(ctx context.Context, name string, body io.Reader, size int64) (Object, error) {
	return m.put(ctx, "put if absent", name, body, size, func(_ memoryObject, exists bool) error {
		if exists {
			return ErrExist
		}
		return nil
	})
}

func (m *memory) Replace(ctx context.Context, name, version string, body io.Reader, size int64) (Object, error) {
	return m.put(ctx, "replace", name, body, size, func(there memoryObject, _ bool) error {
		if version == "" || there.Version != version {
			return ErrChanged
		}
		return nil
	})
}

// put stores an object if allow returns nil. allow gets the existing object.
func (m *memory) put(ctx context.Context, op, name string, body io.Reader, size int64, allow func(there memoryObject, exists bool) error) (Object, error) {
	if err := check(op, name); err != nil {
		return Object{}, err
	}
	contents, err := io.ReadAll(body)
	if err == nil {
		err = checkSize(int64(len(contents)), size)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Object{}, fail(op, name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	there, exists := m.objects[name]
	if err := allow(there, exists); err != nil {
		return Object{}, fail(op, name, err)
	}
	m.writes++
	o := Object{Name: name, Size: int64(len(contents)), Version: strconv.FormatInt(m.writes, 10), Modified: time.Now()}
	m.objects[name] = memoryObject{o, contents}
	return o, nil
}

// checkSize returns an error if n, the length of a body, differs from the announced size.
func checkSize(n, size int64) error {
	if size >= 0 && n != size {
		return fmt.Errorf("the body has %d bytes, expected %d", n, size)
	}
	return nil
}

func (m *memory) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		m.mu.Lock()
		names := slices.Sorted(maps.Keys(m.objects))
		m.mu.Unlock()
		last := ""
		for _, name := range names {
			rest, ok := strings.CutPrefix(name, prefix)
			if !ok {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(Object{}, fail("list", prefix, err))
				return
			}
			m.mu.Lock()
			o, exists := m.objects[name]
			m.mu.Unlock()
			if dir, _, below := strings.Cut(rest, "/"); below {
				o = memoryObject{Object: Object{Name: prefix + dir + "/"}}
			}
			if !exists || o.Name == last {
				continue
			}
			last = o.Name
			if !yield(o.Object, nil) {
				return
			}
		}
	}
}

func (m *memory) Delete(ctx context.Context, name string) error {
	if err := errors.Join(check("delete", name), ctx.Err()); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}
