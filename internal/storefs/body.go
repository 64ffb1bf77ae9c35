package storefs

import (
	"errors"
	"io"
)

// A body is the sequence of bytes that an upload's writers write. Its last byte and its end come when the file is complete: a store
// that knows the size must not take the file for complete before.
type body struct {
	u    *upload
	rest []byte // unread bytes of the current write
	n    int64  // number of bytes of the current write
}

// fill waits for the next bytes. They belong to their writer until all are used.
func (b *body) fill() error {
	u := b.u
	u.mu.Lock()
	defer u.mu.Unlock()
	for {
		p, ok := u.writes[u.taken]
		switch {
		case u.failed != nil:
			return u.failed
		case ok:
			b.rest, b.n = p, int64(len(p))
			if u.taken+b.n == u.size {
				u.last, b.rest = []byte{p[len(p)-1]}, p[:len(p)-1]
			}
			return nil
		case u.ended && u.last != nil:
			b.rest, b.n, u.last = u.last, 0, nil
			return nil
		case u.ended && len(u.writes) > 0:
			return errors.New("the file was completed while parts of it were missing")
		case u.ended && u.taken >= u.size:
			return io.EOF
		case u.ended:
			b.n = min(u.size-u.taken, small)
			b.rest = make([]byte, b.n)
			return nil
		}
		u.changed.Wait()
	}
}

// use marks n more bytes as used. It releases the writer when none are left.
func (b *body) use(n int) {
	if b.rest = b.rest[n:]; len(b.rest) > 0 {
		return
	}
	u := b.u
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.writes, u.taken)
	u.taken += b.n
	u.changed.Broadcast()
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (n int, err error) {
	for len(b.rest) == 0 {
		if err := b.fill(); err != nil {
			return 0, err
		}
		if len(b.rest) == 0 { // everything except the last byte of one write
			b.use(0)
		}
	}
	n = copy(p, b.rest)
	b.use(n)
	return n, nil
}

// WriteTo implements io.WriterTo. It writes to a file without copying.
func (b *body) WriteTo(w io.Writer) (total int64, err error) {
	for {
		if len(b.rest) == 0 {
			if err := b.fill(); err == io.EOF {
				return total, nil
			} else if err != nil {
				return total, err
			}
		}
		n, err := w.Write(b.rest)
		total += int64(n)
		b.use(n)
		if err != nil {
			return total, err
		}
	}
}
