package storefs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"golang.org/x/sync/errgroup"

	"github.com/gockpt/ckpt/format"
	"github.com/gockpt/ckpt/internal/fsx"
	"github.com/gockpt/ckpt/store"
)

const (
	// part is the largest number of bytes of one request.
	part = 8 << 20
	// parallel is the number of requests that read one range at once.
	parallel = 8
)

// A reader is an open object. It reads only the version that the object had when it was opened.
type reader struct {
	fs     *FS
	o      store.Object
	plan   plan
	near   near
	closed context.Context
	cancel context.CancelFunc
}

func (f *FS) reader(o store.Object) *reader {
	r := &reader{fs: f, o: o}
	r.closed, r.cancel = context.WithCancel(f.ctx)
	return r
}

// Size implements [fsx.Reader].
func (r *reader) Size() int64 { return r.o.Size }

// Stat describes the object at the time of opening.
func (r *reader) Stat() (fs.FileInfo, error) { return info{r.o}, nil }

// Close implements [fsx.Reader]. It waits for requests in flight.
func (r *reader) Close() error {
	r.cancel()
	r.plan.drop()
	return nil
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	return r.ReadAtContext(r.closed, p, off)
}

// ReadAtContext is ReadAt, but fails when ctx ends.
func (r *reader) ReadAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: r.o.Name, Err: fs.ErrInvalid}
	}
	n := int(min(int64(len(p)), max(0, r.o.Size-off)))
	if err := r.plan.read(ctx, r, p[:n], off); err != nil {
		return 0, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// fetch fills p from offset off, which must lie in the object. It fetches several parts at once.
func (r *reader) fetch(ctx context.Context, p []byte, off int64) error {
	if len(p) <= part {
		return r.request(ctx, p, off)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for len(p) > 0 {
		n := min(len(p), part)
		p1, off1 := p[:n], off
		g.Go(func() error { return r.request(ctx, p1, off1) })
		p, off = p[n:], off+int64(n)
	}
	return g.Wait()
}

// readNear fills a short p from offset off, which must lie in the object.
func (r *reader) readNear(ctx context.Context, p []byte, off int64) error {
	if err := cmp.Or(r.usable(), ctx.Err()); err != nil {
		return err
	}
	return r.near.read(ctx, r, p, off)
}

// usable returns an error after Close.
func (r *reader) usable() error {
	if r.closed.Err() != nil && r.fs.ctx.Err() == nil {
		return &fs.PathError{Op: "read", Path: r.o.Name, Err: fs.ErrClosed}
	}
	return nil
}

// request fills p in one request.
func (r *reader) request(ctx context.Context, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	if err := r.usable(); err != nil {
		return err
	}
	_, err := r.fs.s.Read(ctx, r.o.Name, r.o.Version, p, off)
	if errors.Is(err, store.ErrChanged) {
		err = fmt.Errorf("%w: %w; open the checkpoint again", format.ErrStale, err)
	}
	return err
}

// Expect implements [fsx.Expecter].
func (r *reader) Expect(ranges []fsx.Range) { r.plan.expect(r.fs.budget, ranges, r.o.Size) }

// OpenWhole implements [fsx.WholeOpener]. It fetches the contents at once and keeps them in memory until the file is closed.
func (f *FS) OpenWhole(name string) (fsx.Reader, error) {
	clean, err := object("open", name)
	if err != nil {
		return nil, err
	}
	if clean == "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	first := make([]byte, firstRead)
	o, err := f.s.Read(f.ctx, clean, "", first, 0)
	if err != nil {
		return nil, err
	}
	r := &whole{reader: f.reader(o)}
	if o.Size <= int64(len(first)) {
		r.contents = first[:o.Size]
		return r, nil
	}
	r.contents = make([]byte, o.Size)
	have := copy(r.contents, first)
	if err := r.fetch(f.ctx, r.contents[have:], int64(have)); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// firstRead is the size of the first request for a file that is read whole: most indexes are smaller.
const firstRead = 256 << 10

// A whole is an open object with its contents in memory.
type whole struct {
	*reader
	contents []byte
}

func (w *whole) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return w.reader.ReadAt(p, off)
	}
	n := copy(p, w.contents[min(off, w.o.Size):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (w *whole) ReadAtContext(_ context.Context, p []byte, off int64) (int, error) {
	return w.ReadAt(p, off)
}
