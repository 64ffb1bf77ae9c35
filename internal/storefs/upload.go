package storefs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/gockpt/ckpt/internal/fsx"
)

// small is the number of bytes up to which a file is buffered before it is sent. A smaller file is one request of known size.
const small = 1 << 20

// Upload implements [fsx.Objects].
func (f *FS) Upload(name string, v fsx.Version) (fsx.File, error) {
	clean, err := object("create", name)
	if err != nil {
		return nil, err
	}
	u := &upload{fs: f, name: clean, version: v, size: -1, writes: make(map[int64][]byte)}
	u.changed.L = &u.mu
	u.stop = context.AfterFunc(f.ctx, func() { u.Abandon(context.Cause(f.ctx)) })
	return u, nil
}

// An upload is a file on its way to the store. Writers hand over their memory, in any order. The store takes it in the order of
// the file, and each writer is released when the store has its bytes. A small file is buffered, and sent when it is complete.
type upload struct {
	fs      *FS
	name    string
	version fsx.Version

	mu      sync.Mutex
	changed sync.Cond
	size    int64            // the announced size, or -1
	writes  map[int64][]byte // writes that wait for the store, by offset
	taken   int64            // bytes that the store has, or that are buffered
	written int64            // offset of the next Write
	small   []byte           // the buffer
	last    []byte           // the file's last byte, which the store gets when the file is complete
	started bool             // the store takes bytes; nothing is buffered any more
	ended   bool             // no more writes will come
	failed  error            // the error that ended the upload
	cancel  context.CancelFunc
	stop    func() bool // detaches the context
	done    bool        // the store has answered
	err     error       // its answer
}

var (
	errOrder     = errors.New("objects are written in order, from their beginning to their end")
	errAbandoned = errors.New("the upload was abandoned")
)

// Write implements io.Writer.
func (u *upload) Write(p []byte) (int, error) {
	n, err := u.WriteAt(p, u.written)
	u.written += int64(n)
	return n, err
}

// WriteAt implements io.WriterAt.
func (u *upload) WriteAt(p []byte, off int64) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	end := off + int64(len(p))
	switch {
	case u.failed != nil:
		return 0, u.fault(u.failed)
	case u.ended:
		return 0, u.fault(fs.ErrClosed)
	case u.started && off < max(u.taken, int64(len(u.small))), off < u.taken && end > u.taken, u.writes[off] != nil:
		return 0, u.fault(errOrder)
	case off < u.taken:
		return copy(u.small[off:], p), nil // written again
	case len(p) == 0:
		return 0, nil
	case !u.started && off == u.taken && end <= small && u.size <= small:
		u.small, u.taken = append(u.small, p...), end
		u.changed.Broadcast()
		return len(p), nil
	}
	if !u.started && (u.size > small || end > small) {
		u.start()
	}
	u.writes[off] = p
	u.changed.Broadcast()
	for u.taken < end && !u.done && u.failed == nil {
		if !u.started && off == u.taken {
			u.small, u.taken = append(u.small, p...), end // the bytes before it were buffered meanwhile
			u.changed.Broadcast()
			break
		}
		u.changed.Wait()
	}
	delete(u.writes, off)
	if u.taken < end {
		return int(max(0, u.taken-off)), u.fault(u.reason())
	}
	return len(p), nil
}

// reason returns why the store does not take more bytes.
func (u *upload) reason() error {
	switch {
	case u.failed != nil:
		return u.failed
	case u.err != nil:
		return u.err
	}
	return errors.New("the store answered before it had all of the file")
}

func (u *upload) fault(err error) error {
	return &fs.PathError{Op: "write", Path: u.name, Err: err}
}

// Allocate implements [fsx.File].
func (u *upload) Allocate(size int64) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.started {
		u.size = size
	}
	return nil
}

// StartSync implements [fsx.File]. It does nothing, because bytes are sent at once.
func (u *upload) StartSync() {}

// Truncate implements [fsx.File] if size is the announced size: it appends zeros to the written bytes.
func (u *upload) Truncate(size int64) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if size != u.size {
		return u.fault(fmt.Errorf("got size %d, want the announced size %d: %w", u.size, size, errors.ErrUnsupported))
	}
	return nil
}

// start begins to send. The caller holds u.mu.
func (u *upload) start() {
	u.started = true
	u.taken = 0
	if len(u.small) > 0 {
		u.writes[0] = u.small
	}
	var ctx context.Context
	ctx, u.cancel = context.WithCancel(u.fs.ctx)
	go func() {
		defer u.cancel()
		_, err := u.fs.put(ctx, u.name, u.version, &body{u: u}, u.size)
		u.mu.Lock()
		defer u.mu.Unlock()
		u.done, u.err = true, err
		u.changed.Broadcast()
	}()
}

// Sync implements [fsx.File]. It waits until the store has the file.
func (u *upload) Sync() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	u.changed.Broadcast()
	if u.started {
		for !u.done {
			u.changed.Wait()
		}
		return cmp.Or(u.err, u.failed)
	}
	if u.done || u.failed != nil {
		return cmp.Or(u.err, u.failed)
	}
	if u.size >= 0 { // the rest is zeros
		u.small = append(u.small, make([]byte, max(0, u.size-int64(len(u.small))))...)
	}
	u.done = true
	_, u.err = u.fs.Swap(u.name, u.version, u.small)
	return u.err
}

// Close implements [fsx.File]. Without an earlier Sync nothing is stored.
func (u *upload) Close() error {
	u.stop()
	u.Abandon(errAbandoned)
	u.mu.Lock()
	defer u.mu.Unlock()
	for u.started && !u.done {
		u.changed.Wait()
	}
	return nil
}

// Abandon implements the method that fsx.Abandon calls.
func (u *upload) Abandon(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.done || u.failed != nil {
		return
	}
	u.ended, u.failed = true, err
	u.changed.Broadcast()
	if u.started {
		u.cancel()
	}
}
