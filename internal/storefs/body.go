package storefs

import (
	"errors"
	"io"
)

// A body is what an upload's writers write, in order. Its end comes when the file is complete, and so does the last byte: a store that was
// told the size must not take the file for complete before.
type body struct {
	u    *upload
	rest []byte // what is left of the bytes that were handed over
	n    int64  // how many of the file's bytes those are
}

// fill waits for the bytes that follow. They are their writer's until all are used up.
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

// use lets the writer of the bytes go when n more have been used and none is left.
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
		if len(b.rest) == 0 { // all but the last byte of one
			b.use(0)
		}
	}
	n = copy(p, b.rest)
	b.use(n)
	return n, nil
}

// WriteTo implements io.WriterTo, so that nothing is copied on its way to a file.
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
